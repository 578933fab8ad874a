"""Contestants that roll out: what they must know of a linear system, of doses, and of rows that they may not see."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from world_model.contestants.ensemble import Ensemble
from world_model.contestants.neural_ode import NeuralODE
from world_model.contestants.one_step_gp import OneStepGP, cross_fitted
from world_model.contestants.rivals import MLPEnsemble, OneStepEnsemble
from world_model.contract import Training
from world_model.mechanisms.simulated import Simulated
from world_model.terms.factors import Continuous
from world_model.terms.readings import Dataset
from world_model.terms.space import SearchSpace

HOURS = np.arange(9.0)
CONSTANT = SearchSpace(factors=(Continuous(name="feed", low=0, high=2), Continuous(name="start", unit="mM", low=0, high=1)))
DOSED = SearchSpace(
    factors=(Continuous(name="drug", unit="mM", low=0, high=10, acts="dose", at="hour"), Continuous(name="hour", unit="h", low=1, high=6, acts="time"))
)
QUICK = Ensemble(one_step=40, rollout=10, hidden=16)
QUICK_ODE = NeuralODE(mechanism="none", one_step=40, rollout=5, hidden=16)


def linear(feed, start, *, hours=HOURS):
    """`x' = feed - x/2` from `start`, and an observable that lags behind it, `y' = x - y`; exact by matrix exponential."""
    from scipy.linalg import expm

    flow = np.array([[-0.5, 0.0, 1.0], [1.0, -1.0, 0.0], [0.0, 0.0, 0.0]])
    steps = np.stack([expm(flow * hour) for hour in hours])
    begun = np.stack([start, np.zeros_like(start), feed], axis=1)
    return np.einsum("tij,nj->nti", steps, begun)[..., :2]


def training(space, settings, values):
    n, _, y = values.shape
    return Training.of(space, Dataset(
        ids=tuple(map(str, range(n))), settings=settings, roles=("candidate",) * n, blocks=("1",) * n, times_h=HOURS,
        variables=tuple(f"y{i}" for i in range(y)), values=values, flags=np.zeros(values.shape, int),
    ))  # fmt: skip


def linear_training(n, *, noise=0.0, seed=0, gaps=0.0):
    rng = np.random.default_rng(seed)
    feed, start = rng.uniform(0, 2, n), rng.uniform(0, 1, n)
    values = linear(feed, start)
    values = values + noise * values.std(axis=(0, 1)) * rng.normal(size=values.shape)
    values[rng.uniform(size=values.shape) < gaps] = np.nan
    return training(CONSTANT, {"feed": feed, "start": start}, values)


def dosed_training(n, seed=0):
    """A drug that decays by half an hour: nothing before its hour, `drug · exp(-(t - hour)/2)` after; one that is read at its hour was not given yet."""
    rng = np.random.default_rng(seed)
    drug, hour = rng.uniform(0, 10, n), rng.uniform(1, 6, n)
    since = HOURS[None] - hour[:, None]
    values = np.where(since > 0, drug[:, None] * np.exp(-np.maximum(since, 0) / 2), 0.0)[..., None]
    return training(DOSED, {"drug": drug, "hour": hour}, values + 0.01 * rng.normal(size=values.shape))


def queries():
    return torch.tensor([[0.15, 0.2], [0.5, 0.9], [0.85, 0.4]], dtype=torch.double)


def exact(design):
    return torch.as_tensor(linear(2 * design[:, 0].numpy(), design[:, 1].numpy()))


def contestants():
    return [
        pytest.param(OneStepGP(), 24, 0.01, id="one-step GP"),
        pytest.param(Ensemble(one_step=100, rollout=20), 60, 0.02, id="networks"),
        pytest.param(NeuralODE(mechanism="none", one_step=150, rollout=30), 60, 0.03, id="neural ODE"),
    ]


@pytest.mark.parametrize(("contestant", "n", "most"), contestants())
def test_a_linear_system_is_rolled_out_as_it_is(contestant, n, most):
    """Root mean square error over unseen feeds and starts, in sd of the readings; the truth is a matrix exponential."""
    if isinstance(contestant, NeuralODE):
        pytest.importorskip("torchdiffeq")
    data = linear_training(n)
    told = contestant.fit(data, seed=0).beliefs(queries())
    missed = ((told.mean - exact(queries())) / data.scale).square().mean().sqrt()
    assert float(missed) < most


@pytest.mark.parametrize("contestant", [OneStepGP(), QUICK], ids=lambda one: one.name)
def test_a_dose_has_no_effect_before_its_time(contestant):
    """Nothing and ten given at 4.5 h: the same beliefs up to the reading at 4 h, and other ones from 5 h on."""
    fitted = contestant.fit(dosed_training(50), seed=0)
    at = (4.5 - 1) / 5
    told = fitted.beliefs(torch.tensor([[0.0, at], [1.0, at]], dtype=torch.double)).mean[..., 0]
    assert torch.allclose(told[0, :5], told[1, :5], atol=1e-6)
    assert float(told[1, 5] - told[0, 5]) > 3.0  # truth: 10 exp(-1/4) = 7.8
    drawn = fitted.draws(torch.tensor([[0.0, at], [1.0, at]], dtype=torch.double), 4, seed=1)
    assert torch.allclose(drawn[:, 0, :5], drawn[:, 1, :5], atol=1e-6)


class SlowMechanism:
    """The same system with the wrong pace: time runs at 0.7 of the truth."""

    name, parameters = "slow", ()

    def simulate(self, rows, times_h, variables, *, scaled=None):
        feed, start = (np.array([row[name] for row in rows]) for name in ("feed", "start"))
        return linear(feed, start, hours=0.7 * np.asarray(times_h))


@pytest.mark.parametrize("contestant", [Ensemble(mechanism="residual", one_step=100, rollout=20), NeuralODE(one_step=100, rollout=20)], ids=["networks", "neural ODE"])
def test_what_a_wrong_mechanism_leaves_is_learned(contestant):
    """The mechanism alone is off by more than a tenth of the readings' sd; with it as known input that falls below a fortieth."""
    if isinstance(contestant, NeuralODE):
        pytest.importorskip("torchdiffeq")
    data = linear_training(60)
    simulated = Simulated(SlowMechanism(), encoder=data.encoder, times_h=data.times_h, variables=data.variables)
    told = contestant.fit(replace(data, simulated=simulated), seed=0).beliefs(queries()).mean

    def missed(values):
        return float(((values - exact(queries())) / data.scale).square().mean().sqrt())

    assert missed(simulated.at(queries())) > 0.1 and missed(told) < 0.025


