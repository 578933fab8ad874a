"""Several goals that nobody has weighed: what a point adds to the hypervolume under the front, or to a front weighed at random."""

from __future__ import annotations

import torch
from botorch.acquisition.multi_objective import logei
from botorch.acquisition.multi_objective.logei import qLogNoisyExpectedHypervolumeImprovement
from botorch.acquisition.multi_objective.parego import qLogNParEGO
from botorch.utils.multi_objective.box_decompositions.non_dominated import FastNondominatedPartitioning
from botorch.utils.multi_objective.hypervolume import infer_reference_point
from botorch.utils.multi_objective.pareto import is_non_dominated
from botorch.utils.sampling import manual_seed
from torch import Tensor

from world_model.fit import WorldModel

from ..surrogate.surrogate import Surrogate
from .bounds import likely_first, upper_bounds
from .feasibility import callables, chances, kept_in_mean, limits
from .member import Member
from .task import Task

_WIDTHS = (0.0, 0.5, 1.0, 2.0, 3.0)  # sd better than expected
_LIKELY = 0.1  # how likely constraints must hold to go first
MOST_GOALS = 3  # the boxes under a front multiply with every further goal: beyond, fronts weighed at random

# BoTorch would compile a kernel on the user's machine at first use, a minute and a compiler for a factor of two: it is not asked to
logei._load_attempted = True


def hypervolume(surrogate: Surrogate, task: Task, *, waiting: Tensor, seed: int) -> qLogNoisyExpectedHypervolumeImprovement:
    """BoTorch's qLogNEHVI. Goals are divided by the spread of what was measured, so that no unit outweighs another."""
    seen = scores_seen(surrogate.world, task, seed=seed)
    scale = spread(seen)
    with manual_seed(seed):
        return qLogNoisyExpectedHypervolumeImprovement(
            model=surrogate.model,
            ref_point=reference(surrogate.world, task, seen, seed=seed) / scale,
            X_baseline=torch.unique(surrogate.world.training.design, dim=0),
            sampler=surrogate.sampler(seed),
            objective=surrogate.objectives(scale),
            constraints=callables(surrogate, limits(surrogate.world, task, seed=seed)),
            X_pending=waiting if len(waiting) else None,
            prune_baseline=True,
            cache_root=surrogate.gaussian,
        )


def weighed_at_random(surrogate: Surrogate, task: Task, *, waiting: Tensor, seed: int) -> qLogNParEGO:
    """BoTorch's qLogNParEGO: improvement of one random augmented Chebyshev scalarisation a point."""
    scale = spread(scores_seen(surrogate.world, task, seed=seed))
    with manual_seed(seed):
        return qLogNParEGO(
            model=surrogate.model,
            X_baseline=torch.unique(surrogate.world.training.design, dim=0),
            sampler=surrogate.sampler(seed),
            objective=surrogate.objectives(scale),
            constraints=callables(surrogate, limits(surrogate.world, task, seed=seed)),
            X_pending=waiting if len(waiting) else None,
            prune_baseline=True,
            cache_root=surrogate.gaussian,
        )


def scores_seen(world: WorldModel, task: Task, *, seed: int) -> Tensor:
    """`n x g`: what the model believes of each measured design, more is better."""
    posterior = world.posterior_at(world.training.design)
    return torch.stack([goal.score(posterior.readout(goal, seed=seed).mean) for goal in task.goals], dim=-1)


def spread(seen: Tensor) -> Tensor:
    """`g`: the sd of each column; 1 where it does not vary."""
    sd = seen.std(dim=0)
    return torch.where(sd > 1e-12, sd, torch.ones_like(sd))


def reference(world: WorldModel, task: Task, seen: Tensor, *, seed: int) -> Tensor:
    """`g`, as scores: each goal's `worst` where it is given, else a tenth of the front's range below the front (Ishibuchi et al. 2011)."""
    kept = kept_in_mean(world, task, world.training.design, seed=seed)
    candidates = seen[kept] if kept.any() else seen
    front = candidates[is_non_dominated(candidates)]
    inferred = infer_reference_point(front)
    given = [None if goal.worst is None else float(goal.score(goal.worst)) for goal in task.goals]
    return torch.tensor([told if told is not None else float(inferred[i]) for i, told in enumerate(given)], dtype=torch.double)


def optimistic(world: WorldModel, task: Task, design: Tensor, *, seed: int) -> Tensor:
    """`c x k`: what a candidate adds to the hypervolume if each goal turns out some sd better than expected, and the upper bounds of
    single goals and of random weighings, for the later points of a batch widen the front elsewhere. With constraints, what is likely to
    keep them goes first."""
    posterior = world.posterior_at(design)
    told = [posterior.readout(goal, seed=seed) for goal in task.goals]
    seen = scores_seen(world, task, seed=seed)
    kept = kept_in_mean(world, task, world.training.design, seed=seed)
    boxes = FastNondominatedPartitioning(ref_point=reference(world, task, seen, seed=seed), Y=seen[kept] if kept.any() else seen[:0])
    low, high = boxes.get_hypercell_bounds()
    likely = chances(world, task, design, seed=seed).prod(dim=1) if task.constraints else None
    columns = []
    for width in _WIDTHS:
        best = torch.stack([goal.score(belief.mean) + width * belief.sd for goal, belief in zip(task.goals, told, strict=True)], dim=-1)
        gained = (torch.minimum(best.unsqueeze(1), high) - low).clamp_min(0).prod(dim=-1).sum(dim=-1)
        columns.append(likely_first(gained, likely, _LIKELY))
    return torch.cat([torch.stack(columns, dim=1), upper_bounds(world, task, design, seed=seed)], dim=1)


HYPERVOLUME = Member(
    name="noisy log expected hypervolume improvement", suits=lambda task: task.is_front and len(task.goals) <= MOST_GOALS, build=hypervolume,
    bounds=optimistic, looks_at=768,
)
WEIGHED_AT_RANDOM = Member(name="noisy log expected improvement of random weighings", suits=lambda task: task.is_front, build=weighed_at_random)
