"""Where candidates come from: feasible, distinct, and never twice."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.filling import fill
from planner.linear import unit_constraints
from planner.pool import build_pool, draw_feasible, to_levels
from world_model.encoding import Encoder
from world_model.terms.constraints import Linear
from world_model.terms.errors import DesignError
from world_model.terms.factors import Categorical, Continuous, Discrete, Integer
from world_model.terms.space import SearchSpace

MIXTURE = SearchSpace(
    factors=tuple(Continuous(name=name, low=0, high=1) for name in "abc"), constraints=(Linear(terms={"a": 1, "b": 1, "c": 1}, equals=1.0),)
)
NARROW = SearchSpace(
    factors=tuple(Continuous(name=f"x{i}", low=0, high=10) for i in range(6)), constraints=(Linear(terms={f"x{i}": 1 for i in range(6)}, at_most=6),)
)
NOTHING = torch.empty(0, 3, dtype=torch.double)


def test_a_mixture_sums_to_one():
    """No Sobol point meets an equality: the polytope sampler does."""
    encoder = Encoder(MIXTURE)
    rows = encoder.settings(draw_feasible(encoder, 50, seed=0))
    assert len(rows) == 50
    assert [sum(row.values()) for row in rows] == pytest.approx([1.0] * 50, abs=1e-6)
    assert all(MIXTURE.reasons_against(row) == [] for row in rows)


def test_a_narrow_corner_is_filled():
    """Σ x ≤ 6 of 6 factors up to 10 holds 0.6^6/6! = 6.5e-5 of the cube: rejection finds next to nothing."""
    encoder = Encoder(NARROW)
    points = draw_feasible(encoder, 1024, seed=1)
    assert len(points) == 1024
    assert all(NARROW.reasons_against(row) == [] for row in encoder.settings(points))
    # spread inside the simplex: the mean of each coordinate is 6/7 of 10
    assert torch.allclose(points.mean(0), torch.full((6,), 6 / 70, dtype=torch.double), atol=0.015)


@given(st.lists(st.floats(0, 1), min_size=4, max_size=4))
def test_every_point_of_the_cube_becomes_one_of_the_space(unit):
    space = SearchSpace(
        factors=(
            Continuous(name="x", low=1, high=9, scale="log"), Discrete(name="d", values=(1, 2, 5)), Integer(name="k", low=0, high=4),
            Categorical(name="c", levels=("a", "b")),
        )
    )  # fmt: skip
    encoder = Encoder(space)
    assert space.reasons_against(encoder.settings(to_levels(encoder, torch.tensor([unit], dtype=torch.double)))[0]) == []


def test_discrete_values_are_drawn_equally_often():
    """By equal shares: 3 values, 3000 points, 1000 each up to Sobol's evenness."""
    encoder = Encoder(SearchSpace(factors=(Discrete(name="d", values=(0, 1, 10)), Continuous(name="x", low=0, high=1))))
    drawn = draw_feasible(encoder, 3000, seed=0)[:, 0]
    counts = torch.unique(drawn, return_counts=True)[1]
    assert counts.tolist() == pytest.approx([1000] * 3, abs=30)


def test_a_small_grid_is_listed_whole_and_what_is_taken_is_gone():
    encoder = Encoder(SearchSpace(factors=(Integer(name="k", low=1, high=3), Categorical(name="c", levels=("a", "b")))))
    taken = encoder.design_of([{"k": 2, "c": "b"}])
    pool = build_pool(encoder, taken=taken, seed=0)
    rows = {(row["k"], row["c"]) for row in encoder.settings(pool.design)}
    assert pool.exhaustive and rows == {(1, "a"), (1, "b"), (2, "a"), (3, "a"), (3, "b")}


def test_a_space_with_nothing_left_says_so():
    encoder = Encoder(SearchSpace(factors=(Integer(name="k", low=1, high=2),)))
    with pytest.raises(DesignError, match="not yet measured or pending"):
        build_pool(encoder, taken=encoder.design_of([{"k": 1}, {"k": 2}]), seed=0)


