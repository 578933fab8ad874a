"""The ridge behind the response surface: closed forms against the long way round."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from world_model.contestants.quadratic import Quadratic
from world_model.contract import Training
from world_model.encoding import Encoder
from world_model.ridge import fit_ridge
from world_model.second_order import SecondOrder
from world_model.terms.factors import Categorical, Continuous
from world_model.terms.readings import Dataset
from world_model.terms.space import SearchSpace

PLANE = SearchSpace(factors=(Continuous(name="x", low=-1, high=1), Continuous(name="z", low=-1, high=1)))


def _data(answer, n=30, noise=0.0, seed=0):
    rng = np.random.default_rng(seed)
    x, z = rng.uniform(-1, 1, n), rng.uniform(-1, 1, n)
    values = (answer(x, z) + noise * rng.normal(size=n))[:, None, None]
    return Training.of(PLANE, Dataset(
        ids=tuple(map(str, range(n))), settings={"x": x, "z": z}, roles=("candidate",) * n, blocks=("1",) * n, times_h=np.array([np.nan]),
        variables=("y",), values=values, flags=np.zeros((n, 1, 1), int),
    ))  # fmt: skip


def bowl(x, z):
    return 1 + x - 2 * z + x * z + 3 * z**2


@pytest.fixture(scope="module")
def ridge_and_columns():
    generator = torch.Generator().manual_seed(1)
    columns = torch.randn(18, 5, generator=generator, dtype=torch.double)
    targets = columns[:, 0] - columns[:, 2] + 0.3 * torch.randn(18, generator=generator, dtype=torch.double)
    prior = torch.tensor([1.0, 0.5, 1.0, 0.2, 1.0], dtype=torch.double)
    return fit_ridge(columns, targets, prior_sds=[prior]), columns, targets, prior


def test_the_mean_solves_the_normal_equations(ridge_and_columns):
    """(X'X + shrinkage D^-2) w = X'y, Hoerl & Kennard."""
    ridge, columns, targets, prior = ridge_and_columns
    weights = torch.linalg.solve(columns.T @ columns + ridge.shrinkage * torch.diag(prior**-2), columns.T @ targets)
    assert torch.allclose(ridge.mean(columns), columns @ weights)


def test_the_variance_is_that_of_the_posterior_weights(ridge_and_columns):
    ridge, columns, _, prior = ridge_and_columns
    covariance = ridge.noise_variance * torch.linalg.inv(columns.T @ columns + ridge.shrinkage * torch.diag(prior**-2))
    assert torch.allclose(ridge.variance(columns), ((columns @ covariance) * columns).sum(-1))


def test_held_out_equals_refits_with_the_same_shrinkage(ridge_and_columns):
    """Each group left out in turn, its weights solved from the other rows."""
    ridge, columns, targets, prior = ridge_and_columns
    groups = torch.arange(18) // 2
    groups[0:3] = 0
    mean, variance = ridge.held_out(groups)
    for group in groups.unique():
        rest, out = groups != group, groups == group
        gram = columns[rest].T @ columns[rest] + ridge.shrinkage * torch.diag(prior**-2)
        weights = torch.linalg.solve(gram, columns[rest].T @ targets[rest])
        spread = ridge.noise_variance * (1 + ((columns[out] @ torch.linalg.inv(gram)) * columns[out]).sum(-1))
        assert torch.allclose(mean[out], columns[out] @ weights) and torch.allclose(variance[out], spread)


def test_more_columns_than_rows_leave_the_prior_where_nothing_was_seen():
    """One row along one axis: along the other axis the variance is the prior's, signal x prior²."""
    ridge = fit_ridge(torch.tensor([[1.0, 0.0]]).double(), torch.tensor([1.0]).double(), prior_sds=[torch.tensor([1.0, 2.0]).double()])
    assert float(ridge.variance(torch.tensor([[0.0, 1.0]]).double())) == pytest.approx(4 * ridge.signal)


def test_draws_have_the_marginals(ridge_and_columns):
    ridge, columns, _, _ = ridge_and_columns
    drawn = ridge.draws(columns, torch.randn(20_000, 5, generator=torch.Generator().manual_seed(0), dtype=torch.double))
    assert torch.allclose(drawn.std(0), ridge.variance(columns).sqrt(), rtol=0.03)
    assert torch.allclose(drawn.mean(0), ridge.mean(columns), atol=4.5 * float(drawn.std()) / 20_000**0.5)


def test_a_quadratic_truth_is_found_and_extrapolated():
    """Without noise the polynomial itself comes back, also at the corners."""
    fitted = Quadratic().fit(_data(bowl), seed=0)
    corners = torch.tensor([[0.0, 0.0], [1.0, 1.0], [0.0, 1.0]], dtype=torch.double)
    told = fitted.beliefs(corners).mean.flatten()
    assert torch.allclose(told, torch.tensor([bowl(-1, -1), bowl(1, 1), bowl(-1, 1)], dtype=torch.double), atol=0.01)


def test_the_intervals_hold_what_they_promise():
    """20 noisy data sets of 20 rows: 90 % intervals of held-out readings cover 84 to 96 % of the 400 (±3.5 standard errors about 90)."""
    hits = []
    for seed in range(20):
        training = _data(bowl, n=20, noise=0.5, seed=seed)
        told = Quadratic().fit(training, seed=0).held_out()
        hits.append(((told.mean - training.values).abs() < 1.645 * told.variance("reading").sqrt()).double().mean())
    assert 0.84 < float(torch.stack(hits).mean()) < 0.96


def test_levels_have_no_squares_and_no_pairs_with_their_like():
    """x, x², three levels, three products of x with a level, one constant: 9 columns."""
    space = SearchSpace(factors=(Continuous(name="x", low=0, high=1), Categorical(name="c", levels=("a", "b", "c"))))
    assert SecondOrder.of(Encoder(space)).size == 9
    only_levels = SearchSpace(factors=(Categorical(name="c", levels=("a", "b", "c")), Categorical(name="d", levels=("a", "b"))))
    assert not SecondOrder.of(Encoder(only_levels)).numeric.any()
