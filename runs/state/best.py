"""The best experiment so far, for each goal, as it was read, among those that keep to what outcomes must keep to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from world_model.kept import kept
from world_model.pareto import desirability_of
from world_model.terms.readings import Dataset

from .campaign_state import CampaignState
from .dataset import dataset
from .readout import observed
from .shrunk import shrunk

JOINED = "joined desirability"


@dataclass(frozen=True, kw_only=True)
class Best:
    """The best of one goal among candidates, their replicates and past results; `value` is the mean over equal settings, chosen by what it is
    believed to be under noise, as far as repeats tell how noisy a reading is."""

    goal: str
    value: float
    unit: str
    experiment_id: str
    settings: dict[str, float | str]
    wells: int


@dataclass(frozen=True, kw_only=True)
class Compared:
    """The conditions that compete: equal settings are one, and a lucky reading does not win over replicates that agree.

    Attributes:
        rows: `k` positions of each condition's first experiment in the data set.
        wells: `k`, experiments of each.
        values: `k x g`, each goal's mean over the condition's wells, nan where none was read.
        believed: `k x g`, these means under noise, as far as repeats tell it: what conditions are compared by.
        kept: `k`, every outcome constraint is kept.
    """

    rows: np.ndarray
    wells: np.ndarray
    values: np.ndarray
    believed: np.ndarray
    kept: np.ndarray


def compared(state: CampaignState, data: Dataset) -> Compared:
    """Candidates, their repeats and past results. Controls are known points and do not compete."""
    goals = state.charter.goals
    compete = np.array([role in ("candidate", "replicate") for role in data.roles], dtype=bool)
    groups = data.groups()
    read = np.stack([observed(goal, data) for goal in goals], axis=1) if len(data) else np.zeros((0, len(goals)))
    holds = kept(state.charter.outcome_constraints, data, controls={control.name: control.settings for control in state.charter.controls})
    rows, wells, values, flags = [], [], [], []
    counts, within = [], np.zeros(len(goals))
    for group in np.unique(groups[compete]):
        own = np.flatnonzero(compete & (groups == group))
        known = np.isfinite(read[own])
        with np.errstate(invalid="ignore"):
            means = np.where(known, read[own], 0.0).sum(axis=0) / known.sum(axis=0)
        rows.append(int(own[known.any(axis=1).argmax()]))
        wells.append(int(known.any(axis=1).sum()))
        values.append(means)
        counts.append(known.sum(axis=0))
        within += np.where(known, np.square(read[own] - np.nan_to_num(means)), 0.0).sum(axis=0)
        flags.append(bool(holds[own[0]]))
    whole, often = np.array(values, dtype=float).reshape(-1, len(goals)), np.array(counts, dtype=int).reshape(-1, len(goals))
    believed = [shrunk(whole[:, g], often[:, g], within=float(within[g]), freedom=int((often[:, g] - 1).clip(0).sum())) for g in range(len(goals))]
    return Compared(
        rows=np.array(rows, dtype=int), wells=np.array(wells, dtype=int), values=whole, believed=np.stack(believed, axis=1),
        kept=np.array(flags, dtype=bool),
    )  # fmt: skip


def best_so_far(state: CampaignState) -> tuple[Best, ...]:
    """One entry a goal that anything was read of; where goals are joined, the best of all of them together comes first."""
    data, charter = dataset(state), state.charter
    told = compared(state, data)
    found = []
    if charter.join != "pareto" and len(told.rows):
        joint, believed = (desirability_of(charter.goals, one, geometric=charter.join == "desirability") for one in (told.values, told.believed))
        found += _best(told, data, joint, believed, goal=JOINED, unit="")
    for i, goal in enumerate(charter.goals):
        if not goal.seeks_best:
            continue
        unit = goal.unit_of(charter.measurement(goal.readout).unit, is_curve=len(data.times_h) > 1)
        found += _best(told, data, told.values[:, i], goal.score(told.believed[:, i]), goal=str(goal), unit=unit)
    return tuple(found)


def _best(told: Compared, data: Dataset, values: np.ndarray, worth: np.ndarray, *, goal: str, unit: str) -> list[Best]:
    usable = np.flatnonzero(told.kept & np.isfinite(worth))
    if not len(usable):
        return []
    place = usable[int(worth[usable].argmax())]
    row = int(told.rows[place])
    settings = {name: _plain(column[row]) for name, column in data.settings.items()}
    return [Best(goal=goal, value=float(values[place]), unit=unit, experiment_id=data.ids[row], settings=settings, wells=int(told.wells[place]))]


def _plain(cell: object) -> float | str:
    return cell if isinstance(cell, str) else float(cell)  # type: ignore[arg-type]
