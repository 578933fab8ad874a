"""Several goals as one number: what is maximised inside the planner, and only there."""

from __future__ import annotations

from collections.abc import Callable

import torch
from botorch.utils.multi_objective.scalarization import get_chebyshev_scalarization
from torch import Tensor

from world_model.fit import WorldModel

from .task import Task

SLOPE = 0.01  # of what the ramps say beyond their ends: where all is worth nothing it still says which way is up
LEAST = 1e-6  # a desirability of 0 inside the geometric mean, so that its logarithm is a number


def joined(world: WorldModel, task: Task, *, seed: int) -> Callable[[Tensor], Tensor]:
    """A function from readouts, `… x r` in their own units, goals first, to `…`, more is better.

    Goals that nobody has weighed are joined by one random augmented Chebyshev scalarisation a call (Knowles 2006, ParEGO), drawn
    from `seed`: a batch whose points each come from another seed spreads along the Pareto front.
    """
    goals = task.goals
    if task.join != "pareto":
        return lambda readouts: desirable(task, readouts)
    if len(goals) == 1:
        return lambda readouts: goals[0].score(readouts[..., 0])
    generator = torch.Generator().manual_seed(seed)
    weights = torch.distributions.Exponential(1.0).icdf(torch.rand(len(goals), generator=generator, dtype=torch.double))
    weights = weights / weights.sum()
    posterior = world.posterior_at(world.training.design)
    seen = torch.stack([goal.score(posterior.readout(goal, seed=seed).mean) for goal in goals], dim=-1)
    scalarised: Callable[[Tensor], Tensor] = get_chebyshev_scalarization(weights=weights, Y=seen)
    return lambda readouts: scalarised(scores(task, readouts))


def scores(task: Task, readouts: Tensor) -> Tensor:
    """`… x r` in their own units → `… x g`, more is better."""
    return torch.stack([goal.score(readouts[..., i]) for i, goal in enumerate(task.goals)], dim=-1)


def desirable(task: Task, readouts: Tensor, *, slope: float = SLOPE) -> Tensor:
    """The joined desirability, plus a slight slope that goes on where its ramps have ended on the bad side."""
    ramps = torch.stack([goal.ramp(readouts[..., i]) for i, goal in enumerate(task.goals)], dim=-1)
    weights = torch.tensor([goal.weight for goal in task.goals], dtype=readouts.dtype)
    weights = weights / weights.sum()
    each = ramps.clamp(0.0, 1.0)
    joint = (each.clamp_min(LEAST).log() @ weights).exp() if task.join == "desirability" else each @ weights
    return joint + slope * (ramps.clamp(max=1.0) @ weights)
