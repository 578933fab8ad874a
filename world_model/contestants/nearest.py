"""Nearest: an experiment goes as the one nearest to it among those done."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ..contract import Progress, Training
from .plain import FittedPlain, GroupMeans, Predict, fit_plain, mean_curve

_TIE = 1e-9  # distances nearer than this are one: equally near experiments are averaged
_BLOCK = 2048


@dataclass(frozen=True)
class Nearest:
    """The nearest intervention in the space of features, time by time among those that have a reading there."""

    name: str = "nearest"

    def why_not(self, training: Training) -> str | None:
        """It needs three interventions for a spread."""
        return "fewer than 3 interventions" if training.n_interventions < 3 else None

    def fit(self, training: Training, *, seed: int, progress: Progress | None = None) -> FittedPlain:
        """Fit."""
        return fit_plain(_neighbours, training, seed=seed)


def _neighbours(training: Training) -> Predict:
    means, encoder = GroupMeans.of(training), training.encoder
    features, known = encoder.features(means.design), torch.isfinite(means.values).flatten(1)
    values, fallback = torch.nan_to_num(means.values).flatten(1), mean_curve(means.values)
    patterns, which = torch.unique(known, dim=1, return_inverse=True)  # times that were read in the same experiments share a search

    def predict(design: Tensor) -> Tensor:
        answers = [fallback.flatten().expand(0, -1)]
        for block in design.split(_BLOCK):
            distance = torch.cdist(encoder.features(block), features)
            answer = fallback.flatten().repeat(len(block), 1)
            for pattern in range(patterns.shape[1]):
                rows = patterns[:, pattern]
                if rows.any():
                    near = distance[:, rows]
                    share = (near <= near.min(dim=1, keepdim=True).values + _TIE).double()
                    answer[:, which == pattern] = (share / share.sum(dim=1, keepdim=True)) @ values[rows][:, which == pattern]
            answers.append(answer)
        return torch.cat(answers).reshape(-1, *fallback.shape)

    return predict
