"""Calibration: by how much the model's own intervals must be stretched to hold what they promise, by horizon."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from .contract import Belief
from .scores import Z90

FEWEST_GROUPS = 12  # below this the quantile of so few scores says too little


@dataclass(frozen=True)
class Calibration:
    """`factor` is `t x y`: multiplies every sd. 1 where there was too little to calibrate with."""

    factor: Tensor

    @property
    def is_one(self) -> bool:
        return bool((self.factor == 1).all())

    @classmethod
    def none(cls, times: int, observables: int) -> Calibration:
        """No change."""
        return cls(factor=torch.ones(times, observables, dtype=torch.double))


def fit_calibration(told: Belief, values: Tensor, groups: Tensor) -> Calibration:
    """Split-conformal factors from predictions of readings that the model did not see.

    The score of a reading is its distance from the prediction in predicted sd; the factor brings the finite-sample 90 % quantile
    of the scores to the Gaussian's.

    Args:
        told: of each row without its own intervention.
        values: `n x t x y`, nan where there is none.
        groups: `n`.

    Source: split conformal prediction with normalised scores; Lei et al. (2018), J. Am. Stat. Assoc. 113:1094.
    """
    t, y = values.shape[1:]
    if len(torch.unique(groups)) < FEWEST_GROUPS:
        return Calibration.none(t, y)
    score = (values - told.mean).abs() / told.variance("reading").clamp_min(1e-24).sqrt()
    factor = torch.ones(t, y, dtype=torch.double)
    for i in range(t):
        for j in range(y):
            near = score[:, max(i - 1, 0) : i + 2, j].flatten()
            near = near[torch.isfinite(near)]
            n = len(near)
            if n >= FEWEST_GROUPS:
                factor[i, j] = near.quantile(min(math.ceil((n + 1) * 0.9) / n, 1.0)) / Z90
    return Calibration(factor=factor.clamp(0.3, 5.0))
