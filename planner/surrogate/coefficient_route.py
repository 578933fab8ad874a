"""The seam with BoTorch: a model over coefficients, and an objective that decodes them to what is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from botorch.acquisition.objective import GenericMCObjective
from botorch.models import ModelListGP
from botorch.utils.multi_objective.scalarization import get_chebyshev_scalarization
from torch import Tensor

from world_model.fit import WorldModel
from world_model.readouts import desirability, read_out
from world_model.terms.goals import Goal


@dataclass(frozen=True)
class CoefficientRoute:
    """Exact posteriors over `m` coefficients, and the objective that every acquisition takes."""

    model: ModelListGP
    objective: GenericMCObjective


def as_botorch_model(world: WorldModel, goals: Sequence[Goal], *, seed: int) -> CoefficientRoute:
    """The world model as BoTorch sees it.

    Several goals are joined by one random augmented Chebyshev scalarisation a call (Knowles 2006, ParEGO), drawn from `seed`:
    a batch whose points each come from another seed spreads along the Pareto front.
    """
    if len(goals) == 1:
        return CoefficientRoute(model=world.model.gps, objective=GenericMCObjective(lambda samples, X=None: wanted(world, goals, samples)[..., 0]))
    generator = torch.Generator().manual_seed(seed)
    weights = torch.distributions.Exponential(1.0).icdf(torch.rand(len(goals), generator=generator, dtype=torch.double))
    weights = weights / weights.sum()
    posterior = world.posterior_at(world.model.design)
    seen = torch.stack([desirability(goal, posterior.readout(goal, seed=seed).mean) for goal in goals], dim=-1)
    joined = get_chebyshev_scalarization(weights=weights, Y=seen)
    return CoefficientRoute(model=world.model.gps, objective=GenericMCObjective(lambda samples, X=None: joined(wanted(world, goals, samples))))


def wanted(world: WorldModel, goals: Sequence[Goal], coefficients: Tensor) -> Tensor:
    """Each goal's readout, more is better: `… x m` coefficients → `… x g`."""
    values = world.basis.decode(coefficients)
    return torch.stack(
        [desirability(goal, read_out(goal, values, times_h=world.times_h, variables=world.variables)) for goal in goals], dim=-1
    )
