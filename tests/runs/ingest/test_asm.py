"""ASM documents: mAU is not believed, a zero that stands for a mark is not taken, kinetics and peaks get their places."""

import json

import pytest

from runs.ingest.asm import read_asm
from runs.ingest.open_file import open_results
from runs.ingest.problems import RefusedFile
from world_model.terms.plates import FORMATS


def read_of(well, value, *, kind="absorbance", unit="mAU", wavelength=600.0, error="", plate="Plate 1"):
    document = {
        "device control aggregate document": {"device control document": [{"detector wavelength setting": {"value": wavelength, "unit": "nm"}}]},
        "sample document": {"location identifier": well, "well plate identifier": plate}, "compartment temperature": {"value": 37.0, "unit": "degC"}, kind: {"value": value, "unit": unit},
    }  # fmt: skip
    if error:
        document["error aggregate document"] = {"error document": [{"error": error, "error feature": kind}]}
    return document


def asm(*groups, technique="plate reader", **more):
    listed = [{"measurement aggregate document": {"measurement document": list(group), "measurement time": moment}} for moment, group in groups]
    return {"$asm.manifest": "x", f"{technique} aggregate document": {f"{technique} document": listed, **more}}


def texts(entries):
    return [(one.well, one.time_h, one.measurement, one.text, one.unit) for one in entries.found]


def test_absorbance_keeps_its_number_and_loses_the_unit_that_asm_forces_on_it():
    entries = read_asm(asm(("2026-01-01T10:00:00+00:00", [read_of("A1", 3.3)])))
    assert texts(entries) == [("A1", None, "absorbance 600 nm", "3.3", "AU")]


def test_the_zero_that_stands_for_a_mark_is_the_mark():
    entries = read_asm(asm(("", [read_of("A1", -0.0, error="OVRFLW"), read_of("A2", -0.0), read_of("A3", 0.0)])))
    assert [text for *_, text, _ in texts(entries)] == ["OVRFLW", "no number", "0.0"]


def test_a_kinetic_cube_is_one_reading_a_time_in_hours():
    cube = {
        "label": "600", "cube-structure": {"dimensions": [{"concept": "elapsed time", "unit": "s"}], "measures": [{"concept": "absorbance", "unit": "mAU"}]},
        "data": {"dimensions": [[0.0, 1800.0]], "measures": [[0.1, -0.0]]},
    }  # fmt: skip
    document = read_of("B2", 1.0)
    del document["absorbance"]
    entries = read_asm(asm(("", [{**document, "absorption profile data cube": cube}])))
    assert texts(entries) == [("B2", 0.0, "absorbance 600 nm", "0.1", "AU"), ("B2", 0.5, "absorbance 600 nm", "no number", "AU")]


def test_the_same_plate_at_two_moments_is_a_kinetic():
    groups = [(f"2026-01-01T1{hour}:30:00+00:00", [read_of("A1", 0.1 + hour), read_of("A2", 0.2 + hour)]) for hour in (0, 2)]
    assert [(well, time) for well, time, *_ in texts(read_asm(asm(*groups)))] == [("A1", 0.0), ("A2", 0.0), ("A1", 2.0), ("A2", 2.0)]


def test_two_reads_at_one_moment_are_two_channels_and_half_a_second_read_is_a_problem():
    both = read_asm(asm(("t", [read_of("A1", 1.0), read_of("A1", 1.1)])))
    assert list(both.channels) == ["absorbance 600 nm", "absorbance 600 nm (2)"] and both.problems == []
    half = read_asm(asm(("t", [read_of("A1", 1.0), read_of("A2", 1.0), read_of("A1", 1.1)])))
    assert half.problems[0].expected == "one reading of absorbance 600 nm a well"


def test_results_that_the_software_computed_are_said_to_be_unread():
    entries = read_asm(asm(("", [read_of("A1", 1.0)]), **{"calculated data aggregate document": {"calculated data document": [{"calculated data name": "Max V"}]}}))
    assert "Max V" in entries.unread[0].text


def test_peaks_are_channels_of_a_sample():
    peaks = {"peak list": {"peak": [{"written name": "glucose", "peak area": {"value": 12.5, "unit": "mAU.s"}, "peak analyte amount": {"value": 3.0, "unit": "(unitless)"}}]}}
    document = {"sample document": {"location identifier": "P1:B3", "written name": "R01-004"}, "processed data aggregate document": {"processed data document": [peaks]}}
    entries = read_asm(asm(("", [document]), technique="liquid chromatography"))
    assert [(one.plate, one.well, one.experiment, one.measurement, one.text, one.unit) for one in entries.found] == [
        ("P1", "B3", "R01-004", "glucose amount", "3.0", ""), ("P1", "B3", "R01-004", "glucose area", "12.5", "mAU.s"),
    ]  # fmt: skip


@pytest.mark.parametrize("text", ['{"$asm.manifest": "x"}', '{"$asm.manifest": ', '{"$asm.manifest": "x", "a aggregate document": {"a document": [3]}}'])
def test_a_json_file_that_holds_no_readings_is_refused_or_a_problem(text):
    try:
        assert open_results(text.encode(), measured=(), plate=FORMATS[96], name="a.json").entries.problems
    except RefusedFile as fault:
        assert fault.problems


def test_an_asm_file_is_read_without_any_vendor():
    entries = open_results(json.dumps(asm(("", [read_of("C4", 0.5)]))).encode(), measured=(), plate=FORMATS[96], name="a.json").entries
    assert texts(entries)[0][3] == "0.5"
