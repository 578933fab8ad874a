"""Settings → designs → features and back."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from world_model.encoding import Encoder, unit_values
from world_model.terms.errors import SpaceError
from world_model.terms.factors import Categorical, Continuous, Descriptors, Discrete, Integer
from world_model.terms.space import SearchSpace

DOSES = (0.1, 1.0, 10.0, 100.0)
SPACE = SearchSpace(
    factors=(
        Continuous(name="heat", low=20, high=40),
        Continuous(name="salt", low=0.01, high=100, scale="log"),
        Discrete(name="dose", values=DOSES, scale="log"),
        Integer(name="count", low=2, high=9),
        Categorical(name="strain", levels=("a", "b", "c")),
    )
)


@st.composite
def settings(draw):
    return {
        "heat": draw(st.floats(20, 40)), "salt": draw(st.floats(0.01, 100)), "dose": draw(st.sampled_from(DOSES)),
        "count": float(draw(st.integers(2, 9))), "strain": draw(st.sampled_from(["a", "b", "c"])),
    }  # fmt: skip


@given(st.lists(settings(), min_size=1, max_size=5))
def test_settings_come_back_from_their_design(rows):
    encoder = Encoder(SPACE)
    design = encoder.design_of(rows)
    assert design.shape == (len(rows), 5) and float(design[:, :4].min()) >= 0 and float(design[:, :4].max()) <= 1
    for asked, got in zip(rows, encoder.settings(design), strict=True):
        assert got["strain"] == asked["strain"] and got["dose"] == asked["dose"] and got["count"] == asked["count"]
        assert got["heat"] == pytest.approx(asked["heat"], rel=1e-9)
        assert got["salt"] == pytest.approx(asked["salt"], rel=1e-9)


@given(st.lists(st.floats(-0.5, 1.5), min_size=4, max_size=4), st.floats(-1, 4))
def test_any_design_decodes_to_settings_of_the_space(numbers, code):
    """Optimisers overshoot: whatever they hand over must decode to something that the space accepts."""
    decoded = Encoder(SPACE).settings(torch.tensor([[*numbers, code]], dtype=torch.double))[0]
    assert SPACE.reasons_against(decoded) == []


def test_log_scale_puts_the_geometric_mean_in_the_middle():
    """√(0.01 · 100) = 1 lies half-way."""
    design = Encoder(SPACE).design({"heat": [30], "salt": [1.0], "dose": [1.0], "count": [2], "strain": ["a"]})
    assert design[0].tolist() == pytest.approx([0.5, 0.5, math.log(10) / math.log(1000), 0.0, 0.0])


def test_levels_become_one_hot_and_features_know_their_factor():
    encoder = Encoder(SPACE)
    features = encoder.features(torch.tensor([[0.2, 0.3, 0.0, 1.0, 2.0]], dtype=torch.double))
    assert features.tolist() == [[0.2, 0.3, 0.0, 1.0, 0.0, 0.0, 1.0]]
    assert encoder.feature_names() == ("heat", "salt", "dose", "count", "strain", "strain", "strain")
    assert encoder.n_features == 7


def test_descriptors_are_scaled_and_repeats_dropped():
    """Column 2 is 3 · column 1 + 1 (correlation 1), column 3 is constant, column 4 is uncorrelated: 1 and 4 are kept."""
    values = {"a": (1.0, 4.0, 5.0, 0.0), "b": (2.0, 7.0, 5.0, 9.0), "c": (3.0, 10.0, 5.0, 0.0)}
    factor = Categorical(name="ligand", levels=("a", "b", "c"), descriptors=Descriptors(names=("p", "q", "r", "s"), values=values))
    encoder = Encoder(SearchSpace(factors=(factor,)))
    assert encoder.features(torch.tensor([[0.0], [1.0], [2.0]], dtype=torch.double)).tolist() == [[0.0, 0.0], [0.5, 1.0], [1.0, 0.0]]


def test_descriptors_that_never_differ_are_refused():
    factor = Categorical(name="x", levels=("a", "b"), descriptors=Descriptors(names=("p",), values={"a": (1.0,), "b": (1.0,)}))
    with pytest.raises(SpaceError, match="only constant"):
        Encoder(SearchSpace(factors=(factor,)))


def test_an_unknown_level_is_named_with_the_nearest():
    with pytest.raises(SpaceError, match="strain.*'B'"):
        Encoder(SPACE).design({"heat": [30], "salt": [1.0], "dose": [1.0], "count": [2], "strain": ["B"]})


def test_codes_of_a_table_are_levels_by_position():
    encoder = Encoder(SPACE)
    columns = {"heat": np.array([20.0]), "salt": np.array([1.0]), "dose": np.array([1.0]), "count": np.array([2.0])}
    named = encoder.design({**columns, "strain": ["c"]})
    coded = encoder.design({**columns, "strain": np.array([2], dtype=np.int32)})
    assert torch.equal(named, coded)


def test_places_of_discrete_factors():
    assert unit_values(SPACE["count"]) == pytest.approx([k / 7 for k in range(8)])
    assert unit_values(SPACE["dose"]) == pytest.approx([0, 1 / 3, 2 / 3, 1])
    assert unit_values(SPACE["heat"]) is None
