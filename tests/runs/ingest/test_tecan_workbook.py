"""Tecan's own workbooks: plates of end points, kinetics with wells in rows or in columns, several labels."""

import pytest

from runs.ingest.raw_text import Row
from runs.ingest.tecan_workbook import is_tecan, read_tecan

HEAD = [
    ["Application: Tecan i-control", "", "Tecan i-control , 1.11"], ["Device: infinite 200Pro"], ["Plate-ID (Stacker)", "", "P7"],
    ["Mode", "", "Absorbance"], ["Wavelength", "", "600", "nm"], ["Mode", "", "Fluorescence"], ["Excitation Wavelength", "", "485"], ["Emission Wavelength", "", "535"],
]  # fmt: skip
KINETIC = [["OD"], ["Cycle Nr.", "Time [s]", "Temp. [°C]", "A1", "A2"], ["1", "0", "37", "0.1", "0.2"], ["2", "1800", "37.1", "0.3", "OVER"], ["End Time:", "11:00"]]
SIDEWAYS = [["GFP"], ["Cycle Nr.", "1", "2"], ["Time [s]", "0", "1800"], ["Temp. [°C]", "37", "37.1"], ["A1", "100", "300"], ["A2", "200", "400"], ["End Time:", "11:00"]]


def rows(*lines):
    width = max(map(len, lines))
    return [Row(i + 1, tuple(line + [""] * (width - len(line)))) for i, line in enumerate(lines)]


def plate_lines(letters="ABCDEFGH", value="0.1"):
    return [["<>", *(str(i + 1) for i in range(12))], *([letter, *[value] * 12] for letter in letters)]


def test_two_labels_take_the_modes_in_order_whichever_way_they_lie():
    told = rows(*HEAD, *KINETIC, *SIDEWAYS)
    assert is_tecan(told)
    entries = read_tecan(told, plate_rows=8)
    assert entries.problems == []
    assert list(entries.channels) == ["OD (absorbance 600 nm)", "GFP (fluorescence 485/535 nm)"]
    assert [(one.well, one.time_h, one.text, one.unit, one.plate) for one in entries.found] == [
        ("A1", 0, "0.1", "AU", "P7"), ("A1", 0.5, "0.3", "AU", "P7"), ("A2", 0, "0.2", "AU", "P7"), ("A2", 0.5, "OVER", "AU", "P7"),
        ("A1", 0, "100", "RFU", "P7"), ("A1", 0.5, "300", "RFU", "P7"), ("A2", 0, "200", "RFU", "P7"), ("A2", 0.5, "400", "RFU", "P7"),
    ]  # fmt: skip


def test_every_cell_is_taken_or_unread():
    told = rows(*HEAD, *KINETIC, *SIDEWAYS)
    entries = read_tecan(told, plate_rows=8)
    cells = sum(bool(cell) for row in told for cell in row.cells)
    # titles that give the readings their place: 2 cycle heads, times, wells
    named = 2 + 4 + 3 + 2
    assert len(entries.found) + len(entries.unread) >= cells - named - 4


def test_an_end_point_is_a_plate():
    entries = read_tecan(rows(*HEAD[:5], *plate_lines()), plate_rows=8)
    assert entries.problems == []
    assert len(entries.found) == 96
    assert entries.found[-1].well == "H12"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (plate_lines("ABCDEFG"), "8 rows"), (plate_lines("ABDCEFGH"), "row C"), ([["<>", "1", "3"], ["A", "1", "2"]], "column numbers"),
        ([["Cycle Nr.", "1"], ["A1", "0.2"]], "the times of the cycles"), ([["Cycle Nr.", "1", "2"], ["Time [s]", "9", "3"], ["A1", "1", "2"]], "times that increase"),
        ([["Cycle Nr.", "1", "2"], ["Time [s]", "0", "3"], ["A1", "1", "2"], ["A1", "1", "2"]], "each well once"), ([["Cycle Nr.", "1", "2"], ["Time [s]", "0", ""], ["A1", "1", "2"]], "a time"),
        ([["Cycle Nr.", "1", "2"], ["Time [s]", "0", "1"], ["Z77", "1", "2"]], "a well"), ([["End Time:"]], "a plate ('<>') or a kinetic"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(lines, expected):
    problems = read_tecan(rows(*HEAD[:5], *lines), plate_rows=8).problems
    assert any(expected in problem.expected for problem in problems), problems
