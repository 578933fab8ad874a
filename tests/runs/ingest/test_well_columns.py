"""A column of times beside a column a well."""

import pytest

from runs.ingest.open_file import open_results
from runs.ingest.problems import RefusedFile
from world_model.terms.plates import FORMATS


def opened(text, measured=("OD600",)):
    return open_results(text.encode(), measured=measured, plate=FORMATS[96], name="k.csv").entries


@pytest.mark.parametrize(
    ("title", "cells", "hours"),
    [
        ("Time [s]", ("0", "1800"), (0, 0.5)), ("time_h", ("0", "0.5"), (0, 0.5)), ("Time (min)", ("0", "30"), (0, 0.5)), ("Time", ("0:00:00", "0:30:00"), (0, 0.5)),
        ("Elapsed time [h]", ("1", "2"), (1, 2)), ("Time [ms]", ("0", "3600000"), (0, 1)), ("Time [s]", ("0:00:22", "26:00:00"), (22 / 3600, 26)),
    ],
)  # fmt: skip
def test_times_are_hours_by_the_title_or_the_clock(title, cells, hours):
    entries = opened(f"{title},A1,B2\n{cells[0]},0.1,0.2\n{cells[1]},0.3,0.4\n")
    assert entries.problems == []
    assert [(one.well, one.time_h, one.text) for one in entries.found] == [
        ("A1", pytest.approx(hours[0]), "0.1"), ("B2", pytest.approx(hours[0]), "0.2"), ("A1", pytest.approx(hours[1]), "0.3"), ("B2", pytest.approx(hours[1]), "0.4"),
    ]  # fmt: skip
    assert {one.measurement for one in entries.found} == {"OD600"}


@pytest.mark.parametrize(
    ("text", "expected", "found"),
    [
        ("Time,A1,A2\n0,1,2\n", "a time", "without a unit"),
        ("Time [s],A1,A1\n0,1,2\n", "each well once", "2 columns"),
        ("Time [s],A1,A2\n10,1,2\n5,1,2\n", "a time after", "0.001"),
        ("Time [s],A1,A2\n10,1,2\n10,1,2\n", "a time after", "0.002"),
        ("Time [s],A1,A2\n0,1\n", "3 cells", "2"),
        ("Time [s],A1,A2\n", "rows below", "none"),
        ("Time [s],A1,A2,A3,A4,Q99\n0,1,2,3,4,5\n", "a well", "'Q99'"),
    ],
)
def test_what_is_wrong_is_named(text, expected, found):
    problems = opened(text).problems
    assert any(expected in problem.expected and found in problem.found for problem in problems), problems


def test_several_measurements_need_their_name_above():
    assert opened("Time [s],A1,A2\n0,1,2\n", measured=("OD600", "GFP")).problems[0].column == "measurement"
    entries = opened("measurement,OD600\nTime [s],A1,A2\n0,1,2\nmeasurement,GFP\nunit,RFU\nTime [s],A1,A2\n0,3,4\n", measured=("OD600", "GFP"))
    assert [(one.measurement, one.text, one.unit) for one in entries.found] == [("OD600", "1", None), ("OD600", "2", None), ("GFP", "3", "RFU"), ("GFP", "4", "RFU")]


def test_a_temperature_beside_the_wells_is_listed_as_unread():
    entries = opened("Time [s],T° 600,A1,A2,A3,A4\n0,37,1,2,3,4\n")
    assert len(entries.found) == 4
    assert [cell.text for cell in entries.unread] == ["T° 600", "37"]


def test_nothing_recognised_lists_what_was_tried():
    with pytest.raises(RefusedFile, match=r"No sign of Agilent BioTek Gen5, BMG Labtech MARS.*--vendor"):
        opened("hello\nworld\n")
