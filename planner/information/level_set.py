"""Level sets: an experiment is worth doing where it is unsure on which side of the threshold its readout lies.

Source: the straddle heuristic, Bryan et al. (2005), NIPS 18: 1.96 sd - |mean - level|. What is chosen already is taken as read: it
lowers the sd of what goes together with it. The heuristic has an edge where the mean meets the threshold, so that candidates are
compared and no gradient is followed.
"""

from __future__ import annotations

import torch
from torch import Tensor

from world_model.fit import WorldModel
from world_model.terms.goals import Goal

from ..acquisitions.task import Task

WIDTH = 1.96


def bounds(world: WorldModel, task: Task, design: Tensor, *, seed: int) -> Tensor:
    """`c x 1`: the straddle of the marginal belief."""
    goal = task.goals[0]
    told = world.posterior_at(design).readout(goal, seed=seed)
    return (WIDTH * told.sd - goal.past_threshold(told.mean).abs()).unsqueeze(1)


def why(world: WorldModel, task: Task, design: Tensor, *, seed: int) -> list[str]:
    """A sentence a row."""
    goal = task.goals[0]
    told = world.posterior_at(design).readout(goal, seed=seed)
    return [
        f"Which side is unsure: expected {mean:.4g} ± {sd:.2g}, {chance:.0%} likely {_side(goal)}."
        for mean, sd, chance in zip(told.mean.tolist(), told.sd.tolist(), past(goal, told.mean, told.sd).tolist(), strict=True)
    ]


def past(goal: Goal, mean: Tensor, sd: Tensor) -> Tensor:
    """How likely a normal number lies on the wanted side of a goal's threshold."""
    sd = sd.clamp_min(1e-12)
    above = torch.special.ndtr((mean - goal.threshold) / sd)
    if goal.size_at_least is not None:
        return above + torch.special.ndtr((-mean - goal.threshold) / sd)
    return torch.special.ndtr((goal.threshold - mean) / sd) if goal.at_most is not None else above


def _side(goal: Goal) -> str:
    return f"{'at most' if goal.at_most is not None else 'at least'} {goal.threshold:g}{'' if goal.size_at_least is None else ' in size'}"
