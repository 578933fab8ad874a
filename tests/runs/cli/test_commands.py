"""The command line: steps from one shell to the next, one JSON object each, documented exit codes."""

from __future__ import annotations

import csv
import json

import pytest
from typer.testing import CliRunner

from runs.cli.main import app

CAMPAIGN = """
name = "yield of a table"
seed = 2
answers = "table:table.csv"

[candidates]
file = "table.csv"
columns = ["base", "temperature"]

[[measurements]]
name = "yield"
unit = "%"

[[goals]]
readout = "yield"

[batch]
candidates = 3

[budget]
experiments = 9
"""
# yield = 10 · (position of the base) + temperature / 10
TABLE = [("base", "temperature", "yield"), *((base, t, 10 * i + t / 10) for i, base in enumerate(("KOH", "K2CO3", "Et3N", "DBU")) for t in (40, 60, 80, 100, 120))]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "campaign.toml").write_text(CAMPAIGN)
    with (tmp_path / "table.csv").open("w", newline="") as file:
        csv.writer(file).writerows(TABLE)
    return tmp_path


def nextwell(*words: str, code: int = 0):
    """Run a command with --json; its object."""
    done = CliRunner().invoke(app, [*words, "--json"])
    assert done.exit_code == code, (done.stdout, done.stderr, done.exception)
    told = json.loads(done.stdout)
    assert (told["command"], told["exit_code"], told["ok"]) == (words[0], code, code == 0)
    return told


def results(path, told, add=0.0):
    rows = [(e["experiment_id"], "", "yield", 10 + i + add, "%") for i, e in enumerate(told["experiments"])]
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("experiment_id", "time_h", "measurement", "value", "unit"), *rows])


def test_the_steps_of_a_round_from_shell_to_shell(here):
    assert nextwell("status", "campaign.toml")["next"] == "nextwell propose campaign.toml"
    assert not (here / "lab").exists()  # status writes nothing
    told = nextwell("propose", "campaign.toml")
    assert [e["role"] for e in told["experiments"]] == ["candidate"] * 3 and told["next"] == "nextwell record campaign.toml RESULTS.csv"
    assert (here / "lab" / "yield-of-a-table" / "round-01" / "proposal.csv").exists()
    assert "every round to be finished" in nextwell("propose", "campaign.toml", code=4)["error"]["message"]
    results(here / "one.csv", told)
    assert nextwell("record", "campaign.toml", "one.csv")["best"][0]["value"] == 12
    assert nextwell("record", "campaign.toml", "one.csv", code=4)["error"]["kind"] == "ConflictError"
    counts = nextwell("status", "campaign.toml")["counts"]
    assert (counts["rounds"], counts["experiments_used"], counts["answered"]) == (1, 3, 3)
    assert nextwell("verify")["raw_files"] == 1


def test_amending_by_label_and_by_id(here):
    first = nextwell("propose", "campaign.toml")["experiments"][0]["experiment_id"]
    told = nextwell("amend", "campaign.toml", "--drop", first, "--add", "candidate=7", "--reason", "the flask broke")
    assert len(told["experiments"]) == 3
    assert (told["experiments"][-1]["candidate"], told["experiments"][-1]["base"], told["experiments"][-1]["temperature"]) == (7, "K2CO3", 80)
    assert nextwell("amend", "campaign.toml", "--add", "candidate=99", "--reason", "x", code=1)["error"]["kind"] == "DesignError"


def test_run_closes_the_loop_within_the_budget_and_goes_on_where_it_stood(here):
    told = nextwell("run", "campaign.toml", "--rounds", "1")
    assert (told["rounds"], told["experiments_used"], told["lab"]) == (1, 3, "table")
    told = nextwell("run", "campaign.toml")
    assert (told["rounds"], told["experiments_used"]) == (3, 9)
    assert "The budget is spent." in told["messages"] and told["next"].startswith("nextwell report")
    assert "budget of 9" in nextwell("run", "campaign.toml", code=4)["error"]["message"]
    assert told["best"][0]["value"] <= max(row[2] for row in TABLE[1:])


def test_results_of_a_real_lab_and_simulated_ones_do_not_mix(here):
    results(here / "one.csv", nextwell("propose", "campaign.toml"))
    nextwell("record", "campaign.toml", "one.csv")
    assert "must not mix" in nextwell("run", "campaign.toml", code=4)["error"]["message"]


