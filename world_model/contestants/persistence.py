"""Persistence: the level that an experiment starts from goes on."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ..contract import Progress, Training
from .plain import FittedPlain, GroupMeans, Predict, fit_plain, mean_curve

_RIDGE = 0.1


@dataclass(frozen=True)
class Persistence:
    """The first reading's level at all times. That of an experiment not yet begun is a line in the features, by ridge regression."""

    name: str = "persistence"

    def why_not(self, training: Training) -> str | None:
        """End points have nothing that could go on."""
        if len(training.times_h) == 1:
            return "end points have no first reading that could go on"
        return "fewer than 3 interventions" if training.n_interventions < 3 else None

    def fit(self, training: Training, *, seed: int, progress: Progress | None = None) -> FittedPlain:
        """Fit."""
        return fit_plain(_first_levels, training, seed=seed)


def _first_levels(training: Training) -> Predict:
    means, encoder = GroupMeans.of(training), training.encoder
    shape = means.values.shape[1:]
    read = torch.isfinite(means.values)
    first = read.double().argmax(dim=1, keepdim=True)
    levels = means.values.gather(1, first).squeeze(1)  # `g x y`, nan where an observable was not read
    features = encoder.features(means.design)
    overall = torch.where(torch.isfinite(levels).any(dim=0), levels.nanmean(dim=0), mean_curve(means.values)[0])
    lines, centres = torch.zeros(features.shape[1], shape[1], dtype=features.dtype), torch.zeros(shape[1], features.shape[1], dtype=features.dtype)
    for y in range(shape[1]):
        rows = torch.isfinite(levels[:, y])
        if rows.any():
            centres[y] = features[rows].mean(dim=0)
            columns = features[rows] - centres[y]
            gram = columns.T @ columns + _RIDGE * torch.eye(columns.shape[1], dtype=columns.dtype)
            lines[:, y] = torch.linalg.solve(gram, columns.T @ (levels[rows, y] - overall[y]))

    def predict(design: Tensor) -> Tensor:
        moved = encoder.features(design).unsqueeze(1) - centres  # `n x y x u`
        level = overall + torch.einsum("nyu,uy->ny", moved, lines)
        return level.unsqueeze(1).expand(len(design), *shape)

    return predict
