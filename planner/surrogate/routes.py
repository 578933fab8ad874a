"""A world model as BoTorch sees it: which route a fitted model takes is decided by its type, once."""

from __future__ import annotations

from functools import singledispatch

from torch import Tensor

from world_model.contestants.trajectory_gp import FittedTrajectoryGP
from world_model.contract import Fitted
from world_model.fit import WorldModel

from ..acquisitions.task import Task
from .coefficient_route import coefficient_surrogate
from .member_route import member_surrogate
from .surrogate import Surrogate


def as_botorch_model(world: WorldModel, task: Task, *, designs: Tensor, seed: int) -> Surrogate:
    """The world model as BoTorch sees it.

    Args:
        designs: `n x d`, those that will be asked for: candidates, and what is measured or pending.
        seed: of the hypotheses, where the model is asked by draws.
    """
    return _route(world.fitted, world, task, designs=designs, seed=seed)


@singledispatch
def _route(fitted: Fitted, world: WorldModel, task: Task, *, designs: Tensor, seed: int) -> Surrogate:
    return member_surrogate(world, task, designs=designs, seed=seed)


@_route.register
def _(fitted: FittedTrajectoryGP, world: WorldModel, task: Task, *, designs: Tensor, seed: int) -> Surrogate:
    if fitted.offset is not None and task.constraints:
        # BoTorch gives constraints the samples alone, and a residual is nothing without its design
        return member_surrogate(world, task, designs=designs, seed=seed)
    return coefficient_surrogate(world, fitted, task)