def _poisoned(data, row):
    values = data.values.clone()
    values[row] += 100.0 * data.scale
    return replace(data, values=values)


@pytest.mark.parametrize("contestant", [QUICK, QUICK_ODE, MLPEnsemble(updates=20), OneStepEnsemble(updates=20)], ids=lambda one: one.name)
def test_a_row_never_reaches_its_own_held_out_prediction(contestant):
    """One row's readings moved by a hundred sd: what is held out of it stays to the digit, what is held out of others does not."""
    if isinstance(contestant, NeuralODE):
        pytest.importorskip("torchdiffeq")
    data = linear_training(45, noise=0.05)
    before, after = contestant.fit(data, seed=3).held_out(), contestant.fit(_poisoned(data, 7), seed=3).held_out()
    assert torch.equal(before.mean[7], after.mean[7]) and torch.equal(before.variance("reading")[7], after.variance("reading")[7])
    assert not torch.allclose(before.mean, after.mean, rtol=1e-3)


def test_folds_of_the_one_step_gp_share_hyper_parameters_alone():
    data = linear_training(30, noise=0.05)
    fitted = OneStepGP().fit(data, seed=3)
    before = fitted.held_out()
    after = cross_fitted(fitted.world, _poisoned(data, 7), fold=fitted.fold, most=fitted.most, seed=fitted.seed)
    assert torch.equal(before.mean[7], after.mean[7]) and torch.equal(before.variance("reading")[7], after.variance("reading")[7])
    assert not torch.allclose(before.mean, after.mean, rtol=1e-3)


