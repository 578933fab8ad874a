"""Units at the borders."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from world_model.terms.errors import UnitError
from world_model.terms.units import check_unit, conversion_factor, is_concentration

MOLAR = ("M", "mM", "µM", "uM", "nM")
MASS = ("g/L", "mg/L", "mg/mL", "µg/mL", "ug/mL")


@pytest.mark.parametrize(("source", "target", "factor"), [("M", "mM", 1e3), ("µM", "mM", 1e-3), ("mg/mL", "g/L", 1.0), ("h", "min", 60.0), ("x", "×", 1.0)])
def test_units_of_one_dimension_convert(source, target, factor):
    assert conversion_factor(source, target) == pytest.approx(factor, rel=1e-12)


def test_glucose_converts_through_its_molar_mass():
    # 180.16 g/mol: 1 M = 180.16 g/L, and 18.016 g/L = 100 mM
    assert conversion_factor("M", "g/L", molar_mass_g_per_mol=180.16) == pytest.approx(180.16)
    assert 18.016 * conversion_factor("g/L", "mM", molar_mass_g_per_mol=180.16) == pytest.approx(100.0)


@given(st.sampled_from(MOLAR + MASS), st.sampled_from(MOLAR + MASS), st.floats(1.0, 1e4))
def test_there_and_back_is_one(source, target, molar_mass):
    there = conversion_factor(source, target, molar_mass_g_per_mol=molar_mass)
    back = conversion_factor(target, source, molar_mass_g_per_mol=molar_mass)
    assert there * back == pytest.approx(1.0, rel=1e-9)


def test_mass_to_molar_without_a_molar_mass_says_where_to_give_it():
    with pytest.raises(UnitError, match=r"molar_masses\] glucose"):
        conversion_factor("g/L", "mM", of="glucose")


@pytest.mark.parametrize(("source", "target"), [("°C", "mM"), ("h", "mM"), ("OD600", "mM"), ("RFU", "AU"), ("% v/v", "mM"), ("x", "M"), ("U/mL", "g/L"), ("mM", "")])
def test_another_dimension_is_refused(source, target):
    with pytest.raises(UnitError, match="Expected"):
        conversion_factor(source, target)


@pytest.mark.parametrize("unit", ["mMol", "foo", "1/", "__import__", "mM**", "OD 600 nm"])
def test_what_is_no_unit_is_refused(unit):
    with pytest.raises(UnitError, match="Expected a unit"):
        check_unit(unit)


def test_both_micro_signs_are_one_unit():
    assert conversion_factor("μM", "µM") == pytest.approx(1.0)


@pytest.mark.parametrize(("unit", "answer"), [("mM", True), ("g/L", True), ("x", True), ("% v/v", True), ("h", False), ("°C", False), ("RFU", False), ("", False)])
def test_what_counts_as_a_concentration(unit, answer):
    assert is_concentration(unit) is answer
