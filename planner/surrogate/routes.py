"""A world model as BoTorch sees it: which route a fitted model takes is decided by its type, once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch

from torch import Tensor

from world_model.contestants.trajectory_gp import FittedTrajectoryGP
from world_model.contract import Fitted
from world_model.fit import WorldModel
from world_model.terms.goals import Goal

from .coefficient_route import coefficient_surrogate
from .member_route import member_surrogate
from .surrogate import Surrogate


def as_botorch_model(world: WorldModel, goals: Sequence[Goal], *, designs: Tensor, seed: int) -> Surrogate:
    """The world model as BoTorch sees it.

    Args:
        designs: `n x d`, those that will be asked for: candidates, and what is measured or pending.
        seed: of the hypotheses, where the model is asked by draws.
    """
    return _route(world.fitted, world, goals, designs=designs, seed=seed)


@singledispatch
def _route(fitted: Fitted, world: WorldModel, goals: Sequence[Goal], *, designs: Tensor, seed: int) -> Surrogate:
    return member_surrogate(world, goals, designs=designs, seed=seed)


@_route.register
def _(fitted: FittedTrajectoryGP, world: WorldModel, goals: Sequence[Goal], *, designs: Tensor, seed: int) -> Surrogate:
    return coefficient_surrogate(world, fitted, goals)
