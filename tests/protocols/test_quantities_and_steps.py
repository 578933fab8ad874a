"""A time is a time, a temperature a temperature, and absurd numbers are refused where they are written."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from world_model.terms.lab_profile import LabProfile
from world_model.terms.quantities import TIME, Quantity, celsius, nanolitres, read_quantity, seconds
from world_model.terms.steps import PlateStep, Read, Shake, Thermocycle

STEPS = TypeAdapter(tuple[PlateStep, ...])


def told(**step: object) -> str:
    """The one complaint about a step."""
    with pytest.raises(ValidationError) as caught:
        STEPS.validate_json(json.dumps([step]), strict=True)
    return " | ".join(error["msg"] for error in caught.value.errors())


@pytest.mark.parametrize(
    ("text", "in_seconds"), [("90 s", 90), ("5 min", 300), ("1.5 h", 5400), ("2 days", 172800), ("10minutes", 600), ("0 h", 0)]
)
def test_a_time_in_any_spelling_is_seconds(text, in_seconds):
    assert seconds(read_quantity(text, TIME)) == in_seconds


def test_a_number_that_a_person_wrote_quotes_him():
    step = STEPS.validate_python(({"kind": "shake", "duration": "5 min"},))[0]
    assert isinstance(step, Shake)
    assert (step.duration.source, step.duration.quote) == ("user_text", "5 min")


def test_kelvin_and_celsius_are_both_temperatures():
    step = STEPS.validate_python(({"kind": "heat", "temperature": "310.15 K"},))[0]
    assert celsius(step.temperature) == pytest.approx(37)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ({"kind": "shake", "duration": "-5 min"}, ["1 s to 30 d", "-5 min"]),
        ({"kind": "shake", "duration": "0 s"}, ["1 s to 30 d"]),
        ({"kind": "shake", "duration": "5 mL"}, ["a time", "5 mL", "a volume"]),
        ({"kind": "shake", "duration": "5"}, ["without a unit"]),
        ({"kind": "shake", "duration": 5}, ["without a unit"]),
        ({"kind": "shake", "duration": "soon"}, ["'soon'"]),
        ({"kind": "shake", "duration": "1,5 min"}, ["with a point"]),
        ({"kind": "shake", "duration": "45 d"}, ["30 d"]),
        ({"kind": "shake", "duration": "5 min", "speed": "90000 rpm"}, ["50 to 3000 rpm"]),
        ({"kind": "incubate", "temperature": "500 °C", "duration": "1 h"}, ["-90 to 115 °C", "500 °C"]),
        ({"kind": "incubate", "temperature": "1 h", "duration": "37 °C"}, ["a temperature", "a time"]),
        ({"kind": "spin", "speed": "4000 rpm", "duration": "5 min"}, ["300 x g", "a shaking speed"]),
        ({"kind": "read", "mode": "absorbance"}, ["wavelengths"]),
        ({"kind": "read", "mode": "absorbance", "wavelengths": ["60 nm"]}, ["190 to 1100 nm"]),
        ({"kind": "read", "mode": "fluorescence", "excitation": "510 nm", "emission": "485 nm"}, ["emission above"]),
        ({"kind": "read", "mode": "luminescence", "excitation": "485 nm"}, ["for fluorescence only"]),
        ({"kind": "read", "mode": "absorbance", "wavelengths": ["600 nm"], "every": "2 h", "duration": "1 h"}, ["at most the duration"]),
        ({"kind": "thermocycle", "lid": "105 °C", "stages": [{"cycles": 0, "plateaus": [{"temperature": "95 °C", "duration": "1 min"}]}]}, ["1 to 1000", "0"]),
        ({"kind": "thermocycle", "lid": "105 °C", "stages": [{"cycles": 2.5, "plateaus": [{"temperature": "95 °C", "duration": "1 min"}]}]}, ["whole number"]),
        ({"kind": "thermocycle", "lid": "40 °C", "stages": [{"cycles": 1, "plateaus": [{"temperature": "95 °C", "duration": "1 min"}]}]}, ["lid", "condense"]),
        ({"kind": "sample", "at": "-1 h", "volume": "20 µL"}, ["0 s to 30 d"]),
        ({"kind": "sample", "at": "1 h", "volume": "0 µL"}, ["1 nL"]),
        ({"kind": "serial dilution", "stock": "a", "diluent": "b", "factor": 0.5, "points": 8, "volume": "100 µL", "first_well": "A1"}, ["dilution factor", "0.5"]),
        ({"kind": "evaporate"}, ["evaporate"]),
    ],
)  # fmt: skip
def test_what_no_bench_can_do_is_refused_with_expected_and_found(step, words):
    complaint = told(**step)
    assert all(word in complaint for word in words), complaint


@given(value=st.floats(allow_nan=False, allow_infinity=False), unit=st.sampled_from(["s", "min", "h", "d", "°C", "nm", "µL", "rpm", "x g"]))
def test_a_time_is_accepted_exactly_from_one_second_to_thirty_days(value, unit):
    given = {"kind": "shake", "duration": {"value": value, "unit": unit, "source": "design"}}
    size = {"s": 1, "min": 60, "h": 3600, "d": 86400}.get(unit)
    fits = size is not None and 1 <= value * size <= 30 * 86400
    try:
        STEPS.validate_python((given,))
    except ValidationError:
        assert not fits
    else:
        assert fits


def test_steps_survive_being_written_and_read():
    steps = STEPS.validate_python((
        {"kind": "seal", "cover": "foil"}, {"kind": "read", "mode": "fluorescence", "excitation": "485 nm", "emission": "510 nm", "every": "10 min", "duration": "12 h"},
        {"kind": "thermocycle", "lid": "105 °C", "hold": "4 °C", "stages": [{"cycles": 30, "plateaus": [{"temperature": "95 °C", "duration": "15 s"}]}]},
        {"kind": "pause", "what": "add beads", "at": "2 h"},
    ))  # fmt: skip
    assert STEPS.validate_json(STEPS.dump_json(steps), strict=True) == steps


def test_the_schema_that_a_form_fills_is_flat_text():
    shapes = STEPS.json_schema()["$defs"]
    assert "Quantity" not in shapes
    assert shapes["Shake"]["properties"]["duration"]["type"] == "string"
    assert shapes["Cycles"]["properties"]["cycles"]["type"] == "integer"


def test_a_labs_serial_dilution_names_its_stocks(lab_doc):
    lab_doc["steps"] = [{"kind": "serial dilution", "stock": "IPTG 20 mM", "diluent": "water", "factor": 2, "points": 6, "volume": "100 µL", "first_well": "B2"}]
    with pytest.raises(ValidationError, match=r"steps\[0\].stock: expected a stock's name, found 'IPTG 20 mM'. Did you mean 'IPTG 20mM'"):
        LabProfile.model_validate(lab_doc)


def test_volumes_are_whole_nanolitres():
    assert nanolitres(Quantity(value=0.1, unit="µL", source="default")) == 100
    assert nanolitres(Quantity(value=1.2345678, unit="mL", source="default")) == 1_234_568


def test_a_thermocycler_and_a_reader_are_words_of_their_own():
    assert isinstance(STEPS.validate_python(({"kind": "read"},))[0], Read)
    assert Thermocycle.model_fields["kind"].default == "thermocycle"
