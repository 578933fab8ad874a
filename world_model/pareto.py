"""Fronts of several goals: what is beaten by nothing, and the hypervolume under it. Without torch, for people who ask quickly."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .terms.goals import Goal

BELOW = 0.1  # of a front's range: how far below it the reference lies where no worst value is given (Ishibuchi et al. 2011)


def scores(goals: Sequence[Goal], values: np.ndarray) -> np.ndarray:
    """`n x g` readouts in their own units → scores, more is better."""
    return np.stack([np.asarray(goal.score(values[:, i]), dtype=float) for i, goal in enumerate(goals)], axis=1)


def not_dominated(turned: np.ndarray) -> np.ndarray:
    """`n` flags of rows `n x g`, more is better: no other row is at least as good in every column and better in one."""
    as_good = (turned[None, :, :] >= turned[:, None, :]).all(axis=2)
    better = (turned[None, :, :] > turned[:, None, :]).any(axis=2)
    return np.asarray(~(as_good & better).any(axis=1))


def reference_of(goals: Sequence[Goal], turned: np.ndarray) -> np.ndarray:
    """`g`, as scores: each goal's `worst`, else a tenth of the front's range below the front of rows `n x g`."""
    front = turned[not_dominated(turned)]
    low, high = front.min(axis=0), front.max(axis=0)
    span = np.where(high > low, high - low, np.maximum(np.abs(high), 1.0))
    inferred = low - BELOW * span
    return np.array([inferred[i] if goal.worst is None else goal.score(goal.worst) for i, goal in enumerate(goals)], dtype=float)


def hypervolume(turned: np.ndarray, reference: np.ndarray) -> float:
    """The volume of what rows `n x g` beat and the reference `g` does not; more is better. By slices along the last column."""
    above = turned[(turned > reference).all(axis=1)]
    return _volume(above[not_dominated(above)] - reference) if len(above) else 0.0


def _volume(above: np.ndarray) -> float:
    if above.shape[1] == 1:
        return float(above.max())
    ordered = above[np.argsort(-above[:, -1], kind="stable")]
    floors = np.append(ordered[1:, -1], 0.0)
    total = 0.0
    for k, height in enumerate(ordered[:, -1] - floors):
        if height > 0:
            slab = ordered[: k + 1, :-1]
            total += float(height) * _volume(slab[not_dominated(slab)])
    return total


def desirability_of(goals: Sequence[Goal], values: np.ndarray, *, geometric: bool) -> np.ndarray:
    """`n`: the weighted geometric (or arithmetic) mean of each goal's desirability of readouts `n x g`; nan where one is missing."""
    weights = np.array([goal.weight for goal in goals]) / sum(goal.weight for goal in goals)
    each = np.stack([np.asarray(goal.desirability(values[:, i]), dtype=float) for i, goal in enumerate(goals)], axis=1)
    return np.asarray((each**weights).prod(axis=1) if geometric else each @ weights)
