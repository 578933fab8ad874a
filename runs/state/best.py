"""The best experiment so far, for each goal, as it was read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .campaign_state import CampaignState
from .dataset import dataset
from .readout import observed


@dataclass(frozen=True, kw_only=True)
class Best:
    """The best of one goal among candidates, their replicates and past results; `value` is the mean over equal settings."""

    goal: str
    value: float
    unit: str
    experiment_id: str
    settings: dict[str, float | str]
    wells: int


def best_so_far(state: CampaignState) -> tuple[Best, ...]:
    """One entry a goal that anything was read of. Controls are known points and do not compete."""
    data = dataset(state)
    compete = np.array([role in ("candidate", "replicate") for role in data.roles], dtype=bool)
    groups = data.groups()
    found = []
    for goal in state.charter.goals:
        read = observed(goal, data)
        usable = compete & np.isfinite(read)
        if not usable.any():
            continue
        # one lucky reading should not win over replicates that agree
        means = {group: float(read[usable & (groups == group)].mean()) for group in np.unique(groups[usable])}
        best = max(means, key=lambda group: float(goal.score(means[group])))
        rows = np.flatnonzero(usable & (groups == best))
        unit = goal.unit_of(state.charter.measurement(goal.readout).unit, is_curve=len(data.times_h) > 1)
        settings = {name: _plain(column[rows[0]]) for name, column in data.settings.items()}
        found.append(Best(goal=str(goal), value=means[best], unit=unit, experiment_id=data.ids[rows[0]], settings=settings, wells=len(rows)))
    return tuple(found)


def _plain(cell: object) -> float | str:
    return cell if isinstance(cell, str) else float(cell)  # type: ignore[arg-type]
