"""Surrogate families for one coefficient: kernel, priors and starting points. Which one suits is for the judge to say.

`smooth`   ARD Matérn 5/2 with BoTorch's dimension-scaled log-normal length-scale prior (Hvarfner et al. 2024).
`reaction` ARD Matérn 5/2 with the gamma priors that Shields et al. (Nature 590:89, 2021) chose for reaction spaces, by the
           number and kind of features: long length scales, which suit many descriptors, and much noise at first.
`linear`   Bayesian linear regression as a Gaussian process.
`mean`     one constant, whatever is done: the no-effect model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from botorch.models import SingleTaskGP
from botorch.models.utils.gpytorch_modules import get_covar_module_with_dim_scaled_prior
from gpytorch.kernels import ConstantKernel, Kernel, LinearKernel, MaternKernel, ScaleKernel
from gpytorch.likelihoods import GaussianLikelihood
from gpytorch.priors import GammaPrior, LogNormalPrior
from torch import Tensor

from .encoding import Encoder

Family = Literal["smooth", "reaction", "linear", "mean"]
FAMILIES: tuple[Family, ...] = ("smooth", "reaction", "linear", "mean")


@dataclass(frozen=True)
class _Gamma:
    """A gamma prior (concentration, rate) and where the fit starts."""

    concentration: float
    rate: float
    start: float

    @property
    def prior(self) -> GammaPrior:
        return GammaPrior(self.concentration, self.rate)


@dataclass(frozen=True)
class _ReactionPriors:
    lengthscale: _Gamma
    outputscale: _Gamma
    noise: _Gamma


def _reaction_priors(n_features: int, *, has_descriptors: bool) -> _ReactionPriors:
    """The priors of Shields et al. 2021 by the kind of space."""
    if n_features < 5:
        return _ReactionPriors(_Gamma(1.2, 1.1, 0.2), _Gamma(5.0, 0.5, 8.0), _Gamma(1.05, 0.5, 0.1))
    if has_descriptors and n_features < 100:
        return _ReactionPriors(_Gamma(2.0, 0.2, 5.0), _Gamma(5.0, 0.5, 8.0), _Gamma(1.5, 0.1, 5.0))
    if has_descriptors:
        return _ReactionPriors(_Gamma(2.0, 0.1, 10.0), _Gamma(2.0, 0.1, 10.0), _Gamma(1.5, 0.1, 5.0))
    return _ReactionPriors(_Gamma(3.0, 1.0, 2.0), _Gamma(5.0, 0.2, 20.0), _Gamma(1.5, 0.1, 5.0))


def build(family: Family, *, design: Tensor, targets: Tensor, encoder: Encoder) -> SingleTaskGP:
    """An unfitted GP of one family.

    Args:
        design: `n x d`.
        targets: `n x 1`, standardised.
    """
    u = encoder.n_features
    likelihood = GaussianLikelihood(noise_prior=LogNormalPrior(-4.0, 1.0))
    likelihood.noise = 0.02
    kernel: Kernel
    if family == "smooth":
        kernel = ScaleKernel(
            get_covar_module_with_dim_scaled_prior(ard_num_dims=u, use_rbf_kernel=False), outputscale_prior=LogNormalPrior(0.0, 0.7)
        )
        kernel.outputscale = 1.0
    elif family == "reaction":
        priors = _reaction_priors(u, has_descriptors=encoder.has_descriptors)
        kernel = ScaleKernel(
            MaternKernel(2.5, ard_num_dims=u, lengthscale_prior=priors.lengthscale.prior), outputscale_prior=priors.outputscale.prior
        )
        kernel.base_kernel.lengthscale = priors.lengthscale.start
        kernel.outputscale = priors.outputscale.start
        likelihood = GaussianLikelihood(noise_prior=priors.noise.prior)
        likelihood.noise = priors.noise.start
    elif family == "linear":
        kernel = LinearKernel(variance_prior=LogNormalPrior(0.0, 1.0)) + ConstantKernel(constant_prior=LogNormalPrior(0.0, 1.0))
        likelihood = GaussianLikelihood(noise_prior=LogNormalPrior(-2.0, 1.5))
        likelihood.noise = 0.3
    else:
        kernel = ConstantKernel(constant_prior=LogNormalPrior(-2.0, 1.0))
        likelihood = GaussianLikelihood(noise_prior=LogNormalPrior(0.0, 0.5))
        likelihood.noise = 1.0
    return SingleTaskGP(
        design, targets, likelihood=likelihood, covar_module=kernel, input_transform=encoder.featurise(), outcome_transform=None
    ).to(torch.double)
