"""Gaussians of which some linear readings are known to lie beyond a limit: moments, exact for one reading and by expectation propagation for many."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

_SWEEPS = 50
_TOLERANCE = 1e-6
_FAR = 30.0  # standard deviations beyond which the tail is exponential to ten digits


@dataclass(frozen=True)
class Moments:
    """`mean` and `variance` of the same shape."""

    mean: Tensor
    variance: Tensor


def tail_moments(mean: Tensor, sd: Tensor, limit: Tensor, side: Tensor) -> Moments:
    """Mean and variance of a normal variable that is known to lie above (`side` 1) or below (`side` -1) a limit.

    Source: the truncated normal distribution; Johnson, Kotz & Balakrishnan (1994), Continuous Univariate Distributions 1, ch. 13.
    """
    alpha = side * (limit - mean) / sd
    # the inverse Mills ratio through logarithms: the tail itself vanishes below 1e-308 from 38 sd on
    hazard = torch.exp(-0.5 * alpha.square() - 0.5 * math.log(2 * math.pi) - torch.special.log_ndtr(-alpha))
    share = torch.where(alpha > _FAR, 1.0 / alpha.square().clamp_min(1.0), 1.0 + alpha * hazard - hazard.square())
    return Moments(mean=mean + side * sd * hazard, variance=sd.square() * share.clamp(1e-12, 1.0))


@dataclass(frozen=True)
class Beyond:
    """Readings `a · z + noise` that lie beyond a limit.

    Attributes:
        loadings: `c x d`, one row `a` a reading.
        noise: `c`, variance of each reading around `a · z`; may be 0.
        limit: `c`.
        side: `c`, 1 where the reading lies above its limit, -1 below.
    """

    loadings: Tensor
    noise: Tensor
    limit: Tensor
    side: Tensor


def readings_beyond(mean: Tensor, covariance: Tensor, beyond: Beyond) -> Moments:
    """What the readings beyond their limits are expected to be, all known of at once.

    Args:
        mean: `d`, of the Gaussian vector z.
        covariance: `d x d`.

    Returns:
        `c` means and variances of the readings themselves: never on the wrong side of their limits.

    Source: expectation propagation for Gaussian probabilities over half-spaces; Cunningham, Hennig & Lacoste-Julien (2011),
        arXiv:1111.6832; sites as in Rasmussen & Williams (2006), section 3.6. One reading alone is exact.
    """
    count = len(beyond.limit)
    mean, covariance = mean.clone(), covariance.clone()
    precision, shift = torch.zeros(count, dtype=mean.dtype), torch.zeros(count, dtype=mean.dtype)
    told = Moments(mean=torch.zeros_like(precision), variance=torch.zeros_like(precision))
    for _ in range(_SWEEPS):
        moved = 0.0
        for i in range(count):
            a = beyond.loadings[i]
            along = covariance @ a
            spread, centre = float(a @ along), float(a @ mean)
            if spread <= 1e-300:
                spread = 1e-300
            # the Gaussian without what this reading's own limit has said so far
            without = 1.0 / max(1.0 / spread - float(precision[i]), 1e-12 / spread)
            at = without * (centre / spread - float(shift[i]))
            total = without + float(beyond.noise[i])
            tail = tail_moments(
                torch.tensor(at, dtype=mean.dtype), torch.tensor(total, dtype=mean.dtype).sqrt(), beyond.limit[i], beyond.side[i]
            )
            told.mean[i], told.variance[i] = tail.mean, tail.variance
            # from the reading back to a · z: the share of the reading's variance that is not noise
            gain = without / total
            seen_mean = at + gain * (float(tail.mean) - at)
            seen_variance = max(without - gain * (total - float(tail.variance)) * gain, 1e-12 * without)
            new_precision = max(1.0 / seen_variance - 1.0 / without, 0.0)
            new_shift = seen_mean / seen_variance - at / without
            step, drift = new_precision - float(precision[i]), new_shift - float(shift[i])
            precision[i], shift[i] = new_precision, new_shift
            shrink = step / (1.0 + step * spread)
            # mean first: it is moved by the covariance from before this update
            mean = mean + along * ((drift - step * centre) / (1.0 + step * spread))
            covariance = covariance - shrink * torch.outer(along, along)
            moved = max(moved, abs(seen_mean - centre) / max(without**0.5, 1e-300))
        if moved < _TOLERANCE:
            break
    return told
