"""Readouts that effects are told in: those of the goals, or the last reading of each observable; and the noise of one reading of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..contract import Training
from ..posterior import MeanSd
from ..readouts import read_out
from ..terms.goals import Goal


@dataclass(frozen=True)
class Readouts:
    """Attributes:
    goals: one a readout.
    read: `t x y`, where each observable is ever read: a readout uses its own observable's times alone.
    """

    goals: tuple[Goal, ...]
    times_h: Tensor
    variables: tuple[str, ...]
    read: Tensor

    @classmethod
    def of_training(cls, training: Training, goals: Sequence[Goal] = ()) -> Readouts:
        """The goals' readouts; without goals, each observable's last reading."""
        chosen = tuple(goals) or tuple(Goal(readout=name) for name in training.variables)
        return cls(goals=chosen, times_h=training.times_h, variables=training.variables, read=torch.isfinite(training.values).any(dim=0))

    def of(self, values: Tensor) -> Tensor:
        """`… x g` of trajectories `… x t x y`; nan where a reading that a readout needs is missing."""
        told = []
        for goal in self.goals:
            y = self.variables.index(goal.readout)
            own = torch.nonzero(self.read[:, y]).flatten()
            told.append(read_out(goal, values[..., own, y : y + 1], times_h=self.times_h[own], variables=(goal.readout,)))
        return torch.stack(told, dim=-1)


def noise_of_reading(readouts: Readouts, training: Training, *, state: MeanSd, reading: MeanSd) -> Tensor:
    """`g`: the sd of one reading of each readout: of replicates around their own mean, by plate; without replicates, the model's.

    Args:
        state, reading: predictions of the training rows, for where there are no replicates.
    """
    told = readouts.of(training.values)
    blocks = {block: i for i, block in enumerate(dict.fromkeys(training.blocks))}
    sets = training.groups * len(blocks) + torch.tensor([blocks[block] for block in training.blocks])
    off, freedom = torch.zeros(told.shape[1], dtype=torch.double), torch.zeros(told.shape[1], dtype=torch.double)
    for code in torch.unique(sets):
        rows = told[sets == code]
        known = torch.isfinite(rows)
        off += (rows - rows.nanmean(dim=0)).square().nansum(dim=0)
        freedom += (known.sum(dim=0) - 1).clamp_min(0)
    modelled = torch.stack([_modelled(readouts, g, state, reading) for g in range(told.shape[1])])
    return torch.where(freedom >= 3, (off / freedom.clamp_min(1)).sqrt(), modelled)


def _modelled(readouts: Readouts, g: int, state: MeanSd, reading: MeanSd) -> Tensor:
    """What the model says that a reading adds, at the readout's last time."""
    y = readouts.variables.index(readouts.goals[g].readout)
    last = int(torch.nonzero(readouts.read[:, y]).flatten()[-1])
    added = reading.sd[:, last, y].square() - state.sd[:, last, y].square()
    return added.clamp_min(0).nanmean().sqrt()

