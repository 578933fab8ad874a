"""Exact conditioning of a Gaussian on noisy linear readings: the update step of a Kalman filter."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from linear_operator.utils.cholesky import psd_safe_cholesky
from torch import Tensor


@dataclass(frozen=True)
class Conditioned:
    """Attributes:
    mean: `k`.
    covariance: `k x k`.
    gain: `k x m`: how much each reading's surprise moves each coefficient.
    log_likelihood: of the readings before they were known.
    """

    mean: Tensor
    covariance: Tensor
    gain: Tensor
    log_likelihood: float


def condition(mean: Tensor, covariance: Tensor, *, loadings: Tensor, surprise: Tensor, noise: Tensor) -> Conditioned:
    """Condition N(mean, covariance) on readings r = loadings · x + e, e ~ N(0, diag(noise)).

    Args:
        mean: `k`.
        covariance: `k x k`.
        loadings: `m x k`.
        surprise: `m`, the readings less what was expected of them (loadings · mean).
        noise: `m` variances of the readings, above zero.

    Source: Kalman (1960), J. Basic Eng. 82:35, with the covariance in Joseph's form, which stays positive.
    """
    m, k = loadings.shape
    if not m:
        return Conditioned(mean=mean, covariance=covariance, gain=mean.new_zeros(k, 0), log_likelihood=0.0)
    factor = psd_safe_cholesky(loadings @ covariance @ loadings.T + torch.diag(noise))
    gain = torch.cholesky_solve(loadings @ covariance, factor).T
    left = torch.eye(k, dtype=mean.dtype) - gain @ loadings
    whitened = torch.linalg.solve_triangular(factor, surprise.unsqueeze(-1), upper=False).squeeze(-1)
    return Conditioned(
        mean=mean + gain @ surprise,
        covariance=left @ covariance @ left.T + (gain * noise) @ gain.T,
        gain=gain,
        log_likelihood=float(-0.5 * whitened.square().sum() - factor.diagonal().log().sum() - 0.5 * m * math.log(2 * math.pi)),
    )
