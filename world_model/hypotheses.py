"""Draws of whole worlds that agree with readings: weighted and resampled, or moved by their covariance."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from linear_operator.utils.cholesky import psd_safe_cholesky
from torch import Tensor

from .chance import stream
from .fit import WorldModel
from .readings_so_far import ReadingsSoFar
from .terms.errors import ResultsError

FEWEST_EFFECTIVE = 20.0  # below this a tail or a probability from the weights is a guess


@dataclass(frozen=True)
class Kept:
    """`values` `s x p x t x y`, equally weighted; of how many equally good ones they consist; and how well the draws foresaw the readings."""

    values: Tensor
    n_effective: float
    log_likelihood: float


def reading_variance(world: WorldModel, design: Tensor, told: ReadingsSoFar) -> Tensor:
    """`m`: the variance of each reading around the state, at one design `1 x d`."""
    sd = world.calibration.factor * world.fitted.beliefs(design).aleatoric[0].clamp_min(0).sqrt()
    return told.pick(sd).square().clamp_min(1e-24)


def weighted(drawn: Tensor, *, base: Tensor, told: ReadingsSoFar, variance: Tensor, seed: int) -> Kept:
    """Weights by likelihood, then systematic resampling.

    Args:
        drawn: `s x p x t x y`; draw i is one hypothesis for all `p` plans, so that one weight holds for all of them.
        base: `s x t x y`, the curves that the readings were taken from.

    Raises:
        ResultsError: fewer than `FEWEST_EFFECTIVE` hypotheses explain the readings.

    Source: sampling importance resampling, Gordon, Salmond & Smith (1993); systematic resampling, Kitagawa (1996); the effective
        number is 1 / sum of the squared weights, Kong, Liu & Wong (1994).
    """
    s = len(drawn)
    if not len(told.values):
        return Kept(values=drawn, n_effective=float(s), log_likelihood=0.0)
    miss = told.values - told.pick(base)
    log_weight = (-0.5 * (miss.square() / variance + (2 * math.pi * variance).log())).sum(dim=-1)
    weight = torch.softmax(log_weight, dim=0)
    n_effective = float(1.0 / weight.square().sum())
    if n_effective < FEWEST_EFFECTIVE:
        raise ResultsError(
            f"Expected at least {FEWEST_EFFECTIVE:g} of {s:,} hypotheses to explain the {len(told.values)} readings, found about {n_effective:.1f}: the "
            f"weights have collapsed. Draw more hypotheses, take method='covariance' (--method covariance), or look at the readings: the model may not foresee them."
        )
    start = torch.rand((), generator=stream(seed, "resampling"), dtype=torch.double)
    steps = (torch.arange(s, dtype=torch.double) + start) / s
    chosen = torch.searchsorted(weight.cumsum(0), steps).clamp_max(s - 1)
    return Kept(values=drawn[chosen], n_effective=n_effective, log_likelihood=float(torch.logsumexp(log_weight, 0) - math.log(s)))


def moved(drawn: Tensor, *, base: Tensor, told: ReadingsSoFar, variance: Tensor, seed: int) -> Kept:
    """Each draw moved onto the readings by the draws' own covariance: exact for Gaussian draws as their number grows.

    Source: Matheron's rule; with a sample covariance, the ensemble smoother of Evensen & van Leeuwen (2000).
    """
    s, m = len(drawn), len(told.values)
    if not m:
        return Kept(values=drawn, n_effective=float(s), log_likelihood=0.0)
    foreseen = told.pick(base)
    around = foreseen - foreseen.mean(dim=0)
    factor = psd_safe_cholesky(around.T @ around / (s - 1) + torch.diag(variance))
    noise = variance.sqrt() * torch.randn(s, m, generator=stream(seed, "readings"), dtype=torch.double)
    flat = drawn.flatten(1)
    across = (flat - flat.mean(dim=0)).T @ around / (s - 1)
    gain = torch.cholesky_solve(across.T, factor).T
    surprise = told.values - foreseen.mean(dim=0)
    whitened = torch.linalg.solve_triangular(factor, surprise.unsqueeze(-1), upper=False)
    density = -0.5 * whitened.square().sum() - factor.diagonal().log().sum() - 0.5 * m * math.log(2 * math.pi)
    values = (flat + (told.values - foreseen - noise) @ gain.T).reshape(drawn.shape)
    return Kept(values=values, n_effective=float(s), log_likelihood=float(density))
