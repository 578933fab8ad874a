"""Several goals as one number: what is maximised inside the planner, and only there."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from botorch.utils.multi_objective.scalarization import get_chebyshev_scalarization
from torch import Tensor

from world_model.fit import WorldModel
from world_model.readouts import desirability
from world_model.terms.goals import Goal


def joined(world: WorldModel, goals: Sequence[Goal], *, seed: int) -> Callable[[Tensor], Tensor]:
    """A function from what is wanted of each goal, `… x g` (more is better), to `…`.

    Several goals are joined by one random augmented Chebyshev scalarisation a call (Knowles 2006, ParEGO), drawn from `seed`:
    a batch whose points each come from another seed spreads along the Pareto front.
    """
    if len(goals) == 1:
        return lambda wanted: wanted[..., 0]
    generator = torch.Generator().manual_seed(seed)
    weights = torch.distributions.Exponential(1.0).icdf(torch.rand(len(goals), generator=generator, dtype=torch.double))
    weights = weights / weights.sum()
    posterior = world.posterior_at(world.training.design)
    seen = torch.stack([desirability(goal, posterior.readout(goal, seed=seed).mean) for goal in goals], dim=-1)
    scalarised: Callable[[Tensor], Tensor] = get_chebyshev_scalarization(weights=weights, Y=seen)
    return scalarised
