"""The Gaussian CRPS against its definition, and the quantile against scipy."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from world_model.scores import Z90, gaussian_crps


@pytest.mark.parametrize(("mean", "sd", "value"), [(0.0, 1.0, 0.0), (1.5, 0.3, 1.0), (-2.0, 4.0, 7.0)])
def test_crps_is_the_integral_of_its_definition(mean, sd, value):
    """CRPS = ∫ (F(x) − 1[x ≥ value])² dx."""
    below = quad(lambda x: norm.cdf(x, mean, sd) ** 2, mean - 40 * sd, value, limit=200)[0]
    above = quad(lambda x: norm.sf(x, mean, sd) ** 2, value, mean + 40 * sd, limit=200)[0]
    told = gaussian_crps(*(torch.tensor(x, dtype=torch.double) for x in (mean, sd, value)))
    assert float(told) == pytest.approx(below + above, rel=1e-6)


def test_crps_at_the_mean_has_its_known_value():
    """At the mean: sd · (2 φ(0) − 1/√π) = sd · (√2 − 1)/√π."""
    told = gaussian_crps(torch.tensor(3.0), torch.tensor(2.0), torch.tensor(3.0))
    assert float(told) == pytest.approx(2.0 * (math.sqrt(2) - 1) / math.sqrt(math.pi), rel=1e-6)


@given(st.floats(-5, 5), st.floats(0.01, 5), st.floats(-5, 5), st.floats(0.01, 5))
def test_the_truth_scores_best_on_average(mean, sd, other_mean, other_sd):
    """Propriety: E over N(mean, sd) of the score is lowest for N(mean, sd). Expectation by Gauss–Hermite quadrature.

    The CRPS has a bounded second derivative only away from kinks, so the quadrature's error is allowed for.
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    values = torch.as_tensor(mean + sd * nodes)
    weights = torch.as_tensor(weights / weights.sum())
    own = (weights * gaussian_crps(torch.tensor(mean, dtype=torch.double), torch.tensor(sd, dtype=torch.double), values)).sum()
    rival = (weights * gaussian_crps(torch.tensor(other_mean, dtype=torch.double), torch.tensor(other_sd, dtype=torch.double), values)).sum()
    assert float(own) <= float(rival) + 0.02 * max(sd, other_sd)


def test_certain_and_wrong_costs_the_distance():
    """In the limit sd → 0 the score is the absolute error."""
    assert float(gaussian_crps(torch.tensor(1.0), torch.tensor(0.0), torch.tensor(4.0))) == pytest.approx(3.0)


def test_interval_quantile():
    assert norm.ppf(0.95) == pytest.approx(Z90, abs=1e-12)
