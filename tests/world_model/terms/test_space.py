"""Search spaces: what they refuse, and that settings and interventions say the same."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from world_model.terms.constraints import Linear
from world_model.terms.errors import SpaceError
from world_model.terms.factors import Categorical, Continuous, Discrete, Integer
from world_model.terms.interventions import Dose, Set, Start
from world_model.terms.space import SearchSpace

GLUCOSE = Continuous(name="glucose", low=1.0, high=40.0, unit="mM")
IPTG = Continuous(name="iptg", low=0.0, high=1.0, unit="mM", acts="dose", at="induction")
INDUCTION = Discrete(name="induction", values=(0.0, 2.0, 4.0), unit="h", acts="time")
STRAIN = Categorical(name="strain", levels=("BL21", "MG1655"))
SPACE = SearchSpace(factors=(GLUCOSE, IPTG, INDUCTION, STRAIN))


def test_bounds_reversed_are_refused_with_both_numbers():
    with pytest.raises(ValidationError, match="expected low < high, found low = 40, high = 2"):
        Continuous(name="glucose", low=40, high=2)


def test_steps_expand_to_values_with_both_ends():
    assert Discrete(name="t", low=0.0, high=1.0, step=0.25).values == (0.0, 0.25, 0.5, 0.75, 1.0)


@pytest.mark.parametrize("given_", [{"values": (1.0, 1.0)}, {"low": 3.0, "high": 1.0, "step": 1.0}, {"low": 0.0, "high": 1.0}, {}])
def test_discrete_factors_without_distinct_values_are_refused(given_):
    with pytest.raises(ValidationError, match="expected"):
        Discrete(name="t", **given_)


def test_a_concentration_starts_and_a_level_is_set():
    forced = SPACE.interventions({"glucose": 10.0, "iptg": 0.5, "induction": 2.0, "strain": "BL21"})
    assert forced == (Start(variable="glucose", value=10.0), Dose(variable="iptg", at_h=2.0, amount=0.5), Set(variable="strain", value="BL21"))


@given(st.floats(1, 40), st.floats(0, 1), st.sampled_from([0.0, 2.0, 4.0]), st.sampled_from(["BL21", "MG1655"]))
def test_interventions_give_the_settings_back(glucose, iptg, induction, strain):
    settings = {"glucose": glucose, "iptg": iptg, "induction": induction, "strain": strain}
    assert SPACE.settings(SPACE.interventions(settings)) == settings


@pytest.mark.parametrize(
    ("change", "word"),
    [({"glucose": 50.0}, "1 to 40 mM, found 50"), ({"induction": 3.0}, "one of 0, 2, 4"), ({"strain": "BL-21"}, "'BL21'"), ({"glocose": 3.0}, "'glucose'"),
     ({"glucose": float("nan")}, "found nan"), ({"glucose": "ten"}, "'ten'"), ({"glucose": True}, "True")],
)  # fmt: skip
def test_a_setting_outside_the_space_is_named_with_its_reason(change, word):
    settings = {"glucose": 10.0, "iptg": 0.5, "induction": 2.0, "strain": "BL21", **change}
    assert any(word in reason for reason in SPACE.reasons_against(settings))


def test_every_reason_is_given_at_once():
    assert len(SPACE.reasons_against({"glucose": 0.0, "iptg": 2.0, "induction": 1.0, "strain": "x"})) == 4


def test_constraints_that_no_point_meets_are_refused():
    with pytest.raises(SpaceError, match="found none within the factors' bounds"):
        SearchSpace(factors=(GLUCOSE,), constraints=(Linear(terms={"glucose": 1.0}, at_least=41.0),))


def test_a_constraint_on_an_unknown_factor_names_the_nearest():
    with pytest.raises(SpaceError, match="Did you mean 'glucose'"):
        SearchSpace(factors=(GLUCOSE,), constraints=(Linear(terms={"glucos": 1.0}, at_most=4.0),))


def test_a_constraint_on_a_categorical_factor_is_refused():
    with pytest.raises(SpaceError, match="categorical"):
        SearchSpace(factors=(GLUCOSE, STRAIN), constraints=(Linear(terms={"strain": 1.0}, at_most=4.0),))


def test_a_dose_needs_a_time_factor():
    with pytest.raises(SpaceError, match="acts = 'time'"):
        SearchSpace(factors=(IPTG, GLUCOSE))


def test_an_integer_takes_whole_numbers_alone():
    space = SearchSpace(factors=(Integer(name="passages", low=1, high=5),))
    assert space.reasons_against({"passages": 3.0}) == []
    assert space.reasons_against({"passages": 2.5})


# --- tables of candidates -------------------------------------------------------------------------------------------


def test_a_table_becomes_factors_by_column():
    frame = pd.DataFrame({"ligand": ["a", "b", "a"], "temp": [90, 105, 120]}, index=["r1", "r2", "r3"])
    space = SearchSpace.from_table(frame)
    assert space["ligand"] == Categorical(name="ligand", levels=("a", "b"))
    assert space["temp"] == Discrete(name="temp", values=(90.0, 105.0, 120.0))
    assert space.candidate_settings(2) == {"ligand": "a", "temp": 120.0}
    assert list(space.candidates.labels) == ["r1", "r2", "r3"]


def test_duplicate_rows_are_refused_with_both_labels():
    frame = pd.DataFrame({"ligand": ["a", "b", "a"], "temp": [90, 105, 90]}, index=["r1", "r2", "r3"])
    with pytest.raises(SpaceError, match="'r1' and 'r3' are equal"):
        SearchSpace.from_table(frame)


def test_a_missing_cell_is_refused_with_its_place():
    with pytest.raises(SpaceError, match="row 1, column 'temp'"):
        SearchSpace.from_table(pd.DataFrame({"ligand": ["a", "b"], "temp": [90.0, np.nan]}))


def test_an_empty_table_is_refused():
    with pytest.raises(SpaceError, match="0 rows"):
        SearchSpace.from_table(pd.DataFrame({"ligand": []}))


def test_a_label_twice_is_refused():
    with pytest.raises(SpaceError, match="'r' twice"):
        SearchSpace.from_table(pd.DataFrame({"x": [1.0, 2.0]}, index=["r", "r"]))


def test_a_level_without_descriptors_is_refused():
    frame = pd.DataFrame({"ligand": ["a", "b"]})
    with pytest.raises(SpaceError, match="none for 'b'"):
        SearchSpace.from_table(frame, descriptors={"ligand": pd.DataFrame({"mass": [1.0]}, index=["a"])})


def test_descriptors_for_no_column_are_refused():
    with pytest.raises(SpaceError, match="'ligand'"):
        SearchSpace.from_table(pd.DataFrame({"ligand": ["a", "b"]}), descriptors={"ligands": pd.DataFrame({"m": [1.0, 2.0]}, index=["a", "b"])})


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9)), min_size=1, max_size=12, unique=True))
def test_every_row_of_a_table_is_of_its_own_space(rows):
    space = SearchSpace.from_table(pd.DataFrame(rows, columns=["level", "number"]))
    for position, (level, number) in enumerate(rows):
        settings = space.candidate_settings(position)
        assert settings == {"level": level, "number": float(number)}
        assert space.reasons_against(settings) == []


def test_equal_spaces_have_one_digest():
    frame = pd.DataFrame({"ligand": ["a", "b"], "temp": [90, 105]})
    assert SearchSpace.from_table(frame).digest() == SearchSpace.from_table(frame.copy()).digest()
    assert SearchSpace.from_table(frame).digest() != SearchSpace.from_table(frame.assign(temp=[90, 106])).digest()
