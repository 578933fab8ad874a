"""The acquisition of a task, by what is wanted."""

from __future__ import annotations

from botorch.acquisition import AcquisitionFunction
from torch import Tensor

from world_model.terms.errors import DesignError

from ..beliefs.weighed import weighed
from ..surrogate.surrogate import Surrogate
from .registry import member_for
from .task import Task


def acquisition(surrogate: Surrogate, task: Task, *, waiting: Tensor, seed: int) -> AcquisitionFunction:
    """What one more point of a batch is worth.

    Args:
        waiting: `p x d`, designs that are under way or were chosen before it.

    Raises:
        DesignError: the surrogate lacks what the acquisition needs. `fitness.competing` tells it before anything is fitted.
    """
    member = member_for(task)
    lacking = [
        name for name, needed, given in (
            ("exact Gaussian posteriors", member.needs.gaussian, surrogate.gaussian), ("gradients", member.needs.gradients, surrogate.gradients),
            ("fantasies", member.needs.fantasies, surrogate.gaussian),
        ) if needed and not given
    ]  # fmt: skip
    if lacking:
        raise DesignError(f"Expected a world model with {', '.join(lacking)} for {member.name}, found {surrogate.world.verdict.picked!r}, which has none.")
    return weighed(member.build(surrogate, task, waiting=waiting, seed=seed), task.beliefs, n_waiting=len(waiting))