def test_replicates_are_held_out_together():
    """45 settings, each twice: the copies share a fold."""
    once = linear_training(45, noise=0.05)
    twice = once.take(torch.arange(45).repeat(2))
    fitted = QUICK.fit(twice, seed=0)
    assert torch.equal(fitted.fold[:45], fitted.fold[45:])


def test_the_mean_of_members_worlds_is_the_belief():
    """Members are dealt out evenly: with a multiple of them, mean and variance of the draws are the belief's to the digit."""
    fitted = QUICK.fit(linear_training(45, noise=0.05), seed=0)
    told, members = fitted.beliefs(queries()), len(fitted.left_out)
    drawn = fitted.draws(queries(), 3 * members, seed=5)
    assert torch.allclose(drawn.mean(dim=0), told.mean)
    assert torch.allclose(drawn[:members].var(dim=0), told.epistemic)


@pytest.fixture(scope="module")
def one_step():
    return OneStepGP().fit(linear_training(24, noise=0.05), seed=0)


def test_the_mean_of_paths_is_the_belief_within_monte_carlo_error(one_step):
    """24 paths in the belief, 300 drawn: the means differ by at most five standard errors."""
    told, drawn = one_step.beliefs(queries()), one_step.draws(queries(), 300, seed=5)
    error = (drawn.var(dim=0) * (1 / 24 + 1 / 300)).sqrt()
    assert bool(((drawn.mean(dim=0) - told.mean).abs() < 5 * error + 1e-6).all())


def test_readings_scatter_about_states_by_the_noise_that_was_put_in(one_step):
    """5 % of each observable's sd; estimated from 24 runs."""
    told = one_step.beliefs(queries())
    ratio = (told.aleatoric.sqrt() / one_step.training.scale).mean(dim=(0, 1))
    assert ratio.tolist() == pytest.approx([0.05, 0.05], rel=0.3)
    drawn = one_step.draws(queries(), 400, seed=5, of="reading") - one_step.draws(queries(), 400, seed=5)
    assert float(drawn.var() / told.aleatoric.mean()) == pytest.approx(1.0, rel=0.1)


def test_the_same_seed_is_the_same_worlds_whatever_is_asked(one_step):
    """A path is a function: its answer for one experiment does not depend on which others are asked with it."""
    together, alone = one_step.draws(queries(), 6, seed=9), one_step.draws(queries()[1:2], 6, seed=9)
    assert torch.allclose(together[:, 1:2], alone, atol=1e-8)
    assert not torch.allclose(together, one_step.draws(queries(), 6, seed=10), atol=1e-3)


@pytest.mark.parametrize("contestant", [OneStepGP(), QUICK, MLPEnsemble(updates=20), OneStepEnsemble(updates=20)], ids=lambda one: one.name)
def test_gaps_are_no_reason_to_fail(contestant):
    """A fifth of the readings is missing: beliefs and held-out beliefs are finite everywhere."""
    data = linear_training(45, noise=0.05, gaps=0.2)
    fitted = contestant.fit(data, seed=0)
    for told in (fitted.beliefs(queries()), fitted.held_out()):
        assert bool(torch.isfinite(told.mean).all()) and float(told.variance("reading").min()) > 0
    assert fitted.draws(queries(), 3, seed=0, of="reading").shape == (3, 3, 9, 2)


def test_end_points_and_few_runs_are_refused_with_the_reason():
    data = linear_training(10)
    assert "at least 3 times" in str(OneStepGP().why_not(replace(data, times_h=data.times_h[:1], values=data.values[:, :1], flags=data.flags[:, :1])))
    assert "interventions" in str(Ensemble().why_not(data)) and "interventions" in str(OneStepGP().why_not(data.take(torch.arange(5))))
    assert Ensemble(mechanism="residual").why_not(data) == NeuralODE().why_not(data) == "no mechanism is given"
    assert "networks" in str(OneStepGP().why_not(linear_training(160)))
