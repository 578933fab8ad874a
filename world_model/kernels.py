"""Surrogate families for one coefficient: kernel, priors and starting points. Which one suits is for the judge to say.

`wide`   ARD Matérn 5/2 that expects broad trends: length scales about as long as the unit cube of features is wide, near each
         other, and a signal larger than what has been seen so far. It takes the idea of the priors of Shields et al. (Nature
         590:89, 2021) for reactions (long scales, large signal) to any number of features, without their much noise.
`smooth` ARD Matérn 5/2 with BoTorch's dimension-scaled log-normal length-scale prior (Hvarfner et al. 2024): features may
         differ a thousandfold in how much they matter.
`linear` Bayesian linear regression as a Gaussian process.
`mean`   one constant, whatever is done: the no-effect model.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from botorch.models import SingleTaskGP
from botorch.models.utils.gpytorch_modules import get_covar_module_with_dim_scaled_prior
from gpytorch.kernels import ConstantKernel, Kernel, LinearKernel, MaternKernel, ScaleKernel
from gpytorch.likelihoods import GaussianLikelihood
from gpytorch.priors import LogNormalPrior
from torch import Tensor

from .encoding import Encoder
from .plate_kernel import PlateKernel

Family = Literal["wide", "smooth", "linear", "mean"]
FAMILIES: tuple[Family, ...] = ("wide", "linear", "mean")

_SIGNAL = 8.0  # variance of the signal before there is evidence, where what has been seen has variance 1


@dataclass(frozen=True)
class _LengthScales:
    """Log-normal priors of `u` length scales: `centre` is the mean of the logarithm, `spread` its sd."""

    centre: Tensor
    spread: Tensor


def _wide_length_scales(encoder: Encoder) -> _LengthScales:
    """Centres at the root of the number of features, for distances in the unit cube grow as it does.

    The features of a level (descriptors, one-hot columns) share its effect and are too many to tell apart by a few levels: they
    are held near each other. A numeric factor stands for itself: it may turn within its range, or not matter at all.
    """
    numeric = torch.tensor([table is None for table in encoder.tables for _ in range(1 if table is None else table.shape[1])])
    centre = 0.5 * math.log(encoder.n_features) + torch.where(numeric, math.log(0.7), 0.0)
    return _LengthScales(centre=centre.double(), spread=torch.where(numeric, 1.0, 0.6).double())


def build(family: Family, *, design: Tensor, targets: Tensor, encoder: Encoder) -> SingleTaskGP:
    """An unfitted GP of one family.

    Args:
        design: `n x d`, or `n x d+1` with a plate code last: then each plate has a random effect.
        targets: `n x 1`, standardised.
    """
    u = encoder.n_features
    likelihood = GaussianLikelihood(noise_prior=LogNormalPrior(-4.0, 1.0))
    likelihood.noise = 0.02
    kernel: Kernel
    if family == "wide":
        scales = _wide_length_scales(encoder)
        base = MaternKernel(2.5, ard_num_dims=u, lengthscale_prior=LogNormalPrior(scales.centre, scales.spread))
        base.lengthscale = scales.centre.exp()
        kernel = ScaleKernel(base, outputscale_prior=LogNormalPrior(math.log(_SIGNAL), 1.0))
        kernel.outputscale = _SIGNAL
    elif family == "smooth":
        kernel = ScaleKernel(
            get_covar_module_with_dim_scaled_prior(ard_num_dims=u, use_rbf_kernel=False), outputscale_prior=LogNormalPrior(0.0, 0.7)
        )
        kernel.outputscale = 1.0
    elif family == "linear":
        kernel = LinearKernel(variance_prior=LogNormalPrior(0.0, 1.0)) + ConstantKernel(constant_prior=LogNormalPrior(0.0, 1.0))
        likelihood = GaussianLikelihood(noise_prior=LogNormalPrior(-2.0, 1.5))
        likelihood.noise = 0.3
    else:
        kernel = ConstantKernel(constant_prior=LogNormalPrior(-2.0, 1.0))
        likelihood = GaussianLikelihood(noise_prior=LogNormalPrior(0.0, 0.5))
        likelihood.noise = 1.0
    with_plate = design.shape[1] > len(encoder.space.factors)
    if with_plate:
        kernel.active_dims = torch.arange(u)
        kernel = kernel * PlateKernel(column=u)
    return SingleTaskGP(
        design, targets, likelihood=likelihood, covar_module=kernel, input_transform=encoder.featurise(with_plate=with_plate), outcome_transform=None
    ).to(torch.double)
