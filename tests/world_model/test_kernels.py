"""The families: what their priors say, from the formulas of the log-normal and of the kernels."""

from __future__ import annotations

import math

import pytest
import torch

from world_model.encoding import Encoder
from world_model.kernels import FAMILIES, build
from world_model.plate_kernel import PlateKernel
from world_model.terms.factors import Categorical, Continuous
from world_model.terms.space import SearchSpace

NUMBERS = SearchSpace(factors=tuple(Continuous(name=f"x{i}", low=0, high=1) for i in range(4)))
LEVELS = SearchSpace(factors=(Categorical(name="c", levels=tuple("abcdefgh")), Continuous(name="x", low=0, high=1)))


def _gp(family, space, n=5):
    encoder = Encoder(space)
    design = torch.rand(n, len(space.factors), dtype=torch.double, generator=torch.Generator().manual_seed(1))
    return build(family, inputs=design, targets=torch.linspace(-1, 1, n, dtype=torch.double).unsqueeze(-1), encoder=encoder)


@pytest.mark.parametrize(("space", "features", "centre"), [(NUMBERS, 4, 0.7), (LEVELS, 9, 1.0)])
def test_wide_length_scales_grow_with_the_root_of_the_number_of_features(space, features, centre):
    """Median of a log-normal is e^loc: 0.7·√4 for numbers alone, 1·√9 where levels carry features."""
    prior = _gp("wide", space).covar_module.base_kernel.lengthscale_prior
    assert math.exp(float(prior.loc)) == pytest.approx(centre * math.sqrt(features))


def test_wide_expects_a_signal_larger_than_what_was_seen():
    """Targets have unit variance; the prior's median signal variance is 8."""
    kernel = _gp("wide", NUMBERS).covar_module
    assert math.exp(float(kernel.outputscale_prior.loc)) == pytest.approx(8.0)
    assert float(kernel.outputscale.detach()) == pytest.approx(8.0)


def test_levels_are_held_nearer_each_other_than_numbers():
    spread = {name: float(_gp("wide", space).covar_module.base_kernel.lengthscale_prior.scale) for name, space in (("levels", LEVELS), ("numbers", NUMBERS))}
    assert spread["levels"] < spread["numbers"]


def test_linear_is_a_line():
    """Bayesian linear regression extrapolates along a line: second differences of its mean vanish."""
    gp = _gp("linear", NUMBERS)
    gp.eval()
    x = torch.linspace(-3, 3, 7, dtype=torch.double)
    line = torch.stack([x, 2 * x, -x, 0 * x], dim=-1)
    mean = gp.posterior(line).mean.squeeze(-1).detach()
    assert torch.allclose(mean.diff(n=2), torch.zeros(5, dtype=torch.double), atol=1e-9)


def test_mean_does_not_depend_on_what_is_done():
    gp = _gp("mean", LEVELS)
    gp.eval()
    told = gp.posterior(torch.tensor([[0.0, 0.1], [5.0, 0.9]], dtype=torch.double))
    assert float(told.mean.detach().squeeze(-1).diff().abs()) < 1e-12
    assert float(told.variance.detach().squeeze(-1).diff().abs()) < 1e-12


@pytest.mark.parametrize("family", FAMILIES)
def test_a_plate_code_adds_a_random_effect_to_every_family(family):
    """k · (1 + extra · [same plate]): two wells of one plate covary (1 + extra) times as much as on two plates."""
    encoder = Encoder(NUMBERS)
    design = torch.tensor([[0.1, 0.2, 0.3, 0.4, 0.0], [0.5, 0.5, 0.5, 0.5, 0.0], [0.5, 0.5, 0.5, 0.5, 1.0]], dtype=torch.double)
    gp = build(family, inputs=design, targets=torch.tensor([[0.0], [1.0], [-1.0]], dtype=torch.double), encoder=encoder, with_plate=True)
    gp.eval()
    covariance = gp.covar_module(gp.train_inputs[0]).to_dense().detach()
    extra = next(float(kernel.extra.detach()) for kernel in gp.covar_module.modules() if isinstance(kernel, PlateKernel))
    assert float(covariance[0, 1]) == pytest.approx((1 + extra) * float(covariance[0, 2]), rel=1e-9)
