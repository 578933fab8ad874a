"""Noise of readings is made of other random numbers than the state: with the same ones their sd would add up instead of their variances."""

from __future__ import annotations

import math

import pytest
import torch

from planner.information.discriminate import DRAWS, which_is_right
from planner.information.gain import information


@pytest.mark.parametrize("seed", [0, 3])
def test_information_is_the_same_where_draws_and_noise_have_one_seed(seed):
    """Jointly normal numbers of correlation 0.6, each read with noise of variance 1: -log(1 - 0.3²) / 2."""
    s, correlation = 3000, 0.6
    state, other = torch.randn(2, s, generator=torch.Generator().manual_seed(seed), dtype=torch.double)
    outcome = correlation * state + (1 - correlation**2) ** 0.5 * other
    one = torch.ones(1, dtype=torch.double)
    told = information(state.reshape(1, s, 1), outcome.reshape(1, s, 1), noise=one, outcome_noise=one, seed=seed)
    assert float(told) == pytest.approx(-0.5 * math.log(1 - 0.3**2), abs=0.02)


@pytest.mark.parametrize("q", [1, 3, 5])
def test_unsure_models_that_say_the_same_are_not_told_apart_by_their_own_hypotheses(q):
    """Independent hypotheses of one belief, ten times as unsure as a reading is: no reading tells which model is right."""
    told = torch.randn(2, DRAWS, 4, q, generator=torch.Generator().manual_seed(1), dtype=torch.double)
    gain = which_is_right(told, torch.full((2, 4, q), 0.01, dtype=torch.double), seed=0)
    assert float(gain.abs().max()) < 0.03