def test_run_with_a_real_lab_says_the_next_step(here):
    (here / "campaign.toml").write_text(CAMPAIGN.replace('answers = "table:table.csv"\n', ""))
    assert nextwell("run", "campaign.toml")["next"] == "nextwell propose campaign.toml"


def test_a_table_named_on_the_command_line_is_remembered(here):
    (here / "campaign.toml").write_text(CAMPAIGN.replace('answers = "table:table.csv"\n', "").replace('file = "table.csv"\n', ""))
    nextwell("status", "campaign.toml", code=2)
    nextwell("run", "campaign.toml", "--lab", "table:table.csv", "--rounds", "1")
    assert nextwell("status", "campaign.toml")["counts"]["answered"] == 3


def test_past_results_are_imported(here):
    (here / "past.csv").write_text("base,temperature,yield\nKOH,40,33\n")
    assert nextwell("import", "campaign.toml", "past.csv")["past"] == 1
    assert nextwell("status", "campaign.toml")["best"][0]["value"] == 33


def test_a_changed_budget_is_told_and_a_changed_measurement_refused(here):
    nextwell("propose", "campaign.toml")
    (here / "campaign.toml").write_text(CAMPAIGN.replace("experiments = 9", "experiments = 12"))
    assert nextwell("status", "campaign.toml")["changed_in_file"] == ["budget: experiments=9 → experiments=12"]
    (here / "campaign.toml").write_text(CAMPAIGN.replace('unit = "%"', 'unit = "g/L"'))
    assert "measurements" in nextwell("status", "campaign.toml", code=4)["error"]["message"]


def test_a_mistake_in_the_file_is_bad_input_with_its_line(here):
    (here / "campaign.toml").write_text(CAMPAIGN.replace("seed = 2", "sead = 2"))
    for command in ("status", "propose", "run"):
        (mistake,) = nextwell(command, "campaign.toml", code=2)["error"]["mistakes"]
        assert mistake["line"] == 3 and "seed" in mistake["mend"]
    assert nextwell("check", "campaign.toml", code=2)["mistakes"][0]["line"] == 3
    assert nextwell("check", "absent.toml", code=2)["mistakes"]


def test_a_journal_that_was_changed_fails_verification(here):
    nextwell("propose", "campaign.toml")
    import sqlite3

    with sqlite3.connect(here / "lab" / "journal.sqlite") as plain:
        plain.execute("DROP TRIGGER event_no_update")
        plain.execute("UPDATE event SET actor = 'somebody' WHERE seq = 1")
    for words in (("verify",), ("status", "campaign.toml")):
        assert "event 1" in nextwell(*words, code=5)["error"]["message"]


def test_no_protocol_no_compile_no_approval(here):
    nextwell("propose", "campaign.toml")
    assert "lab file" in nextwell("compile", "campaign.toml", code=4)["error"]["message"]
    nextwell("approve", "campaign.toml", "--by", "A. Person", code=4)


def test_usage_errors_exit_2(here):
    for words in (["propose"], ["approve", "campaign.toml"], ["dance"], ["propose", "campaign.toml", "-n", "0"]):
        assert CliRunner().invoke(app, words).exit_code == 2
    nextwell("bench", "no-such-bench", code=2)


def test_new_writes_files_that_check_passes(here):
    told = nextwell("new", "mine")
    assert [file.rsplit("/", 1)[-1] for file in told["files"]] == ["campaign.toml", "lab.toml"]
    assert nextwell("check", "mine/campaign.toml")["mistakes"] == []
    assert nextwell("new", "mine", code=4)["error"]["kind"] == "ConflictError"


def test_people_get_sentences_and_the_next_command(here):
    done = CliRunner().invoke(app, ["propose", "campaign.toml"])
    assert done.exit_code == 0 and "Next: nextwell record campaign.toml RESULTS.csv" in done.stdout
    done = CliRunner().invoke(app, ["propose", "campaign.toml"])
    assert done.exit_code == 4 and "round 1 waits for 3 experiments" in done.stdout


def test_goals_are_counted_from_one_where_a_person_names_them(here):
    first = nextwell("propose", "campaign.toml")["experiments"][0]["experiment_id"]
    told = nextwell("what-if", "campaign.toml", "-e", first, "--set", "temperature=80", "--goal", "2", "--claim", "exploration", code=1)
    assert "--goal from 1 to 1, found 2" in told["error"]["message"]