def test_an_exhausted_table_says_so():
    space = SearchSpace.from_table(pd.DataFrame({"x": [1.0, 2.0], "c": ["a", "b"]}))
    encoder = Encoder(space)
    with pytest.raises(DesignError, match="exhausted"):
        build_pool(encoder, taken=encoder.design(space.candidates.columns), seed=0)


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.integers(1, 60))
def test_taken_rows_of_a_table_are_found_exactly(seed, n_taken):
    """Against a look-up of tuples: every taken row is left out, and no other, in a table with near twins (1e-4 apart)."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"x": np.round(rng.uniform(0, 1, 200), 4), "c": rng.choice(list("abc"), 200), "z": rng.integers(0, 60, 200)}).drop_duplicates()
    frame = frame.reset_index(drop=True)
    space = SearchSpace.from_table(frame)
    encoder = Encoder(space)
    design = encoder.design(space.candidates.columns)
    taken = rng.choice(len(frame), min(n_taken, len(frame) - 1), replace=False)
    pool = build_pool(encoder, taken=design[taken], seed=0)
    assert set(pool.rows.tolist()) == set(range(len(frame))) - set(taken.tolist())


def test_constraints_hold_for_tables_too():
    frame = pd.DataFrame({"x": [0.0, 1.0, 2.0, 3.0], "z": [0.0, 1.0, 2.0, 3.5]})
    table = SearchSpace.from_table(frame)
    space = SearchSpace(factors=table.factors, candidates=table.candidates, constraints=(Linear(terms={"x": 1, "z": 1}, at_most=2),))
    assert build_pool(Encoder(space), taken=torch.empty(0, 2, dtype=torch.double), seed=0).rows.tolist() == [0, 1]


def test_snapped_points_are_distinct_and_feasible():
    """A bench that reaches whole numbers only: 11 points are left of a continuum, 5 of them within the constraint."""
    space = SearchSpace(factors=(Continuous(name="x", low=0, high=10),), constraints=(Linear(terms={"x": 1}, at_most=4.4),))
    pool = build_pool(Encoder(space), taken=torch.empty(0, 1, dtype=torch.double), seed=0, snap=lambda row: {"x": float(round(row["x"]))})
    assert sorted((pool.design.flatten() * 10).round().tolist()) == [0, 1, 2, 3, 4]


@given(st.lists(st.floats(0, 1), min_size=2, max_size=2))
def test_constraints_in_the_unit_cube_are_those_of_the_space(unit):
    """2 x + 3 z ≤ 20 with x in [1, 5], z in [0, 10]: BoTorch's `Σ coefficient · u ≥ rhs` has the same slack."""
    space = SearchSpace(
        factors=(Continuous(name="x", low=1, high=5), Continuous(name="z", low=0, high=10)), constraints=(Linear(terms={"x": 2, "z": 3}, at_most=20),)
    )
    indices, coefficients, rhs = unit_constraints(Encoder(space)).inequalities[0]
    point = torch.tensor(unit, dtype=torch.double)
    slack = float((coefficients * point[indices]).sum()) - rhs
    assert slack == pytest.approx(20 - 2 * (1 + 4 * unit[0]) - 3 * 10 * unit[1], abs=1e-9)


def test_a_log_factor_under_a_constraint_is_left_to_the_pool():
    space = SearchSpace(factors=(Continuous(name="x", low=1, high=10, scale="log"),), constraints=(Linear(terms={"x": 1}, at_most=5),))
    assert unit_constraints(Encoder(space)) is None
    assert all(row["x"] <= 5 for row in Encoder(space).settings(draw_feasible(Encoder(space), 20, seed=0)))


def test_space_filling_takes_the_corners_first():
    """Greedy maximin on the grid 0..4 squared with the centre known: the four corners are farthest."""
    encoder = Encoder(SearchSpace(factors=(Integer(name="a", low=0, high=4), Integer(name="b", low=0, high=4))))
    known = torch.tensor([[0.5, 0.5]], dtype=torch.double)
    pool = build_pool(encoder, taken=known, seed=0)
    corners = {tuple(row) for row in pool.design[fill(pool, 4, encoder=encoder, known=known, seed=0)].tolist()}
    assert corners == {(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)}
