"""The families that are simple by structure: sums of one-factor curves, main effects with pairs, few features that matter."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from world_model.contestants.trajectory_gp import TrajectoryGP
from world_model.contract import Training
from world_model.encoding import Encoder
from world_model.kernels import FAMILIES, build
from world_model.merged_columns import merged_columns
from world_model.misfit import misfit
from world_model.pairwise_kernel import MainAndPairs
from world_model.terms.factors import Categorical, Continuous, Integer
from world_model.terms.readings import Dataset
from world_model.terms.space import SearchSpace

PLANE = SearchSpace(factors=(Continuous(name="x", low=0, high=1), Continuous(name="z", low=0, high=1)))
GENES = SearchSpace(factors=tuple(Integer(name=gene, low=0, high=1) for gene in "ABCD"))
EDIT = {"acts": "edit", "mode": "knock_out", "no_edit": "none", "levels": ("none", "A", "B", "C")}
SLOTS = SearchSpace(factors=(Categorical(name="first", **EDIT), Categorical(name="second", **EDIT)))


def training(space, design, values):
    n, encoder = len(design), Encoder(space)
    rows = encoder.settings(torch.as_tensor(design, dtype=torch.double))
    return Training.of(space, Dataset(
        ids=tuple(map(str, range(n))), settings={name: np.array([row[name] for row in rows]) for name in space.names},
        roles=("candidate",) * n, blocks=("1",) * n, times_h=np.array([np.nan]), variables=("y",), values=np.asarray(values, float)[:, None, None],
        flags=np.zeros((n, 1, 1), int),
    ))  # fmt: skip


def test_an_additive_truth_is_found_where_rows_and_columns_cross():
    """Known along x (at z = 0) and along z (at x = 0), without noise: every crossing is the sum, to 2 % of the range."""
    grid = np.linspace(0, 1, 9)
    along = [(x, 0.0) for x in grid] + [(0.0, z) for z in grid[1:]]
    told = training(PLANE, along, [np.sin(3 * x) + 2 * z**2 for x, z in along])
    fitted = TrajectoryGP(name="additive", family="additive").fit(told, seed=0)
    crossing = torch.tensor([[0.5, 0.5], [1.0, 1.0], [0.25, 0.875]], dtype=torch.double)
    truth = torch.sin(3 * crossing[:, 0]) + 2 * crossing[:, 1] ** 2
    assert torch.allclose(fitted.beliefs(crossing).mean.flatten(), truth, atol=0.06)


def test_the_additive_kernel_has_no_interaction():
    """k((a,b)) - k((a,.)) …: second mixed differences of any draw vanish, so of its covariance: checked on the four corners."""
    gp = build("additive", inputs=torch.rand(4, 2, dtype=torch.double), targets=torch.zeros(4, 1, dtype=torch.double), encoder=Encoder(PLANE))
    corners = torch.tensor([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=torch.double)
    sign = torch.tensor([1.0, -1.0, -1.0, 1.0], dtype=torch.double)
    covariance = gp.covar_module(corners).to_dense().detach()
    assert float(sign @ covariance @ sign) == pytest.approx(0.0, abs=1e-8)


def test_the_pairwise_kernel_multiplied_out_by_hand():
    """AB against AC: one gene shared, no pair: v0 + v1. AB against AB: v0 + 2 v1 + v2. v = (1, 1, 0.5)."""
    kernel = MainAndPairs(merged_columns(Encoder(GENES)))
    double = torch.tensor([[1, 1, 0, 0], [1, 0, 1, 0]], dtype=torch.double)
    told = kernel(double).to_dense().detach()
    assert told.flatten().tolist() == pytest.approx([3.5, 2.0, 2.0, 3.5])
    assert kernel(double, diag=True).detach().tolist() == pytest.approx([3.5, 3.5])


def test_a_gene_is_one_gene_whichever_slot_names_it():
    merged = merged_columns(Encoder(SLOTS))
    features = Encoder(SLOTS).features(Encoder(SLOTS).design_of([{"first": "A", "second": "B"}, {"first": "B", "second": "A"}]))
    assert torch.equal(*(features @ merged.matrix))
    assert len(merged.units) == 3


def test_levels_of_a_category_make_one_unit():
    """Two categories: the pair term is 1 where both levels agree, so k(same) = v0 + 2 v1 + v2."""
    space = SearchSpace(factors=(Categorical(name="c", levels=("a", "b", "c")), Categorical(name="d", levels=("x", "y"))))
    kernel = MainAndPairs(merged_columns(Encoder(space)))
    features = Encoder(space).features(torch.tensor([[0.0, 1.0], [0.0, 0.0]], dtype=torch.double))
    assert kernel(features).to_dense().detach().flatten().tolist() == pytest.approx([3.5, 2.0, 2.0, 3.5])


def test_pairwise_finds_an_interaction_that_additive_edits_can_t():
    """A and B together read 5 more than their sum. All doubles but (B, D) were done: pairs that hold no interaction are told from it."""
    rng = np.random.default_rng(0)
    rows = [tuple(int(g in done) for g in range(4)) for done in [(), (0,), (1,), (2,), (3,), (0, 1), (0, 2), (0, 3), (1, 2), (2, 3)]] * 2
    values = [r[0] + 2 * r[1] - r[2] + 5 * r[0] * r[1] + 0.01 * rng.normal() for r in rows]
    fitted = TrajectoryGP(name="pairwise", family="pairwise").fit(training(GENES, rows, values), seed=0)
    told = fitted.beliefs(torch.tensor([[1, 1, 0, 0], [0, 0, 0, 0]], dtype=torch.double)).mean.flatten()
    assert float(told[0]) == pytest.approx(8.0, abs=0.3) and float(told[1]) == pytest.approx(0.0, abs=0.3)


def test_the_sparse_family_finds_the_two_features_of_twenty():
    """y hangs on the first two of 20 numbers: their length scales come out shortest."""
    space = SearchSpace(factors=tuple(Continuous(name=f"x{i}", low=0, high=1) for i in range(20)))
    design = np.random.default_rng(0).uniform(size=(40, 20))
    fitted = TrajectoryGP(name="saas", family="saas").fit(training(space, design, np.sin(5 * design[:, 0]) + 2 * design[:, 1]), seed=0)
    scales = fitted.model.gps.models[0].covar_module.base_kernel.lengthscale.detach().flatten()
    assert set(scales.argsort()[:2].tolist()) == {0, 1}


@pytest.mark.parametrize(
    ("family", "space", "reason"),
    [("saas", PLANE, "features"), ("pairwise", PLANE, "more than two values"), ("additive", SearchSpace(factors=PLANE.factors[:1]), "one factor"),
     ("additive", PLANE, None), ("wide", PLANE, None), ("pairwise", GENES, None)],
)  # fmt: skip
def test_a_family_says_where_it_does_not_compete(family, space, reason):
    design = np.random.default_rng(0).integers(0, 2, (6, len(space.factors))) * 0.5 + np.arange(6)[:, None] * (0.1 if space is PLANE else 0.0)
    if space is GENES:
        design = design * 2
    told = misfit(family, training(space, design, range(6)))
    assert told is None if reason is None else reason in str(told)


@pytest.mark.parametrize("family", FAMILIES)
def test_hyper_parameters_of_some_rows_serve_all(family, monkeypatch):
    """Beyond `MOST_FITTED` rows a second GP takes over what was learned: no family loses its state on the way."""
    monkeypatch.setattr("world_model.coefficients.MOST_FITTED", 8)
    design = np.random.default_rng(0).integers(0, 2, (14, 4)).astype(float)
    model = TrajectoryGP(name=family, family=family).fit(training(GENES, design, design @ [1.0, 2.0, 3.0, 4.0]), seed=0).model
    assert len(model.gps.models[0].train_targets) == 14 and torch.isfinite(model.marginals(model.design).mean).all()
