"""What every acquisition is given: a BoTorch model, how its samples are scored, and what it can do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from botorch.acquisition.objective import GenericMCObjective
from botorch.models.model import Model
from botorch.sampling.base import MCSampler
from torch import Tensor

from world_model.fit import WorldModel
from world_model.terms.goals import Goal

from .scalarised import joined

Wanted = Callable[[Tensor, Tensor | None], Tensor]


@dataclass(frozen=True)
class Surrogate:
    """A world model as BoTorch sees it.

    Attributes:
        model: its posterior's samples are `… x m`: coefficients, or readouts.
        wanted: samples `… x n x m` at designs `… x n x d` → `… x n x g`, more is better.
        sampler: a sampler of the model's posterior, from a seed.
        gaussian: exact Gaussian posteriors: root decompositions may be kept.
        gradients: the acquisition may be followed uphill. Else candidates are compared.
        chunk: designs that are scored at a time.
    """

    world: WorldModel
    goals: tuple[Goal, ...]
    model: Model
    wanted: Wanted
    sampler: Callable[[int], MCSampler]
    gaussian: bool
    gradients: bool
    chunk: int

    def objective(self, seed: int) -> GenericMCObjective:
        """The objective; several goals are joined by weights that `seed` draws."""
        return objective(self.world, self.goals, self.wanted, seed=seed)


def objective(world: WorldModel, goals: Sequence[Goal], wanted: Wanted, *, seed: int) -> GenericMCObjective:
    """Samples → one number each."""
    join = joined(world, goals, seed=seed)
    return GenericMCObjective(lambda samples, X=None: join(wanted(samples, X)))
