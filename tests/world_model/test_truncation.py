"""Moments beyond limits: the truncated normal in closed form, and many readings at once against draws."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import truncnorm

from world_model.truncation import Beyond, readings_beyond, tail_moments


def of(*numbers):
    return torch.tensor(numbers, dtype=torch.double)


def test_half_of_a_standard_normal_has_the_half_normals_moments():
    told = tail_moments(of(0.0), of(1.0), of(0.0), of(1.0))
    assert float(told.mean) == pytest.approx(math.sqrt(2 / math.pi))
    assert float(told.variance) == pytest.approx(1 - 2 / math.pi)


@given(st.floats(-5, 5), st.floats(0.1, 3), st.floats(-8, 8), st.sampled_from([1.0, -1.0]))
def test_a_tail_has_the_moments_that_scipy_gives_it(mean, sd, limit, side):
    told = tail_moments(of(mean), of(sd), of(limit), of(side))
    z = (limit - mean) / sd
    law = truncnorm(z, math.inf, loc=mean, scale=sd) if side > 0 else truncnorm(-math.inf, z, loc=mean, scale=sd)
    if abs(z) < 25:
        assert float(told.mean) == pytest.approx(law.mean(), rel=1e-6, abs=1e-6)
        assert float(told.variance) == pytest.approx(law.var(), rel=1e-3, abs=1e-8)
    assert side * (float(told.mean) - limit) >= -1e-9 * max(abs(limit), 1.0)


def test_far_in_the_tail_the_excess_is_exponential():
    told = tail_moments(of(0.0), of(1.0), of(1000.0), of(1.0))
    assert float(told.mean) - 1000 == pytest.approx(1e-3, rel=1e-4)
    assert float(told.variance) == pytest.approx(1e-6, rel=1e-4)


def test_one_reading_beyond_its_limit_is_the_truncated_normal_exactly():
    beyond = Beyond(loadings=of(2.0).reshape(1, 1), noise=of(0.5), limit=of(4.0), side=of(1.0))
    told = readings_beyond(of(1.0), of(0.8).reshape(1, 1), beyond)
    # reading ~ N(2, 4 · 0.8 + 0.5), above 4
    law = truncnorm((4 - 2) / math.sqrt(3.7), math.inf, loc=2, scale=math.sqrt(3.7))
    assert float(told.mean) == pytest.approx(law.mean(), rel=1e-9)
    assert float(told.variance) == pytest.approx(law.var(), rel=1e-6)


@pytest.mark.parametrize("correlation", [0.0, 0.7, 0.98])
def test_readings_that_go_together_are_expected_as_draws_say(correlation):
    covariance = torch.tensor([[1.0, correlation, 0.3], [correlation, 1.0, 0.3], [0.3, 0.3, 1.0]], dtype=torch.double)
    mean, noise, limit, side = of(0.0, 0.2, 0.0), of(0.1, 0.1, 0.1), of(0.5, 0.5, 0.3), of(1.0, 1.0, -1.0)
    told = readings_beyond(mean, covariance, Beyond(loadings=torch.eye(3, dtype=torch.double), noise=noise, limit=limit, side=side))
    generator = torch.Generator().manual_seed(0)
    drawn = mean + torch.randn(1_000_000, 3, generator=generator, dtype=torch.double) @ torch.linalg.cholesky(covariance + torch.diag(noise)).T
    kept = drawn[(side * (drawn - limit) > 0).all(dim=1)]
    assert len(kept) > 25_000
    torch.testing.assert_close(told.mean, kept.mean(dim=0), atol=0.02, rtol=0)
    torch.testing.assert_close(told.variance.sqrt(), kept.std(dim=0), atol=0.04, rtol=0)
