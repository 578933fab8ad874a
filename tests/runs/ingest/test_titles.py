"""A table whose blocks have a measurement's name as their title is read; one that names nothing is told how to begin."""

from pathlib import Path

import pytest

from runs.ingest.open_file import open_results
from runs.ingest.problems import RefusedFile
from runs.ingest.reading_plan import ReadingPlan
from runs.ingest.results import read_results
from runs.verbs.read import look_into
from world_model.terms.goals import Measurement
from world_model.terms.plates import FORMATS

PLAN = ReadingPlan(
    measurements=(Measurement(name="OD600", unit="OD600", at_h=(0.0, 1.0)), Measurement(name="GFP", unit="RFU", at_h=(0.0, 1.0))),
    roles={"R01-001": "candidate", "R01-002": "control"}, plates={"P1": {"B2": "R01-001", "B3": "R01-002"}},
)  # fmt: skip
EXPECTED = {("B2", "OD600", 0): 0.1, ("B3", "OD600", 0): 0.2, ("B2", "OD600", 1): 0.3, ("B3", "OD600", 1): 0.4, ("B2", "GFP", 0): 10, ("B3", "GFP", 0): 20, ("B2", "GFP", 1): 30, ("B3", "GFP", 1): 40}


def block(b2, b3):
    rows = [",".join(["", *map(str, range(1, 13))])]
    rows += [",".join([letter, "", *((str(b2), str(b3)) if letter == "B" else ("", "")), *[""] * 9]) for letter in "ABCDEFGH"]
    return "\n".join(rows)


def plate_shaped(title):
    told = [(name, hour, EXPECTED["B2", name, hour], EXPECTED["B3", name, hour]) for name in ("OD600", "GFP") for hour in (0, 1)]
    return "plate,P1\n" + "\n".join(f"{title(name, hour)}\n{block(b2, b3)}\n" for name, hour, b2, b3 in told)


def kinetic(title):
    return "plate,P1\n" + "\n".join(
        f"{title(name)}\nTime [s],B2,B3\n" + "\n".join(f"{3600 * hour},{EXPECTED['B2', name, hour]},{EXPECTED['B3', name, hour]}" for hour in (0, 1)) for name in ("OD600", "GFP")
    )


TITLED = [
    plate_shaped(lambda name, hour: f"{name},{hour} h"), plate_shaped(lambda name, hour: f"{name},{60 * hour} min"),
    plate_shaped(lambda name, hour: f"{name}\ntime_h,{hour}"), plate_shaped(lambda name, hour: f"measurement,{name}\ntime_h,{hour}"),
    kinetic(lambda name: name), kinetic(lambda name: f"measurement,{name}"),
]  # fmt: skip


@pytest.mark.parametrize("text", TITLED)
def test_a_title_says_the_measurement(text):
    result = read_results(text.encode(), plan=PLAN)
    assert {(one.well, one.variable, one.at_h): one.raw for one in result.readings} == EXPECTED


@pytest.mark.parametrize("text", [TITLED[0], TITLED[4]])
def test_without_a_campaign_too(text, tmp_path):
    (tmp_path / "x.csv").write_text(text)
    view = look_into(tmp_path / "x.csv")
    assert view.problems == () and {(one.well, one.measurement, one.time_h): one.value for one in view.readings} == EXPECTED


@pytest.mark.parametrize("title", ["Rhodamine", "GFP2", "od 600"])
def test_a_title_that_is_no_measurement_of_the_campaign_names_nothing(title):
    with pytest.raises(RefusedFile, match="measurement,OD600"):
        read_results(kinetic(lambda name: title).encode(), plan=PLAN)
    with pytest.raises(RefusedFile, match="measurement,OD600"):
        read_results(plate_shaped(lambda name, hour: f"{title},{hour} h").encode(), plan=PLAN)


def test_a_file_of_no_table_is_told_how_each_begins():
    with pytest.raises(RefusedFile) as refused:
        open_results(b"something\nelse\n", measured=("OD600",), plate=FORMATS[96], name="x.csv")
    for first in ("plate,well,time_h,measurement,value,unit", "measurement,OD600", "Time [s],A1,A2", ",1,2' to 12"):
        assert first in str(refused.value)


def test_wells_that_come_again_are_one_problem_that_says_what_to_write(tmp_path):
    (tmp_path / "x.csv").write_text("\n".join(["plate,P1", *[block(0.1, 0.2)] * 3]))
    from runs.ingest.problems import told

    view = look_into(tmp_path / "x.csv")
    again = [line for line in told(view.problems) if "it again" in line]
    assert len(again) == 1 and "a measurement without a name" in again[0] and "measurement,OD600" in again[0]


def test_the_readme_s_tables_are_read():
    text = (Path(__file__).parents[3] / "runs" / "README.md").read_text()
    section = text[text.index("### Tables that are read") :]
    tidy, plate, kinetics = (part.strip("\n") for part in section.split("```")[1:6:2])
    shown = [tidy, plate.replace("0.093,…", ",".join(["0.093", *[""] * 9]) + "".join(f"\n{row}" + "," * 12 for row in "CDEFGH")), kinetics.replace(",…", "")]
    for one, (dialect, count) in zip(shown, (("tidy", 2), ("plate-shaped", 2), ("wells in columns", 6)), strict=True):
        entries = open_results(one.encode(), measured=("OD600",), plate=FORMATS[96], name="x.csv").entries
        assert (entries.dialect, len([entry for entry in entries.found if entry.text]), entries.problems, entries.unread) == (dialect, count, [], [])


def test_a_file_without_a_plate_is_joined_with_a_note():
    rows = "\n".join(f"{well},{hour},{name},{value}" for (well, name, hour), value in EXPECTED.items())
    joined = read_results(f"well,time_h,measurement,value\n{rows}\n".encode(), plan=PLAN, plate="P1")
    assert joined.notes.count("The file names no plate; its wells are taken as those of P1.") == 1
    named = read_results(("plate,well,time_h,measurement,value\n" + "\n".join(f"P1,{row}" for row in rows.split("\n"))).encode(), plan=PLAN, plate="P1")
    assert not any("no plate" in note for note in named.notes)
