"""Matching mean: an experiment goes as those that share an edit or a level with it do on average."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ..contract import Progress, Training
from ..edit_marks import EditMarks
from .plain import FittedPlain, GroupMeans, Predict, fit_plain, mean_curve


@dataclass(frozen=True)
class MatchingMean:
    """The mean, over an experiment's marks (edits, levels), of the experiments that carry this mark and as few others as were done.

    For two genes knocked out it is the mean of the two single knock-outs, where these were done.

    Source: the matching mean of Systema (Vinas Torne et al., 2025, Nat. Biotechnol.).
    """

    name: str = "matching mean"

    def why_not(self, training: Training) -> str | None:
        """Doses and other numbers share no levels; with one factor there are no two marks to average."""
        if fault := EditMarks.fault(training.space):
            return fault
        if len({mark.column for mark in EditMarks.of(training).marks}) < 2:
            return "no experiment can carry two edits or levels"
        return "fewer than 3 interventions" if training.n_interventions < 3 else None

    def fit(self, training: Training, *, seed: int, progress: Progress | None = None) -> FittedPlain:
        """Fit."""
        marks = EditMarks.of(training)  # the reference is part of the design, not of what was read
        return fit_plain(lambda some: _shared(some, marks), training, seed=seed)


def _shared(training: Training, marks: EditMarks) -> Predict:
    means = GroupMeans.of(training)
    carried = marks(means.design)
    count = carried.sum(dim=1)
    fewest = torch.where(carried, count.unsqueeze(-1), len(carried) + carried.shape[1]).min(dim=0).values
    chosen = (carried & (count.unsqueeze(-1) == fewest)).double()
    known, overall = torch.isfinite(means.values).flatten(1).double(), mean_curve(means.values).flatten()
    told = chosen.T @ known  # `l x ty`: readings behind each mark's mean
    centroids = chosen.T @ torch.nan_to_num(means.values).flatten(1) / told.clamp_min(1)
    plain = means.values[count == 0]
    unmarked = mean_curve(plain).flatten() if len(plain) and torch.isfinite(plain).any() else overall
    shape = means.values.shape[1:]

    def predict(design: Tensor) -> Tensor:
        asked = marks(design).double()
        weight = asked @ (told > 0).double()
        mean = asked @ torch.where(told > 0, centroids, 0.0) / weight.clamp_min(1)
        mean = torch.where(weight > 0, mean, torch.where(asked.sum(dim=1, keepdim=True) == 0, unmarked, overall))
        return mean.reshape(-1, *shape)

    return predict
