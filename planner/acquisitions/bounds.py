"""Which candidates of a large pool can win: the highest upper bounds by the marginal posterior of each goal."""

from __future__ import annotations

import torch
from torch import Tensor

from world_model.fit import WorldModel

from .member import Member
from .task import Task

WIDTHS = (1.0, 3.0)  # sd above the mean: what is likely good, and what may be


def worth_a_look(world: WorldModel, member: Member, task: Task, design: Tensor, *, size: int, seed: int) -> Tensor:
    """`c` flags of at most `size` candidates `c x d`: the best of each column of the bounds."""
    keep = torch.zeros(len(design), dtype=torch.bool)
    bounds = (member.bounds or upper_bounds)(world, task, design, seed=seed)
    share = max(size // bounds.shape[1], 1)
    for column in bounds.unbind(dim=1):
        keep[column.topk(min(share, len(column))).indices] = True
    return keep


def upper_bounds(world: WorldModel, task: Task, design: Tensor, *, seed: int) -> Tensor:
    """`c x k`: each goal at each of the widths, more is better."""
    posterior = world.posterior_at(design)
    columns = []
    for goal in task.goals:
        told = posterior.readout(goal, seed=seed)
        columns += [goal.sign * told.mean + width * told.sd for width in WIDTHS]
    return torch.stack(columns, dim=1)
