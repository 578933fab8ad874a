"""Plate-shaped results: blocks that look like the plate say the same as rows of wells."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runs.ingest.problems import RefusedFile
from runs.ingest.reading_plan import ReadingPlan
from runs.ingest.results import read_results
from world_model.terms.goals import Measurement
from world_model.terms.plates import FORMATS, PlateFormat, row_name, well_name

OD = Measurement(name="OD600", unit="OD600", at_h=(0.0, 2.0), subtract_blank=True)
GFP = Measurement(name="GFP", unit="RFU", at_h=(0.0, 2.0))
WELLS = {"B2": "R01-001", "B3": "R01-002", "C2": "R01-003"}
PLAN = ReadingPlan(measurements=(OD, GFP), roles={"R01-001": "candidate", "R01-002": "control", "R01-003": "blank"}, plates={"P1": WELLS})


def value(name, well, time):
    """A number of its own for every cell."""
    return round(0.1 + 0.01 * "ABCDEFGHIJKLMNOP".index(well[0]) + 0.001 * int(well[1:]) + 0.1 * time + (500 if name == "GFP" else 0), 3)


def block(name, time, *, wells=WELLS, plate=FORMATS[96], separator=",", decimal="."):
    lines = [separator.join(["", *map(str, range(1, plate.columns + 1))])]
    for row in range(plate.rows):
        cells = [str(value(name, well, time)) if (well := well_name(row, column)) in wells else "" for column in range(plate.columns)]
        lines.append(separator.join([row_name(row), *(cell.replace(".", decimal) for cell in cells)]))
    return lines


def file(*, separator=",", decimal=".", **asked):
    lines = [separator.join(["plate", "P1"])]
    for name, unit in (("OD600", "OD600"), ("GFP", "RFU")):
        lines += [separator.join(["measurement", name]), separator.join(["unit", unit])]
        for time in (0, 2):
            lines += [separator.join(["time_h", str(time)]), *block(name, time, separator=separator, decimal=decimal, **asked), ""]
    return lines


def data(lines):
    return ("\n".join(lines) + "\n").encode()


def refused(lines, *, plan=PLAN):
    with pytest.raises(RefusedFile) as caught:
        read_results(data(lines), plan=plan)
    return caught.value.problems


def tidy():
    rows = ["plate,well,time_h,measurement,value,unit"]
    for name, unit in (("OD600", "OD600"), ("GFP", "RFU")):
        rows += [f"P1,{well},{time},{name},{value(name, well, time)},{unit}" for well in WELLS for time in (0, 2)]
    return data(rows)


def said(result):
    return [(one.experiment_id, one.well, one.variable, one.at_h, one.raw, one.value, one.flag) for one in result.readings]


@pytest.mark.parametrize(("separator", "decimal"), [(",", "."), (";", "."), (";", ","), ("\t", ","), ("\t", ".")])
def test_blocks_say_the_same_as_rows(separator, decimal):
    result = read_results(data(file(separator=separator, decimal=decimal)), plan=PLAN)
    assert result.dialect == "plate-shaped"
    assert said(result) == said(read_results(tidy(), plan=PLAN))


def test_lines_may_be_written_with_a_colon_and_padded():
    lines = [line.replace("plate,P1", "Plate: P1").replace("time_h,2", "time_h:,2,,,,,,,,,,,") for line in file()]
    assert said(read_results(data(lines), plan=PLAN)) == said(read_results(tidy(), plan=PLAN))


def test_any_other_line_is_unread():
    lines = ["Reader,SN 42,A", *file()]
    result = read_results(data(lines), plan=PLAN)
    assert [(cell.row, cell.text) for cell in result.unread] == [(1, "Reader"), (1, "SN 42"), (1, "A")]


def test_wells_beyond_the_plan_are_unread():
    result = read_results(data(file(wells={*WELLS, "A1", "H12"})), plan=PLAN)
    assert len(result.unread) == 2 * 2 * 2
    assert {cell.why for cell in result.unread} == {"the plan leaves well A1 empty", "the plan leaves well H12 empty"}


@pytest.mark.parametrize("size", sorted(FORMATS))
def test_every_plate_format_is_read(size):
    plate = FORMATS[size]
    wells = {well_name(row, column): f"R01-{row}-{column}" for row in range(plate.rows) for column in range(plate.columns)}
    plan = ReadingPlan(measurements=(Measurement(name="GFP", unit="RFU"),), roles=dict.fromkeys(wells.values(), "candidate"), plates={"P1": wells}, format=plate)
    result = read_results(data(["plate,P1", "measurement,GFP", "unit,RFU", *block("GFP", 0, wells=wells, plate=plate)]), plan=plan)
    assert {one.well: one.raw for one in result.readings} == {well: value("GFP", well, 0) for well in wells}


GOOD = file()
FIRST = GOOD.index("time_h,0") + 1  # the column numbers of the first block


@pytest.mark.parametrize(
    ("old", "new", "expected", "found"),
    [
        ("plate,P1", "plate,P2", "a plate of this round", "'P2'"),
        ("measurement,OD600", "measurement,OD601", "a measurement of the campaign", "'OD601'"),
        ("unit,OD600", "unit,mM", "OD600", "'mM'"),
        ("time_h,2", "time_h,3", "0, 2 h", "3 h"),
        ("time_h,2", "time_h,zwei", "a time", "'zwei'"),
        ("time_h,2", "note,2", "one of the planned times", "none"),
        ("time_h,2", "time_h,0", "well B2 once for OD600 at 0 h", "first in row"),
        (",0.112,0.113,", ",0.112,x,", "a number", "'x'"),
        (",0.112,0.113,", ",0.112,-3,", "OD600 of at least -0.05 in well B3", "-3"),
        (",0.112,0.113,", ",0.112,,", "a reading of OD600 at 0 h", "none"),
        (",0.112,0.113,", ",0.112,0.113", "12 cells after the row's letter", "11"),
        (",0.112,0.113,", ",0.112,0,113,", "12 cells after the row's letter", "13"),
    ],
)
def test_one_slip_refuses_the_file_and_is_named(old, new, expected, found):
    at = next(i for i, line in enumerate(GOOD) if old in line)
    problems = refused([*GOOD[:at], GOOD[at].replace(old, new), *GOOD[at + 1 :]])
    assert any(expected in problem.expected and found in problem.found for problem in problems), problems


def test_a_missing_row_of_a_block_is_named():
    problems = refused([*GOOD[: FIRST + 3], *GOOD[FIRST + 4 :]])  # without row C
    assert problems[0].expected == f"row C of the block that begins in line {FIRST + 1}"
    assert problems[0].found == "'D'"


def test_another_plate_format_is_refused():
    lines = ["plate,P1", "measurement,OD600", "unit,OD600", "time_h,0", *block("OD600", 0, plate=PlateFormat(16, 24))]
    assert refused(lines)[0].expected == "the column numbers 1 to 12"


CONTENT = data(GOOD)
# after the last planned well of the last block nothing is lost by a cut but empty cells
LAST_NEEDED = CONTENT.rindex(str(value("GFP", "C2", 2)).encode()) + len(str(value("GFP", "C2", 2)))


@given(st.integers(0, len(CONTENT) - 3))
def test_a_file_cut_anywhere_is_refused(length):
    """Up to the last row's last separator: a row or a block is incomplete."""
    with pytest.raises(RefusedFile):
        read_results(CONTENT[:length], plan=PLAN)
