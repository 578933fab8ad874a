"""Proper scores and intervals of Gaussian predictions."""

from __future__ import annotations

import math

import torch
from torch import Tensor

Z90 = 1.6448536269514722  # standard normal quantile at 0.95: the central 90 %


def gaussian_crps(mean: Tensor, sd: Tensor, value: Tensor) -> Tensor:
    """Continuous ranked probability score of a normal prediction; smaller is better, in the value's unit.

    Source: closed form, Gneiting & Raftery (2007), J. Am. Stat. Assoc. 102:359, eq. 21 (sign turned).
    """
    sd = sd.clamp_min(1e-12)
    z = (value - mean) / sd
    density = torch.exp(-0.5 * z.square()) / math.sqrt(2 * math.pi)
    cumulative = 0.5 * (1 + torch.erf(z / math.sqrt(2)))
    return sd * (z * (2 * cumulative - 1) + 2 * density - 1 / math.sqrt(math.pi))
