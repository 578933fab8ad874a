"""`nextwell compile --target`: one lab file, several machines; journal, approval and status follow the files that were written."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from runs.cli.main import app
from runs.state.payloads import ProtocolCompiled

EXAMPLES = Path(__file__).parents[3] / "runs" / "examples"
MACHINES = """
[[robots]]
model = "Tecan EVO"
name = "evo"
least_ul = 1
most_ul = 200

[[robots]]
model = "hands"
least_ul = 1
most_ul = 1000
"""


def nextwell(*words: str, code: int = 0):
    done = CliRunner().invoke(app, [*words, "--json"])
    assert done.exit_code == code, (done.stdout, done.stderr, done.exception)
    return json.loads(done.stdout)


def test_a_round_for_two_machines_of_one_lab(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = (EXAMPLES / "microplate.toml").read_text()
    small = text.replace("candidates = 24", "candidates = 3").replace("blanks = 6", "blanks = 1").replace("wells = 6", "wells = 1")
    Path("microplate.toml").write_text(small.replace('answers = "microplate"', '# answers = "microplate"'))
    bench = (EXAMPLES / "microplate_lab.toml").read_text()
    for labware in ('"corning_96_wellplate_360ul_flat"', '"nest_12_reservoir_15ml"', '"opentrons_15_tuberack_nest_15ml_conical"'):
        bench = bench.replace(f"labware = {labware}", f"labware = {labware}\ntype = {labware[:16]} [001]\"", 1)
    Path("microplate_lab.toml").write_text(bench + MACHINES)
    nextwell("propose", "microplate.toml", "--strategy", "random")

    told = nextwell("compile", "microplate.toml", "--inoculum-od", "1.8", "--target", "evo")
    assert told["target"] == "evo"
    assert told["verified"]["engine"] == "nextwell readback" and told["verified"]["largest_gap_nl"] < 0.01
    folder = Path("lab/gfp-in-e-coli/round-01")
    assert {"setup.gwl", "plate_map.csv", "transfers.csv"} <= {file.name for file in folder.iterdir()}

    # compiled again for other hands: nothing of the first machine stays behind
    told = nextwell("compile", "microplate.toml", "--inoculum-od", "1.8", "--target", "HANDS")
    left = {file.name for file in folder.iterdir()}
    assert "setup.csv" in left and not any(name.endswith(".gwl") for name in left)

    setup = folder / "setup.csv"
    genuine = setup.read_bytes()
    setup.write_bytes(genuine.replace(b",new", b",same", 1))
    assert "setup.csv" in nextwell("approve", "microplate.toml", "--by", "A. Person", code=5)["error"]["message"]
    setup.write_bytes(genuine)
    nextwell("approve", "microplate.toml", "--by", "A. Person")

    wrong = nextwell("compile", "microplate.toml", "--target", "evoo", code=4)["error"]["message"]
    assert "Flex, evo, hands" in wrong and "Did you mean 'evo'?" in wrong


def test_journals_without_a_target_stay_readable():
    old = {
        "round": 1, "plate": "growth-R01", "stages": [{"name": "setup", "at_h": 0, "file": "setup.py"}], "layout": {}, "planned": {}, "files": [],
        "protocol_sha256": "0" * 64, "lab_sha256": "0" * 64, "volume_ul": 200,
    }  # fmt: skip
    assert ProtocolCompiled.model_validate(old).target == ""
