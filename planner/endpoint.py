"""The endpoint view: each readout as a number of its own, for the rival that sees no trajectory."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from world_model.observed import observed
from world_model.terms.functionals import Functional
from world_model.terms.goals import Goal
from world_model.terms.outcome_constraint import OutcomeConstraint
from world_model.terms.readings import Dataset

from .acquisitions.task import Task

_END = {"take": "end", "at_h": None, "above": None, "below": None, "from_h": None, "to_h": None}


@dataclass(frozen=True)
class EndpointView:
    """A data set with one time and one variable a readout, and the task that reads it."""

    data: Dataset
    task: Task

    @property
    def goals(self) -> tuple[Goal, ...]:
        return self.task.goals


def endpoint_view(data: Dataset, task: Task) -> EndpointView:
    """Read everything that matters out of the readings themselves; nan where a reading that it needs is missing."""
    wanted: tuple[Functional, ...] = task.readouts
    columns = [observed(one, data) for one in wanted]
    names = tuple([f"goal {i + 1}" for i in range(len(task.goals))] + [f"constraint {k + 1}" for k in range(len(task.constraints))])
    readouts = np.stack(columns, axis=-1)[:, None, :] if len(data) else np.zeros((0, 1, len(wanted)))
    flags = np.where(np.isfinite(readouts), 0, -1)
    view = Dataset(
        ids=data.ids, settings=data.settings, roles=data.roles, blocks=data.blocks, times_h=np.array([np.nan]),
        variables=names, values=readouts, flags=flags,
    )  # fmt: skip
    goals = tuple(goal.model_copy(update={**_END, "readout": name}) for goal, name in zip(task.goals, names, strict=False))
    kept: tuple[OutcomeConstraint, ...] = tuple(
        one.model_copy(update={**_END, "readout": name}) for one, name in zip(task.constraints, names[len(goals) :], strict=True)
    )
    return EndpointView(data=view, task=replace(task, goals=goals, constraints=kept))
