"""`nextwell check-protocol`: what it prints, and its exit codes."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from runs.bench.audit_cases import Case, flex, right_cases
from runs.cli.main import app


def call(*arguments: object):
    return CliRunner().invoke(app, ["check-protocol", *map(str, arguments)])


@pytest.fixture
def table_case() -> Case:
    return next(case for case in right_cases() if case.csv)


def test_a_wrong_file_exits_1_and_tells_all_as_json(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(flex("p.transfer(1, res['A9'], plate['A1'])\np.pick_up_tip()"))
    done = call(file, "--json")
    told = json.loads(done.stdout)
    assert done.exit_code == 1
    assert not told["passed"]
    assert {"below the pipette", "overdrawn source", "tip left on"} <= {finding["rule"] for finding in told["findings"]}
    assert all(finding.keys() >= {"rule", "severity", "where", "observed", "limit", "mend"} for finding in told["findings"])


def test_a_right_file_with_its_table_exits_0(tmp_path, table_case):
    file, table = tmp_path / "mine.py", tmp_path / "moves.csv"
    file.write_text(table_case.text)
    table.write_text(table_case.csv["moves"])
    done = call(file, "--csv", f"moves={table}")
    assert done.exit_code == 0, done.output
    assert "Nothing wrong was found" in done.output
    assert "Wells at the end" in done.output


def test_custom_labware_and_a_parameters_value(tmp_path):
    from opentrons_shared_data.labware import load_definition

    folder = tmp_path / "labware"
    folder.mkdir()
    definition = json.loads(json.dumps(load_definition("corning_96_wellplate_360ul_flat", 2)))
    definition["parameters"]["loadName"], definition["namespace"], definition["version"] = "my_plate", "custom_beta", 1
    for well in definition["wells"].values():
        well["totalLiquidVolume"] = 90
    (folder / "my_plate.json").write_text(json.dumps(definition))
    text = flex("mine = ctx.load_labware('my_plate', 'D2', namespace='custom_beta', version=1)\nmine.load_empty(mine.wells())\np.transfer(ctx.params.volume, res['A1'], mine['A1'])")
    head, rest = text.split("\n", 1)
    file = tmp_path / "mine.py"
    file.write_text(head + '\n\ndef add_parameters(parameters):\n    parameters.add_int(variable_name="volume", display_name="volume", default=50, minimum=1, maximum=200)\n' + rest)
    assert call(file, "--labware", folder).exit_code == 0
    over = call(file, "--labware", folder, "--value", "volume=95", "--json")
    assert over.exit_code == 1
    assert [finding["rule"] for finding in json.loads(over.stdout)["findings"] if finding["severity"] == "error"] == ["overfilled well"]


@pytest.mark.parametrize("name", ["mine.xyz", "absent.py"])
def test_what_is_no_robot_file_exits_2(tmp_path, name):
    file = tmp_path / name
    if name != "absent.py":
        file.write_text("x")
    assert call(file).exit_code == 2
