"""Hits found so far: conditions whose readout lies past the goal's threshold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .campaign_state import CampaignState
from .dataset import dataset
from .readout import observed


@dataclass(frozen=True, kw_only=True)
class Hits:
    """Attributes:
    goal: in words.
    found: conditions that are hits, by the mean of their wells.
    read: conditions that were read.
    """

    goal: str
    found: int
    read: int

    def __str__(self) -> str:
        share = f" ({self.found / self.read:.0%})" if self.read else ""
        return f"{self.found} hits among {self.read} conditions{share}"


def hits_so_far(state: CampaignState) -> tuple[Hits, ...]:
    """One entry a goal that seeks hits. Controls are known points and do not count."""
    data = dataset(state)
    counted = np.array([role in ("candidate", "replicate") for role in data.roles], dtype=bool)
    groups = data.groups()
    told = []
    for goal in state.charter.goals:
        if goal.direction != "hits":
            continue
        read = observed(goal, data) if len(data) else np.zeros(0)
        usable = counted & np.isfinite(read)
        means = [read[usable & (groups == group)].mean() for group in np.unique(groups[usable])]
        told.append(Hits(goal=str(goal), found=int(sum(goal.past_threshold(mean) >= 0 for mean in means)), read=len(means)))
    return tuple(told)
