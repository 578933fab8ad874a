"""Information: closed forms of Gaussians, limits, BoTorch's own answer, and goals that end in knowledge."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

import nextwell as nw
from planner.information.at_once import conditioned
from planner.information.discriminate import which_is_right
from planner.information.gain import information
from world_model.terms.goals import Goal


def gaussian(s, correlation, *, seed=0):
    """`1 x s x 1` twice: draws of two numbers of unit variance with this correlation."""
    chance = torch.randn(2, s, generator=torch.Generator().manual_seed(seed), dtype=torch.double)
    first = chance[0]
    return first.reshape(1, s, 1), (correlation * first + (1 - correlation**2) ** 0.5 * chance[1]).reshape(1, s, 1)


@pytest.mark.parametrize("correlation", [0.0, 0.6, 0.95])
def test_information_of_a_linear_gaussian_model_is_its_closed_form(correlation):
    noise, elsewhere = 0.3, 0.2
    told, outcome = gaussian(3000, correlation)
    rho = correlation / math.sqrt((1 + noise) * (1 + elsewhere))
    found = information(told, outcome, noise=torch.tensor([noise], dtype=torch.double), outcome_noise=torch.tensor([elsewhere], dtype=torch.double), seed=1)
    assert float(found) == pytest.approx(-0.5 * math.log(1 - rho**2), abs=0.03)


def test_two_experiments_tell_what_their_joint_reading_does():
    """Two noisy readings of one number are one reading of half the variance."""
    told, outcome = gaussian(3000, 1.0)
    noise = 0.5
    found = information(told.repeat(1, 1, 2), outcome, noise=torch.full((2,), noise, dtype=torch.double), outcome_noise=torch.tensor([0.1], dtype=torch.double), seed=1)
    rho = 1 / math.sqrt((1 + noise / 2) * 1.1)
    assert float(found) == pytest.approx(-0.5 * math.log(1 - rho**2), abs=0.04)


def two_models(gap, sd=1.0):
    # both are sure of what they say: one hypothesis each
    told = torch.tensor([[[[0.0]]], [[[gap]]]], dtype=torch.double).expand(2, 4000, 1, 1)
    return told, torch.full((2, 1, 1), sd**2, dtype=torch.double)


@pytest.mark.parametrize("gap", [0.0, 1.0, 2.5])
def test_telling_two_gaussians_apart_is_worth_their_mutual_information(gap):
    def integrand(y):
        mix = 0.5 * norm.pdf(y) + 0.5 * norm.pdf(y, gap)
        return sum(0.5 * norm.pdf(y, mean) * math.log(norm.pdf(y, mean) / mix) for mean in (0.0, gap))

    expected = quad(integrand, -8, 8 + gap)[0]
    told, noise = two_models(gap)
    small = torch.cat([told[:, :1]] * 1, dim=1)  # one inner hypothesis is exact where a model is sure
    found = np.mean([float(which_is_right(small, noise, seed=seed)) for seed in range(3000)])
    assert found == pytest.approx(expected, abs=0.03)


def test_models_that_cant_be_mistaken_are_worth_the_logarithm_of_their_number():
    told, noise = two_models(50.0)
    assert float(which_is_right(told[:, :4], noise, seed=0)) == pytest.approx(math.log(2), rel=1e-6)


def test_models_that_say_the_same_are_worth_nothing():
    told = torch.randn(1, 64, 3, 1, dtype=torch.double).repeat(2, 1, 1, 1)
    assert which_is_right(told, torch.ones(2, 3, 1, dtype=torch.double), seed=0).abs().max() < 1e-9


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 6), st.floats(0.01, 2.0))
def test_conditioning_on_one_reading_is_the_block_formula_and_never_adds_variance(seed, n, noise):
    root = torch.randn(n, n, generator=torch.Generator().manual_seed(seed), dtype=torch.double)
    covariance = root @ root.T
    left = conditioned(covariance, 0, noise)
    expected = torch.linalg.inv(torch.linalg.inv(covariance + 1e-9 * torch.eye(n)) + torch.diag(torch.tensor([1 / noise] + [0.0] * (n - 1), dtype=torch.double)))
    torch.testing.assert_close(left, expected, rtol=1e-3, atol=1e-5)
    assert bool((left.diagonal() <= covariance.diagonal() + 1e-9).all())


SPACE = nw.SearchSpace(factors=[nw.Continuous(name="a", low=0, high=2), nw.Continuous(name="b", low=0, high=2)])


def truth(frame):
    return np.sin(3 * frame["a"]) + frame["b"] ** 2 - 0.5 * frame["a"] * frame["b"]


def learned(direction, *, strategy="auto", rounds=3, n=6, **keys):
    campaign = nw.Campaign(space=SPACE, goals=[Goal(readout="y", direction=direction, **keys)], seed=0)
    rng = np.random.default_rng(0)
    for _ in range(rounds):
        batch = campaign.propose(n, strategy=strategy)
        campaign.record(batch[["experiment_id"]].assign(y=truth(batch) + 0.05 * rng.standard_normal(len(batch))))
    return campaign


def grid():
    places = np.linspace(0.04, 1.96, 25)
    a, b = np.meshgrid(places, places)
    return pd.DataFrame({"a": a.ravel(), "b": b.ravel()})


def test_a_level_set_is_looked_for_where_the_threshold_runs():
    campaign = learned("level set", at_least=1.5, rounds=3)
    cells = grid()
    inside, told = (truth(cells) >= 1.5).to_numpy(), (campaign.predict(cells)["mean"] >= 1.5).to_numpy()
    f1 = 2 * (inside & told).sum() / (inside.sum() + told.sum())
    assert f1 > 0.93
    last = pd.DataFrame([row.settings for row in campaign.state.rounds[-1].proposal.experiments])
    # the distance of what was asked for from the threshold is well below that of points all over
    assert np.abs(truth(last) - 1.5).median() < 0.6 * np.abs(truth(cells) - 1.5).median()


def test_telling_a_line_from_a_curve_asks_where_they_part():
    campaign = learned("discriminate", between=("linear", "wide"), rounds=2, n=6)
    proposal = campaign.state.rounds[-1].proposal
    assert "telling models apart" in proposal.strategy
    assert all("linear expects" in row.reason and "wide expects" in row.reason for row in proposal.experiments)
