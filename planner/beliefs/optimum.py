"""Where somebody believes the best to lie, as a weight on designs that fades with evidence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from world_model.encoding import Encoder
from world_model.fit import WorldModel
from world_model.terms.errors import SpaceError
from world_model.terms.factors import Categorical
from world_model.terms.goals import Goal
from world_model.terms.priors import Prior

LEAST = 1e-2  # of the weight at the centre: nothing is ruled out
_OTHER_LEVEL = math.sqrt(2 * math.log(10.0))  # another level is as far as makes it a tenth as likely


@dataclass(frozen=True)
class Hunch:
    """One prior on a space.

    Attributes:
        dims: columns of the design that it speaks of.
        centre, width: of each, in the design's own numbers; a level's code has no width.
        levels: which of them are codes of levels.
        worth: experiments.
    """

    dims: tuple[int, ...]
    centre: Tensor
    width: float
    levels: Tensor
    worth: float

    @classmethod
    def of(cls, encoder: Encoder, prior: Prior) -> Hunch:
        """The prior in the encoder's designs.

        Raises:
            SpaceError: it is near what the space does not have.
        """
        space = encoder.space
        if reasons := prior.reasons_against(space.factors):
            raise SpaceError(f"A prior on the best, near {prior.near}: {'; '.join(reasons)}")
        # column by column: a conditional factor's value counts though nothing is said of what it needs
        centre = torch.tensor([float(encoder.column(name, np.array([value]))[0]) for name, value in prior.near.items()], dtype=torch.double)
        dims = tuple(space.names.index(name) for name in prior.near)
        return cls(
            dims=dims, centre=centre, width=prior.width, worth=prior.worth,
            levels=torch.tensor([isinstance(space.factors[dim], Categorical) for dim in dims]),
        )  # fmt: skip

    def distance(self, design: Tensor) -> Tensor:
        """`…`: in widths, of designs `… x d`."""
        away = design[..., list(self.dims)] - self.centre
        steps = torch.where(self.levels, (away.abs() > 0.5).to(away.dtype) * _OTHER_LEVEL, away / self.width)
        return steps.square().sum(dim=-1).clamp_min(1e-18).sqrt()

    def log_weight(self, design: Tensor) -> Tensor:
        """`…`: at most 0, at least log of `LEAST`."""
        return torch.log(LEAST + (1.0 - LEAST) * torch.exp(-0.5 * self.distance(design).square()))


def near_some(hunches: Sequence[Hunch], design: Tensor) -> Tensor:
    """`n` flags: within one width of some hunch."""
    return torch.stack([hunch.distance(design) <= 1.0 for hunch in hunches]).any(dim=0)


def agreement(world: WorldModel, goals: Sequence[Goal], hunch: Hunch, design: Tensor, *, seed: int) -> float:
    """How far the readings leave a hunch standing, from 0 to 1.

    The best chance of some design `n x d` near it to beat the best so far, over the best chance of any; times the square of the share of
    experiments elsewhere that the best one near it beats. Where the most promising designs lie there, or nothing is known yet, it is 1.
    """
    near = hunch.distance(design) <= 1.0
    if not near.any() or len(goals) > 1 or not goals[0].seeks_best:
        return 1.0
    seen = world.posterior_at(world.training.design)
    goal = goals[0]
    told = world.posterior_at(design).readout(goal, seed=seed)
    found, inside = goal.score(seen.readout(goal, seed=seed).mean), hunch.distance(world.training.design) <= 1.0
    best = float(found.max())
    beaten = float((found[~inside] <= found[inside].max()).double().mean()) if inside.any() and not inside.all() else 1.0
    chance = torch.special.ndtr((goal.score(told.mean) - best) / told.sd.clamp_min(1e-12))
    return float(chance[near].max() / chance.max().clamp_min(1e-12)) * beaten**2
