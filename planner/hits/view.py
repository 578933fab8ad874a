"""What a model learns of a screen: the readout of each experiment, and whether it is a hit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from world_model.observed import observed
from world_model.terms.goals import Goal
from world_model.terms.readings import Dataset

READOUT, HIT = "goal 1", "hit"
_END = {"readout": READOUT, "take": "end", "at_h": None, "above": None, "below": None, "from_h": None, "to_h": None}


@dataclass(frozen=True)
class HitsView:
    """A data set of end points, and the goal that reads it."""

    data: Dataset
    goals: tuple[Goal, ...]


def seeks_hits(goals: Sequence[Goal]) -> bool:
    """Whether hits are what is wanted."""
    return any(goal.direction == "hits" for goal in goals)


def hits_view(data: Dataset, goals: Sequence[Goal]) -> HitsView:
    """End points: the readout, and `hit`: 1 where the reading is one, else 0; nan where a reading that it needs is missing.

    A model that is sure of the readout tells from it how likely a hit is. Where readings have heavy tails and each descriptor says
    little, whether it was a hit is learned better by itself. Both are learned; `chance.chance_of_hit` uses what has foretold better.
    """
    (goal,) = goals
    readout = observed(goal, data) if len(data) else np.zeros(0)
    hit = np.where(np.isfinite(readout), goal.past_threshold(readout) >= 0, np.nan)
    values = np.stack([readout, hit], axis=-1)[:, None, :]
    view = Dataset(
        ids=data.ids, settings=data.settings, roles=data.roles, blocks=data.blocks, times_h=np.array([np.nan]), variables=(READOUT, HIT),
        values=values, flags=np.where(np.isfinite(values), 0, -1), contexts=data.contexts,
    )  # fmt: skip
    return HitsView(data=view, goals=(goal.model_copy(update=_END),))
