"""Noisy log expected improvement over the best of what was measured: the default for what is one number."""

from __future__ import annotations

import torch
from botorch.acquisition.logei import qLogNoisyExpectedImprovement
from botorch.utils.sampling import manual_seed
from torch import Tensor

from ..surrogate.surrogate import Surrogate
from .feasibility import callables, limits
from .member import Member
from .task import Task


def improvement(surrogate: Surrogate, task: Task, *, waiting: Tensor, seed: int) -> qLogNoisyExpectedImprovement:
    """BoTorch's qLogNEI over the best that keeps the constraints; goals that nobody has weighed are joined by weights that `seed` draws."""
    with manual_seed(seed):
        return qLogNoisyExpectedImprovement(
            model=surrogate.model,
            X_baseline=torch.unique(surrogate.world.training.design, dim=0),
            sampler=surrogate.sampler(seed),
            objective=surrogate.objective(seed),
            constraints=callables(surrogate, limits(surrogate.world, task, seed=seed)),
            X_pending=waiting if len(waiting) else None,
            prune_baseline=True,
            cache_root=surrogate.gaussian,
        )


IMPROVEMENT = Member(name="noisy log expected improvement", suits=lambda task: True, build=improvement)
