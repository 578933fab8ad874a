"""From `new` to the second proposal with a real protocol: Opentrons' engine checks the files, a simulated lab answers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from runs.cli.main import app
from runs.verbs.answer import answer
from runs.verbs.from_file import look_at_file
from runs.verbs.simulated_lab import simulated_lab

EXAMPLES = Path(__file__).parents[3] / "runs" / "examples"


def nextwell(*words: str, code: int = 0):
    done = CliRunner().invoke(app, [*words, "--json"])
    assert done.exit_code == code, (done.stdout, done.stderr, done.exception)
    return json.loads(done.stdout)


@pytest.mark.slow
def test_a_round_with_robot_files_from_shell_to_shell(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = (EXAMPLES / "microplate.toml").read_text()
    small = text.replace("candidates = 24", "candidates = 4").replace("blanks = 6", "blanks = 2").replace("wells = 6", "wells = 1")
    Path("microplate.toml").write_text(small.replace('answers = "microplate"', '# answers = "microplate"'))
    Path("microplate_lab.toml").write_text((EXAMPLES / "microplate_lab.toml").read_text())

    assert len(nextwell("propose", "microplate.toml")["experiments"]) == 4 * 2 + 1 + 2
    compiled = nextwell("compile", "microplate.toml", "--inoculum-od", "1.8")
    names = {Path(file).name for file in compiled["files"]}
    assert {"setup.py", "wells.csv", "transfers.csv", "bench_sheet.html", "plate_map.svg"} <= names
    assert compiled["verified"]["largest_gap_nl"] <= 1

    # the lab answers what was compiled: the settings that the pipetting reaches, in its wells
    opened = look_at_file(Path("microplate.toml"), workspace=Path("lab")).campaign
    state = opened.standing()
    Path("results.csv").write_text(answer(simulated_lab(opened, "microplate"), state, state.rounds[0], opened.space).text)
    opened.close()

    assert nextwell("record", "microplate.toml", "results.csv", code=3)["error"]["kind"] == "ApprovalNeeded"
    setup = Path("lab/gfp-in-e-coli/round-01/setup.py")
    genuine = setup.read_text()
    setup.write_text(genuine.replace("aspirate", "aspirate ", 1))
    assert "setup.py" in nextwell("approve", "microplate.toml", "--by", "A. Person", code=5)["error"]["message"]
    setup.write_text(genuine)
    nextwell("approve", "microplate.toml", "--by", "A. Person")
    assert nextwell("record", "microplate.toml", "results.csv")["best"][0]["wells"] == 2
    assert nextwell("status", "microplate.toml")["next"] == "nextwell propose microplate.toml"
    assert nextwell("verify")["round_files"] == len(names)
    second = nextwell("propose", "microplate.toml", "-n", "2")
    assert second["round"] == 2 and second["experiments"][0]["experiment_id"] == "R02-001"
