"""The noise of readings in a coefficient's GP: learned, known row by row, or both.

A reading's sd that the instrument or a person tells (`Dataset.sd`) enters as a fixed variance of its row, and what is left over is
learned on top: an instrument's own sd says nothing of the pipette. Without one the variance is learned alone. Its prior expects little
noise, about 2 % of the variance of what was read; where a campaign decides about repeats by itself (`Dataset.noise = "unknown"`) it
expects anything from 1 % to half of it and more, so that noisy readings are not mistaken for a rough landscape.
"""

from __future__ import annotations

import torch
from botorch.models import SingleTaskGP
from gpytorch.likelihoods import FixedNoiseGaussianLikelihood, GaussianLikelihood
from gpytorch.priors import LogNormalPrior
from torch import Tensor

from .terms.readings import Noise

SMALL = LogNormalPrior(-4.0, 0.5)  # variance of a reading's noise: about 2 %
UNKNOWN = LogNormalPrior(-1.5, 1.5)  # the central 90 % from 2 % to more than all that varies
_LEAST = 1e-6  # variance of a row of which nothing is told, or whose sd is 0


def prior_of(noise: Noise) -> LogNormalPrior:
    """What is believed of the learned variance before there are readings."""
    return UNKNOWN if noise == "unknown" else SMALL


def likelihood_of(prior: LogNormalPrior, *, start: float, known: Tensor | None = None) -> GaussianLikelihood | FixedNoiseGaussianLikelihood:
    """A likelihood with learned noise, over the known variances of the `r` training rows (nan where nothing is told)."""
    if known is None:
        learned = GaussianLikelihood(noise_prior=prior)
        learned.noise = start
        return learned
    fixed = FixedNoiseGaussianLikelihood(noise=torch.nan_to_num(known, nan=_LEAST).clamp_min(_LEAST), learn_additional_noise=True)
    fixed.second_noise_covar.register_prior("noise_prior", prior, lambda module: module.noise, lambda module, value: module._set_noise(value))
    fixed.second_noise_covar.noise = torch.tensor([start], dtype=known.dtype)
    return fixed


def of_rows(gp: SingleTaskGP, rows: int) -> Tensor:
    """`r`: the noise variance of each training row."""
    noise: Tensor = gp.likelihood.noise
    return noise.reshape(-1).expand(rows)


def of_one_more(gp: SingleTaskGP) -> Tensor:
    """The noise variance of one more reading: as that of the middle one so far."""
    noise: Tensor = gp.likelihood.noise.detach()
    return noise.reshape(-1).median()
