"""Calibration: by how much the model's own intervals must be stretched to hold what they promise, by horizon."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from .contract import Belief
from .scores import Z90

_LIMITS = (0.3, 5.0)
_LEAST_SPREAD = 1e-9  # of an observable's largest distance from its mean
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


def fit_calibration(told: Belief, values: Tensor, groups: Tensor, *, foretold: Belief | None = None) -> Calibration:
    """Conformal factors from predictions of readings that the model did not see.

    The score of a reading is its distance from the prediction in predicted sd; the factor brings the finite-sample 90 % quantile
    of the scores to the Gaussian's. The predictions are of models that left out each intervention (or fold) in turn, so that the
    guarantee of split conformal prediction, one model and one calibration set, holds in spirit and not to the letter; and readings
    of one curve are fewer independent cases than they count. Where rounds were foretold from earlier rounds and that went worse, that factor counts: a new
    day, and points that a planner chose, are not like points left out at random.

    Args:
        told: of each row without its own intervention.
        values: `n x t x y`, nan where there is none.
        groups: `n`.
        foretold: of each row from the rows of earlier plates alone, nan where there were none; None where there is one plate.

    Source: normalised scores, Lei et al. (2018), J. Am. Stat. Assoc. 113:1094; left out in turn, cross-conformal prediction,
        Vovk (2015), Ann. Math. Artif. Intell. 74:9.
    """
    t, y = values.shape[1:]
    if len(torch.unique(groups)) < FEWEST_GROUPS:
        return Calibration.none(t, y)
    factor = _factors(told, values, groups)
    if foretold is not None:
        factor = torch.maximum(factor, _factors(foretold, values, groups))
    return Calibration(factor=factor.clamp(*_LIMITS))


def _factors(told: Belief, values: Tensor, groups: Tensor) -> Tensor:
    """`t x y`, each from its own time and the two beside it; 1 where fewer than `FEWEST_GROUPS` interventions were read there.

    Where all readings are one number (the common start) nothing can be missed: such times tell nothing of their neighbours.
    """
    score = (values - told.mean).abs() / told.variance("reading").clamp_min(1e-24).sqrt()
    spread = (values - values.nanmean(dim=0)).abs().nan_to_num().amax(dim=0)
    score = torch.where(spread > _LEAST_SPREAD * spread.amax(dim=0), score, torch.nan)
    factor = torch.ones(values.shape[1:], dtype=torch.double)
    for i in range(values.shape[1]):
        for j in range(values.shape[2]):
            near = score[:, max(i - 1, 0) : i + 2, j]
            known = torch.isfinite(near)
            if len(torch.unique(groups[known.any(dim=1)])) >= FEWEST_GROUPS:
                n = int(known.sum())
                factor[i, j] = near[known].quantile(min(math.ceil((n + 1) * 0.9) / n, 1.0)) / Z90
    return factor
