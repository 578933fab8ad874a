"""What every acquisition is given: a BoTorch model, how its samples are read, and what it can do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from botorch.acquisition.multi_objective.objective import GenericMCMultiOutputObjective
from botorch.acquisition.objective import GenericMCObjective
from botorch.models.model import Model
from botorch.sampling.base import MCSampler
from torch import Tensor

from world_model.fit import WorldModel
from world_model.terms.goals import Goal

from ..acquisitions.joined import joined, scores
from ..acquisitions.task import Task

Read = Callable[[Tensor, Tensor | None], Tensor]


@dataclass(frozen=True)
class Surrogate:
    """A world model as BoTorch sees it.

    Attributes:
        model: its posterior's samples are `… x m`: coefficients, or readouts.
        read: samples `… x n x m` at designs `… x n x d` → the task's readouts `… x n x r`, in their own units. With constraints the
            designs are not needed.
        sampler: a sampler of the model's posterior, from a seed.
        gaussian: exact Gaussian posteriors: root decompositions may be kept.
        gradients: the acquisition may be followed uphill. Else candidates are compared.
        chunk: designs that are scored at a time.
    """

    world: WorldModel
    task: Task
    model: Model
    read: Read
    sampler: Callable[[int], MCSampler]
    gaussian: bool
    gradients: bool
    chunk: int

    @property
    def goals(self) -> tuple[Goal, ...]:
        return self.task.goals

    def objective(self, seed: int) -> GenericMCObjective:
        """Samples → one number each; several goals that nobody has weighed are joined by weights that `seed` draws."""
        join = joined(self.world, self.task, seed=seed)
        return GenericMCObjective(lambda samples, X=None: join(self.read(samples, X)))

    def objectives(self, scale: Tensor) -> GenericMCMultiOutputObjective:
        """Samples → one number a goal, more is better, divided by `scale` `g`."""
        return GenericMCMultiOutputObjective(lambda samples, X=None: scores(self.task, self.read(samples, X)) / scale)
