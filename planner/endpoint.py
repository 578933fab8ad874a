"""The endpoint view: each goal's readout as a number of its own, for the rival that sees no trajectory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from world_model.readouts import read_out
from world_model.terms.goals import Goal
from world_model.terms.readings import Dataset


@dataclass(frozen=True)
class EndpointView:
    """A data set with one time and one variable a goal, and the goals that read it."""

    data: Dataset
    goals: tuple[Goal, ...]


def endpoint_view(data: Dataset, goals: Sequence[Goal]) -> EndpointView:
    """Read every goal out of the readings themselves; nan where a reading that it needs is missing."""
    times = torch.as_tensor(data.times_h, dtype=torch.double)
    values = torch.as_tensor(data.values, dtype=torch.double)
    columns = [read_out(goal, values, times_h=times, variables=data.variables).numpy() for goal in goals]
    names = tuple(f"goal {i + 1}" for i in range(len(goals)))
    readouts = np.stack(columns, axis=-1)[:, None, :] if len(data) else np.zeros((0, 1, len(goals)))
    flags = np.where(np.isfinite(readouts), 0, -1)
    view = Dataset(
        ids=data.ids, settings=data.settings, roles=data.roles, blocks=data.blocks, times_h=np.array([np.nan]),
        variables=names, values=readouts, flags=flags,
    )  # fmt: skip
    return EndpointView(data=view, goals=tuple(Goal(readout=name, direction=goal.direction) for name, goal in zip(names, goals, strict=True)))
