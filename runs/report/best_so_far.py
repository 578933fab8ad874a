"""Best so far by number of experiments: every well that the budget was charged with counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from world_model.kept import kept
from world_model.terms.goals import Goal
from world_model.terms.lab import Lab
from world_model.terms.readings import Dataset

from ..state.campaign_state import CampaignState
from ..state.progress import settings_as_done
from ..state.readout import observed, true_readout

FOUND = ("candidate", "replicate")


@dataclass(frozen=True, kw_only=True)
class BestSoFar:
    """`k` experiments in the order of the budget.

    Attributes:
        measured: `k`, the goal's readout as read; nan for wells without (blanks, failed, unread).
        best_measured: `k`, the best single reading so far of candidates and their repeats that keep the outcome constraints, nan before
            the first.
        best_true: `k`, the best noise-free value among these conditions so far; None where no lab knows the truth.
        round_ends: experiments used at the end of each round.
        past: the best reading of past results, which cost nothing; nan where there are none.
    """

    measured: np.ndarray
    found: np.ndarray
    best_measured: np.ndarray
    best_true: np.ndarray | None
    round_ends: tuple[int, ...]
    past: float

    def __len__(self) -> int:
        return len(self.measured)


def best_so_far(state: CampaignState, data: Dataset, goal: Goal, *, lab: Lab | None) -> BestSoFar:
    """The curve of a campaign, of one goal."""
    read = dict(zip(data.ids, observed(goal, data) if len(data) else (), strict=True))
    holds = kept(state.charter.outcome_constraints, data, controls={control.name: control.settings for control in state.charter.controls})
    competes = {id for id, role, held in zip(data.ids, data.roles, holds, strict=True) if held and role in FOUND}
    listed = [experiment for opened in state.rounds for experiment in opened.experiments]
    measured = np.array([read.get(experiment.id, np.nan) for experiment in listed], dtype=float)
    found = np.array([experiment.role in FOUND for experiment in listed], dtype=bool)
    past_values = np.array([read.get(experiment.id, np.nan) for experiment in state.past if experiment.id in competes], dtype=float)
    past = _best(past_values, goal)
    counted = np.where([experiment.id in competes for experiment in listed], measured, np.nan)
    best_true = None
    if lab is not None:
        done = settings_as_done(state)
        truth = np.full(len(listed), np.nan)
        known = np.flatnonzero(np.isfinite(counted))
        truth[known] = _truth(lab, [done[listed[i].id] for i in known], state, goal)
        past_known = [e for e in state.past if e.id in competes and np.isfinite(read.get(e.id, np.nan))]
        best_past = _best(_truth(lab, [done[e.id] for e in past_known], state, goal), goal)
        best_true = running_best(truth, goal, start=best_past)
    ends = np.cumsum([len(opened.experiments) for opened in state.rounds])
    return BestSoFar(
        measured=measured, found=found, best_measured=running_best(counted, goal, start=past), best_true=best_true,
        round_ends=tuple(int(end) for end in ends), past=past,
    )  # fmt: skip


def running_best(values: np.ndarray, goal: Goal, *, start: float = float("nan")) -> np.ndarray:
    """`k`: the best of the first 1 … k values in the goal's direction; nan until there is one."""
    with_start = np.concatenate([[start], values])
    turned = np.where(np.isfinite(with_start), goal.score(with_start), -np.inf)
    best = np.maximum.accumulate(turned)
    # the place of the best so far: of equals, the first
    place = np.maximum.accumulate(np.where(np.concatenate([[True], best[1:] > best[:-1]]), np.arange(len(best)), 0))
    return np.where(np.isfinite(best), with_start[place], np.nan)[1:]


def _best(values: np.ndarray, goal: Goal) -> float:
    known = values[np.isfinite(values)]
    return float(known[goal.score(known).argmax()]) if len(known) else float("nan")


def _truth(lab: Lab, settings: list[dict[str, float | str]], state: CampaignState, goal: Goal) -> np.ndarray:
    if not settings:
        return np.zeros(0)
    measurements = state.charter.measurements
    return true_readout(goal, lab.truth(settings, measurements), measurements)
