"""Noisy log expected improvement over the best of what was measured: the default for what is one number."""

from __future__ import annotations

import torch
from botorch.acquisition.logei import qLogNoisyExpectedImprovement
from botorch.utils.sampling import manual_seed
from torch import Tensor

from ..surrogate.surrogate import Surrogate
from .bounds import worth_a_look
from .feasibility import callables, limits
from .member import Member
from .task import Task

MOST_CONTENDERS = 256


def improvement(surrogate: Surrogate, task: Task, *, waiting: Tensor, seed: int) -> qLogNoisyExpectedImprovement:
    """BoTorch's qLogNEI over the best that keeps the constraints; goals that nobody has weighed are joined by weights that `seed` draws."""
    with manual_seed(seed):
        return qLogNoisyExpectedImprovement(
            model=surrogate.model,
            X_baseline=contenders(surrogate, task, seed=seed),
            sampler=surrogate.sampler(seed),
            objective=surrogate.objective(seed),
            constraints=callables(surrogate, limits(surrogate.world, task, seed=seed)),
            X_pending=waiting if len(waiting) else None,
            prune_baseline=True,
            cache_root=surrogate.gaussian,
        )


def contenders(surrogate: Surrogate, task: Task, *, seed: int) -> Tensor:
    """`m x d`: measured designs that may be the best so far. BoTorch prunes the others by joint draws, whose cost is the cube of their
    number, so only those with the highest upper bounds are handed on where there are many."""
    world = surrogate.world
    designs = torch.unique(world.training.design, dim=0)
    if len(designs) <= MOST_CONTENDERS:
        return designs
    return designs[worth_a_look(world, IMPROVEMENT, task, designs, size=MOST_CONTENDERS, seed=seed)]


IMPROVEMENT = Member(name="noisy log expected improvement", suits=lambda task: True, build=improvement)
