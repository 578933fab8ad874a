"""What is left to find: how likely is it that any remaining candidate truly beats what would be recommended now?"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from world_model.fit import WorldModel
from world_model.terms.goals import Goal

from .joint import score_draws

COMPARED = 1024  # remaining candidates: those with the highest upper bounds
DRAWS = 512


@dataclass(frozen=True)
class Left:
    """`lead` `s`: by how much the best remaining candidate beats the recommended one, under each hypothesis of the world."""

    lead: Tensor
    compared: int

    def beats_by(self, margin: float) -> float:
        """The probability that some remaining candidate is better by more than `margin`."""
        return float((self.lead > margin).double().mean())


def left_to_find(world: WorldModel, goal: Goal, *, recommended: Tensor, remaining: Tensor, seed: int, stretch: float = 1.0) -> Left:
    """Joint draws over the remaining candidates and the recommended condition.

    Args:
        recommended: `d`.
        remaining: `c x d`, at least one; of many, those are compared that can win.
        stretch: of the model's own sd.
    """
    if len(remaining) > COMPARED:
        told = world.posterior_at(remaining).readout(goal, seed=seed)
        worth = goal.score(told.mean)
        kept = torch.cat([(worth + width * told.sd).topk(COMPARED // 2).indices for width in (1.0, 3.0)])
        remaining = remaining[torch.unique(kept)]
    drawn = score_draws(world, goal, torch.cat([recommended.unsqueeze(0), remaining]), n=DRAWS, seed=seed, stretch=stretch)
    return Left(lead=drawn[:, 1:].max(dim=1).values - drawn[:, 0], compared=len(remaining))
