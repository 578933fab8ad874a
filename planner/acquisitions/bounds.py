"""Which candidates of a large pool can win: the highest upper bounds by the marginal posterior of each goal."""

from __future__ import annotations

import torch
from torch import Tensor

from world_model.fit import WorldModel
from world_model.posterior import MeanSd

from .feasibility import chances
from .joined import desirable
from .member import Member
from .task import Task

WIDTHS = (1.0, 3.0)  # sd above the mean: what is likely good, and what may be
LIKELY = (0.5, 0.1)  # how likely constraints must hold at each of the widths
WEIGHINGS = 6  # random ones, for what is best in no single goal


def worth_a_look(world: WorldModel, member: Member, task: Task, design: Tensor, *, size: int, seed: int) -> Tensor:
    """`c` flags of at most `size` candidates `c x d`: the best of each column of the bounds."""
    keep = torch.zeros(len(design), dtype=torch.bool)
    bounds = (member.bounds or upper_bounds)(world, task, design, seed=seed)
    share = max(size // bounds.shape[1], 1)
    for column in bounds.unbind(dim=1):
        keep[column.topk(min(share, len(column))).indices] = True
    return keep


def upper_bounds(world: WorldModel, task: Task, design: Tensor, *, seed: int) -> Tensor:
    """`c x k`: each goal at each of the widths, more is better; of several goals their joined worth too. With constraints, what is likely
    to keep them goes first, and one column is how likely that is."""
    posterior = world.posterior_at(design)
    told = [posterior.readout(goal, seed=seed) for goal in task.goals]
    likely = chances(world, task, design, seed=seed).prod(dim=1) if task.constraints else None
    columns = []
    for goal, belief in zip(task.goals, told, strict=True):
        columns += [likely_first(goal.score(belief.mean) + width * belief.sd, likely, least) for width, least in zip(WIDTHS, LIKELY, strict=True)]
    if len(task.goals) > 1:
        for width, least in zip(WIDTHS, LIKELY, strict=True):
            columns += [likely_first(joint, likely, least) for joint in _joint_bounds(task, told, width, seed=seed)]
    if likely is not None:
        columns.append(likely)
    return torch.stack(columns, dim=1)


def _joint_bounds(task: Task, told: list[MeanSd], width: float, *, seed: int) -> list[Tensor]:
    """Several goals at their best together: their desirability, or what random weighings make of them."""
    if task.join != "pareto":
        # the three ends of what each number may be, for which of them is the best depends on the ramp
        ends = [torch.stack([belief.mean - width * belief.sd, belief.mean, belief.mean + width * belief.sd]) for belief in told]
        at = [torch.stack([goal.ramp(end) for end in three]).argmax(dim=0) for goal, three in zip(task.goals, ends, strict=True)]
        reached = [three.gather(0, place.unsqueeze(0)).squeeze(0) for three, place in zip(ends, at, strict=True)]
        return [desirable(task, torch.stack(reached, dim=-1))]
    best = torch.stack([goal.score(belief.mean) + width * belief.sd for goal, belief in zip(task.goals, told, strict=True)], dim=-1)
    low, high = best.amin(dim=0), best.amax(dim=0)
    share = (best - low) / torch.where(high > low, high - low, torch.ones_like(high))
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.rand(WEIGHINGS, len(task.goals), generator=generator, dtype=torch.double)
    weights = drawn / drawn.sum(dim=1, keepdim=True)
    return [(one * share).amin(dim=-1) + 0.05 * (one * share).sum(dim=-1) for one in weights]


def likely_first(bound: Tensor, likely: Tensor | None, least: float) -> Tensor:
    """Bounds of those that are likely enough to keep the constraints, then those of the others."""
    if likely is None:
        return bound
    return torch.where(likely >= least, bound, bound - (bound.max() - bound.min()) - 1.0)
