"""Conditions: experiments with the same settings, taken together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from world_model.kept import kept
from world_model.terms.goals import Goal
from world_model.terms.readings import Dataset

from ..state.campaign_state import CampaignState
from ..state.readout import observed


@dataclass(frozen=True, kw_only=True)
class Condition:
    """One distinct intervention as it was read.

    Attributes:
        rows: positions in the data set.
        settings: as done.
        values: the goal's readout of each row, nan where it could not be read.
        roles: the parts that its wells played.
        first_round: 0 for past results.
        kept: it keeps the campaign's outcome constraints; True where there are none.
    """

    rows: tuple[int, ...]
    ids: tuple[str, ...]
    settings: dict[str, float | str]
    values: tuple[float, ...]
    roles: frozenset[str]
    first_round: int
    kept: bool = True

    @property
    def read(self) -> tuple[float, ...]:
        return tuple(number for number in self.values if np.isfinite(number))

    @property
    def mean(self) -> float:
        return float(np.mean(self.read)) if self.read else float("nan")

    @property
    def is_control(self) -> bool:
        """True for a point that was known beforehand: it is compared with, it was not found."""
        return self.roles <= {"control", "calibration"}


def conditions(state: CampaignState, data: Dataset, goal: Goal) -> tuple[Condition, ...]:
    """Every condition with at least one experiment in the data, in the order of the first."""
    round_of = {experiment.id: opened.number for opened in state.rounds for experiment in opened.experiments}
    values = observed(goal, data) if len(data) else np.zeros(0)
    groups = data.groups()
    holds = kept(state.charter.outcome_constraints, data, controls={control.name: control.settings for control in state.charter.controls})
    found = []
    for group in dict.fromkeys(groups.tolist()):
        rows = np.flatnonzero(groups == group)
        found.append(
            Condition(
                rows=tuple(rows.tolist()), ids=tuple(data.ids[i] for i in rows), values=tuple(values[rows].tolist()),
                settings={name: _plain(column[rows[0]]) for name, column in data.settings.items()},
                roles=frozenset(data.roles[i] for i in rows), first_round=min(round_of.get(data.ids[i], 0) for i in rows), kept=bool(holds[rows[0]]),
            )
        )  # fmt: skip
    return tuple(found)


def ranked(found: tuple[Condition, ...], goal: Goal) -> tuple[Condition, ...]:
    """The conditions with a reading, best mean first; controls are left out, and what breaks an outcome constraint."""
    read = [condition for condition in found if condition.read and not condition.is_control and condition.kept]
    return tuple(sorted(read, key=lambda condition: -goal.score(condition.mean)))


def _plain(cell: object) -> float | str:
    return cell if isinstance(cell, str) else float(cell)  # type: ignore[arg-type]
