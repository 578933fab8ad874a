"""`nextwell read`: a file is shown, drawn, written tidy and joined, without anything being recorded."""

import json

import pytest
from typer.testing import CliRunner

from runs.cli.main import app

PLATE = "measurement,GFP\nunit,RFU\n," + ",".join(map(str, range(1, 13))) + "\n" + "\n".join(f"{row}," + ",".join(str(100 * r + column) for column in range(1, 13)) for r, row in enumerate("ABCDEFGH")) + "\n"


def run(*asked):
    done = CliRunner().invoke(app, ["read", *map(str, asked), "--json"], catch_exceptions=False)
    return done.exit_code, json.loads(done.stdout)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "plate.csv"
    path.write_text(PLATE)
    return path


def test_a_file_is_shown_without_a_campaign(file):
    code, told = run(file)
    assert code == 0 and told["dialect"] == "plate-shaped" and told["readings"] == 96
    assert [(held["measurement"], held["unit"], held["wells"], held["low"], held["high"]) for held in told["held"]] == [("GFP", "RFU", 96, 1.0, 712.0)]


def test_what_is_written_tidy_reads_back_to_the_same(file, tmp_path):
    file.write_text(PLATE.replace("712", "OVRFLW").replace(",711", ",<0.1"))
    out = tmp_path / "tidy.csv"
    _, told = run(file, "--out", out)
    _, again = run(out)
    assert again["dialect"] == "tidy"
    for held, back in zip(told["held"], again["held"], strict=True):
        assert held == back
    assert told["held"][0]["above_limit"] == 1 and told["held"][0]["below_limit"] == 1


def test_statistics_and_z_prime_of_named_wells(file):
    code, told = run(file, "--positive", "H1-H4", "--negative", "A1:A4", "--replicates", "B1,C1")
    # means 702.5 and 2.5, both with the sd of 1, 2, 3, 4
    sd = (5 / 3) ** 0.5
    assert code == 0 and told["assay"][0]["z_prime"] == pytest.approx(1 - 6 * sd / 700)
    assert {one["name"]: one["n"] for one in told["sets"]} == {"B1,C1": 2, "positive": 4, "negative": 4}


@pytest.mark.parametrize("ending", ["svg", "png"])
def test_heat_maps_are_drawn(file, tmp_path, ending):
    code, _ = run(file, "--plot", tmp_path / f"map.{ending}")
    assert code == 0 and (tmp_path / f"map.{ending}").stat().st_size > 5000


@pytest.mark.parametrize(
    ("asked", "what"),
    [
        (["--positive", "A1-A4"], "--negative"), (["--plate-format", "97"], "a plate format"), (["--replicates", "Z9"], "A1 to H12"), (["--path-length-cm", "0.5", "--volume-ul", "9", "--well-diameter-mm", "6"], "alone"),
        (["--map", "OD"], "--map"), (["--plot", "map.doc"], ".svg"), (["--vendor", "nobody"], "a vendor"), (["--sheet", "one"], "a workbook"),
    ],
)  # fmt: skip
def test_wrong_asking_is_said(file, asked, what):
    code, told = run(file, *asked)
    assert code == 2 and what in told["error"]["message"]


def test_problems_are_listed_and_the_exit_code_tells(file):
    file.write_text(PLATE.replace("712", "seven").replace("B,", "Q,"))
    code, told = run(file)
    assert code == 2 and told["ok"] is False and told["problems"]


def test_a_file_of_384_wells_is_known_by_its_wells(tmp_path):
    file = tmp_path / "big.csv"
    file.write_text("plate,well,measurement,value,unit\nP,A1,GFP,1,RFU\nP,P24,GFP,2,RFU\n")
    assert run(file)[1]["plate_format"] == 384
    block = "measurement,GFP\n," + ",".join(map(str, range(1, 7))) + "\n" + "".join(f"{row},1,2,3,4,5,6\n" for row in "ABCD")
    file.write_text(block)
    assert run(file)[1]["plate_format"] == 24
