"""How likely each candidate is a hit, told in the way that has foretold held-out hits better."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from world_model.contract import Belief
from world_model.fit import WorldModel
from world_model.terms.goals import Goal

from ..information.level_set import past
from .view import HIT

FEWEST = 0.5  # hits that are added to each side of a chance: nothing is impossible after few experiments


@dataclass(frozen=True)
class Ways:
    """Two ways to tell how likely a hit is, `n` each: from the belief about the readout, and from having learned hits themselves."""

    by_readout: Tensor
    by_itself: Tensor


def chance_of_hit(world: WorldModel, goal: Goal, design: Tensor) -> Tensor:
    """`c`: how likely a reading of each design `c x d` is a hit.

    Args:
        world: fitted to a `hits_view`.
        goal: of that view.
    """
    told = world.posterior_at(design).mean_sd(of="reading")
    ways = _ways(world, goal, told.mean, told.sd.square())
    return ways.by_itself if learned_by_itself(world, goal) else ways.by_readout


def learned_by_itself(world: WorldModel, goal: Goal) -> bool:
    """Whether hits learned by themselves have foretold held-out hits better than the readout has, by the logarithmic score."""
    own = torch.arange(len(world.training))  # with sources these rows come first
    told: Belief = world.fitted.held_out().take(own)
    hit = world.training.as_read[:, 0, world.variables.index(HIT)]
    known = torch.isfinite(hit)
    ways = _ways(world, goal, told.mean, told.variance("reading"))
    return bool(log_score(ways.by_itself[known], hit[known]).mean() <= log_score(ways.by_readout[known], hit[known]).mean())


def log_score(chance: Tensor, hit: Tensor) -> Tensor:
    """`n`: minus the logarithm of what was said of what happened; smaller is better."""
    return -(hit * chance.log() + (1 - hit) * (-chance).log1p())


def _ways(world: WorldModel, goal: Goal, mean: Tensor, variance: Tensor) -> Ways:
    readout, hit = world.variables.index(goal.readout), world.variables.index(HIT)
    n = len(world.training)
    centre, sd = mean[:, 0, readout], variance[:, 0, readout].clamp_min(1e-24).sqrt()
    return Ways(by_readout=_never_sure(past(goal, centre, sd), n), by_itself=_never_sure(mean[:, 0, hit].clamp(0.0, 1.0), n))


def _never_sure(chance: Tensor, n: int) -> Tensor:
    return (n * chance + FEWEST) / (n + 2 * FEWEST)
