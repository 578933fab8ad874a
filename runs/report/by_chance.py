"""How much sooner than by chance: the loop against random plates at equal budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from world_model.terms.goals import Goal

from .best_so_far import running_best


@dataclass(frozen=True, kw_only=True)
class ByChance:
    """The comparison after `budget` experiments on both sides.

    Attributes:
        runs: random campaigns with the same plates and roles.
        median, low_quartile, high_quartile: `k`, of random's best true value after 1 … k experiments.
        random_final: the median of what the random runs ended with.
        random_needed: experiments after which random's median curve reaches `random_final`.
        loop_needed: experiments after which the loop's best true value reaches it; None where it never did.
        loop_final: the loop's best true value at the end.
        runs_that_matched: random runs that reached `loop_final` within the budget.
    """

    runs: int
    budget: int
    median: np.ndarray
    low_quartile: np.ndarray
    high_quartile: np.ndarray
    random_final: float
    random_needed: int
    loop_needed: int | None
    loop_final: float
    runs_that_matched: int

    @property
    def ratio(self) -> float | None:
        """Random's experiments for each one of the loop's; None where the loop never got there."""
        return self.random_needed / self.loop_needed if self.loop_needed else None


def by_chance(best_true: np.ndarray, random_curves: np.ndarray, goal: Goal) -> ByChance | None:
    """Compare at the budget that both have used; None where one of them has found nothing yet.

    Args:
        best_true: `k`, the loop's best true value after each experiment, nan before the first.
        random_curves: `s x k`, the same of random runs.
    """
    budget = min(len(best_true), random_curves.shape[1])
    loop, curves = best_true[:budget], random_curves[:, :budget]
    if not budget or not np.isfinite(loop[-1]) or not np.isfinite(curves[:, -1]).all():
        return None
    # before its first reading a run has found nothing: worse than any number, so that quantiles stay defined
    turned = np.where(np.isfinite(curves), goal.score(curves), -np.inf)
    low, median, high = (_curve_at(goal, curves, turned, share) for share in (0.25, 0.5, 0.75))
    upside_down = goal.direction == "min"
    final = float(median[-1])
    return ByChance(
        runs=len(curves), budget=budget, median=_known(median), low_quartile=_known(high if upside_down else low),
        high_quartile=_known(low if upside_down else high), random_final=final, random_needed=_first_reaching(median, final, goal) or budget,
        loop_needed=_first_reaching(loop, final, goal), loop_final=float(loop[-1]),
        runs_that_matched=int((goal.score(curves[:, -1]) >= goal.score(loop[-1])).sum()),
    )  # fmt: skip


def _curve_at(goal: Goal, curves: np.ndarray, turned: np.ndarray, share: float) -> np.ndarray:
    """The curve that a share of the runs is no better than, in the goal's own unit."""
    if goal.direction in ("max", "min"):
        return goal.sign * _quantile(turned, share)
    # a distance from what is wanted does not say on which side: the run of that rank is shown
    rank = round(share * (len(curves) - 1))
    place = np.argsort(turned, axis=0, kind="stable")[rank]
    told: np.ndarray = np.where(np.isfinite(np.take_along_axis(turned, place[None], axis=0)[0]), np.take_along_axis(curves, place[None], axis=0)[0], -np.inf)
    return told


def _quantile(turned: np.ndarray, share: float) -> np.ndarray:
    # linear between two runs, as numpy does; where one of the two is -inf the result is -inf, not nan
    with np.errstate(invalid="ignore"):
        value = np.quantile(turned, share, axis=0)
    return np.where(np.isnan(value), -np.inf, value)


def _known(curve: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(curve), curve, np.nan)


def _first_reaching(curve: np.ndarray, target: float, goal: Goal) -> int | None:
    """Experiments after which a curve is at least as good as a target."""
    # a hair of slack: the same value computed twice
    slack = 1e-12 * max(abs(target), 1e-300)
    reached = np.flatnonzero(goal.score(running_best(curve, goal)) >= goal.score(target) - slack)
    return int(reached[0]) + 1 if len(reached) else None


class RandomRuns(Protocol):
    """What `runs.baseline` measures: campaigns of the same plates and roles whose candidates are drawn at random."""

    @property
    def best_true(self) -> Sequence[np.ndarray]:
        """One `s x k` a goal: the best true value of run s after each experiment, nan before the first."""
        ...
