"""Why and why not: the two terms of expected improvement, nearest runs, and indices that are known beforehand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import torch
from botorch.acquisition.analytic import ExpectedImprovement
from botorch.models.deterministic import GenericDeterministicModel
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.explain.importance import importances
from planner.explain.near import nearest_runs
from planner.explain.split import split_of
from world_model.encoding import Encoder
from world_model.fit import fit_world_model
from world_model.terms.constraints import Linear
from world_model.terms.factors import Categorical, Continuous
from world_model.terms.goals import Goal
from world_model.terms.readings import Dataset
from world_model.terms.space import SearchSpace

GOAL = Goal(readout="y")
SPACE = SearchSpace(factors=(Continuous(name="a", low=0, high=1), Continuous(name="b", low=0, high=10), Categorical(name="c", levels=("p", "q"))))


def data_of(space, rows, values):
    return Dataset(
        ids=tuple(f"R01-{i:03d}" for i in range(len(rows))), settings={name: np.array([row[name] for row in rows]) for name in space.names},
        roles=("candidate",) * len(rows), blocks=("R01",) * len(rows), times_h=np.array([np.nan]), variables=("y",),
        values=np.asarray(values, dtype=float)[:, None, None], flags=np.zeros((len(rows), 1, 1), int),
    )  # fmt: skip


def drawn(n, seed=0):
    rng = np.random.default_rng(seed)
    return [{"a": float(rng.uniform()), "b": float(10 * rng.uniform()), "c": str(rng.choice(["p", "q"]))} for _ in range(n)]


def test_both_terms_make_up_botorchs_expected_improvement():
    """Where the mean beats the best, exploitation plus exploration is EI (BoTorch's, of a Gaussian by its closed form)."""
    mean, sd, best = 1.2, 0.7, 1.0
    split = split_of(mean, sd, best)
    z = (mean - best) / sd
    by_hand = sd * (z * float(torch.distributions.Normal(0.0, 1.0).cdf(torch.tensor(z))) + math.exp(-z * z / 2) / math.sqrt(2 * math.pi))
    assert split.exploit + split.explore == pytest.approx(by_hand)
    sure = ExpectedImprovement(GenericDeterministicModel(lambda x: x), best_f=best)(torch.tensor([[mean]], dtype=torch.double))
    assert split_of(mean, 0.0, best).exploit == pytest.approx(float(sure), rel=1e-4)


def test_a_mean_under_the_best_explores_alone_and_a_sure_gain_exploits_alone():
    assert split_of(0.5, 1.0, 1.0).exploration == 1.0
    assert split_of(5.0, 1e-9, 1.0).exploration == pytest.approx(0.0, abs=1e-9)


@settings(max_examples=50, deadline=None)
@given(st.floats(-5, 5), st.floats(0.01, 5), st.floats(-5, 5))
def test_shares_lie_between_nothing_and_all(mean, sd, best):
    assert 0.0 <= split_of(mean, sd, best).exploration <= 1.0


def test_the_nearest_run_is_the_one_a_hand_finds():
    rows = [{"a": 0.0, "b": 0.0, "c": "p"}, {"a": 0.5, "b": 5.0, "c": "q"}, {"a": 0.5, "b": 6.0, "c": "p"}]
    near = nearest_runs(Encoder(SPACE), data_of(SPACE, rows, [1, 2, 3]), {"a": 0.5, "b": 5.0, "c": "p"}, n=2)
    assert [one.id for one in near] == ["R01-002", "R01-000"]
    assert near[0].distance == pytest.approx(0.1) and near[0].differs == {"b": 6.0}
    assert near[1].distance == pytest.approx(math.sqrt(0.5))


def test_replicates_of_a_neighbour_are_one_neighbour():
    row = {"a": 0.5, "b": 5.0, "c": "q"}
    near = nearest_runs(Encoder(SPACE), data_of(SPACE, [row, row, {"a": 0.0, "b": 0.0, "c": "p"}], [1, 2, 3]), row, n=2)
    assert [one.row for one in near] == [0, 2] and near[0].distance == 0.0


def test_sobol_indices_of_a_sum_are_its_variances():
    """y = 3a + [c = q]: Var = 9/12 + 1/4, so a explains 0.75 and c 0.25, b nothing, and there is no interaction."""
    rows = drawn(40)
    world = fit_world_model(SPACE, data_of(SPACE, rows, [3 * r["a"] + (r["c"] == "q") for r in rows]), seed=0, goals=[GOAL], contestants=["linear"])
    told = {one.factor: one for one in importances(world, GOAL, seed=0).factors}
    assert told["a"].alone == pytest.approx(0.75, abs=0.06) and told["c"].alone == pytest.approx(0.25, abs=0.06)
    assert told["b"].alone < 0.02 and told["b"].with_others < 0.02
    assert told["a"].with_others == pytest.approx(told["a"].alone, abs=0.06)
    assert next(iter(importances(world, GOAL, seed=0).factors)).factor == "a"


def test_where_constraints_tie_factors_only_what_each_explains_alone_is_told():
    """On a + b/10 <= 1 the triangle is even: y = 3a has all its variance from a, and b explains some through the tie."""
    space = SearchSpace(factors=SPACE.factors, constraints=(Linear(terms={"a": 1, "b": 0.1}, at_most=1.0),))
    rows = [row for row in drawn(90) if row["a"] + row["b"] / 10 <= 1]
    world = fit_world_model(space, data_of(space, rows, [3 * r["a"] for r in rows]), seed=0, goals=[GOAL], contestants=["linear"])
    told = importances(world, GOAL, seed=0)
    of = {one.factor: one for one in told.factors}
    assert all(one.with_others is None for one in told.factors)
    # var of E[a | b] over var of a on the triangle: (1/4 · 1/18) / (1/18)
    assert of["a"].alone > 0.97 and of["b"].alone == pytest.approx(0.25, abs=0.06) and of["c"].alone < 0.02


def test_a_full_table_is_a_box_and_one_with_holes_is_none():
    frame = pd.DataFrame([(x, z) for x in range(6) for z in range(5)], columns=["x", "z"]).astype(float)
    for part, box in ((frame, True), (frame.iloc[:-3], False)):
        space = SearchSpace.from_table(part)
        rows = part.iloc[::2].to_dict("records")
        world = fit_world_model(space, data_of(space, rows, [r["x"] for r in rows]), seed=0, goals=[GOAL], contestants=["linear"])
        told = importances(world, GOAL, seed=0).factors
        assert (told[0].with_others is not None) == box and told[0].factor == "x" and told[0].alone > 0.95


def test_one_factor_explains_all():
    space = SearchSpace(factors=(Continuous(name="a", low=0, high=1),))
    rows = [{"a": float(x)} for x in np.linspace(0, 1, 8)]
    world = fit_world_model(space, data_of(space, rows, [r["a"] for r in rows]), seed=0, goals=[GOAL], contestants=["linear"])
    assert importances(world, GOAL, seed=0).factors[0].alone == 1.0
