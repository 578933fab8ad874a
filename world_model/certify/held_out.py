"""Every record predicted by a fit that never saw its intervention, beside rivals that use no action and one that learned shuffled ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..contract import Belief, Progress, Training
from ..posterior import MeanSd
from ..scores import gaussian_crps
from .recipe import Predictor, Recipe, with_shuffled_actions
from .split import Split

FEWEST_CONTROLS = 3

@dataclass(frozen=True)
class HeldOut:
    """Attributes:
    state, reading: `n x t x y`, the recipe's predictions of each row without its intervention; of the truth, and of one reading.
    shuffled: of one reading, by the same recipe fitted to shuffled actions.
    mean: of one reading, the average of the training fold.
    no_effect: of one reading, the average of its controls: nothing that is done has an effect. The mean where controls are few.
    persistence: of one reading, the row's own first reading and what training rows moved away from theirs; nan at the first.
    predictors: one a split, for joint predictions.
    """

    training: Training
    splits: tuple[Split, ...]
    state: MeanSd
    reading: MeanSd
    shuffled: MeanSd
    mean: MeanSd
    no_effect: MeanSd
    persistence: MeanSd
    predictors: tuple[Predictor, ...]


def hold_out(recipe: Recipe, training: Training, splits: Sequence[Split], *, seed: int, progress: Progress | None = None) -> HeldOut:
    """Fit the recipe to each split's training rows, as they are and with shuffled actions.

    Raises:
        NextwellError: the recipe can't be fitted to a part of the records.
    """
    told = {name: _empty(training) for name in ("state", "reading", "shuffled", "mean", "no_effect", "persistence")}
    predictors = []
    for k, split in enumerate(splits, start=1):
        if progress:
            progress(f"held-out part {k} of {len(splits)}: fitting without it, then with shuffled actions")
        train, design = training.take(split.train), training.design[split.test]
        predictor = recipe.fit(train, seed=seed)
        predictors.append(predictor)
        parts = {
            "state": predictor.mean_sd(design, of="state"), "reading": predictor.mean_sd(design, of="reading"),
            "shuffled": recipe.fit(with_shuffled_actions(train, seed=seed + k), seed=seed).mean_sd(design, of="reading"),
            "mean": _average(train, len(design)), "no_effect": _no_effect(train, len(design)), "persistence": _persistence(train, training.values[split.test]),
        }  # fmt: skip
        for name, part in parts.items():
            told[name].mean[split.test], told[name].sd[split.test] = part.mean.detach(), part.sd.detach()
    return HeldOut(training=training, splits=tuple(splits), predictors=tuple(predictors), **told)


def crps(told: MeanSd, training: Training) -> Tensor:
    """`n x t x y`: CRPS of each reading in sd of its observable; nan where nothing was read or predicted."""
    return gaussian_crps(told.mean, told.sd, training.values) / training.scale


def as_belief(held: HeldOut) -> Belief:
    """The same predictions in the contract's words, for the judge's tools."""
    state = held.state.sd.square()
    return Belief(mean=held.state.mean, epistemic=state, aleatoric=(held.reading.sd.square() - state).clamp_min(0))


def _no_effect(train: Training, n: int) -> MeanSd:
    controls = torch.tensor([role == "control" for role in train.roles])
    return _average(train.take(controls) if int(controls.sum()) >= FEWEST_CONTROLS else train, n)


def _average(train: Training, n: int) -> MeanSd:
    """The average curve with the spread of single readings around it."""
    known = torch.isfinite(train.values)
    count = known.sum(dim=0).clamp_min(1)
    centre = train.values.nanmean(dim=0)
    spread = ((train.values - centre).square().nansum(dim=0) / (count - 1).clamp_min(1)).sqrt()
    sd = (spread * (1 + 1 / count).sqrt()).clamp_min(1e-12)
    return MeanSd(mean=centre.expand(n, -1, -1), sd=sd.expand(n, -1, -1))


def _persistence(train: Training, own: Tensor) -> MeanSd:
    """Each row stays where its own first reading was; the sd is how far training rows moved from theirs by each time."""
    moved = train.values - _first(train.values)
    sd = moved.square().nanmean(dim=0).sqrt().clamp_min(1e-12)
    mean = _first(own).expand_as(own).clone()
    mean[(torch.isfinite(own).cumsum(dim=1) == 1) & torch.isfinite(own)] = torch.nan
    return MeanSd(mean=mean, sd=sd.expand_as(own))


def _first(values: Tensor) -> Tensor:
    """`n x 1 x y`: each curve's first reading, nan where there is none."""
    known = torch.isfinite(values)
    at = known.to(torch.int64).argmax(dim=1, keepdim=True)
    return values.gather(1, at)


def _empty(training: Training) -> MeanSd:
    return MeanSd(mean=torch.full_like(training.values, torch.nan), sd=torch.full_like(training.values, torch.nan))
