"""Large batches: one joint posterior draw of the world a well, each well taking its draw's best point, without replacement."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from world_model.fit import WorldModel
from world_model.readouts import read_out
from world_model.terms.goals import Goal

from .pool import Pool
from .surrogate.coefficient_route import as_botorch_model

SHARPEST = 0.2  # of the deviation from the mean, in the first well


def choose_by_draws(world: WorldModel, goals: Sequence[Goal], *, pool: Pool, n: int, seed: int) -> list[int]:
    """Positions in the pool of `n` distinct points (batch Thompson sampling; Kandasamy et al. 2018).

    Every draw is one hypothesis of the world over the whole pool. Plain draws explore much: with a handful of rounds a batch
    needs wells near the best guess too. So the draws' deviation from the mean is scaled along the batch, from `SHARPEST` to 1: the
    first wells exploit, the last ones explore as widely as the belief is uncertain (in the spirit of epsilon-greedy Thompson
    sampling; Do et al. 2024).
    """
    taken = torch.zeros(len(pool), dtype=torch.bool)
    chosen: list[int] = []
    drawn = world.model.draws(pool.design, min(n, len(pool)), seed=seed, only=_that_matter(world, goals))
    centre = world.model.marginals(pool.design).mean
    for k, share in enumerate(torch.linspace(SHARPEST, 1.0, len(drawn), dtype=torch.double)):
        draw = centre + share * (drawn[k] - centre)
        route = as_botorch_model(world, goals, seed=seed + k)
        value: Tensor = route.objective(draw.unsqueeze(0))[0]
        value[taken] = -torch.inf
        best = int(value.argmax())
        taken[best] = True
        chosen.append(best)
    return chosen


def _that_matter(world: WorldModel, goals: Sequence[Goal]) -> list[int] | None:
    """The coefficients that some goal's readout depends on; None for all, where a readout is not linear."""
    if len(world.times_h) > 1 and any(goal.take == "peak" for goal in goals):
        return None
    weights = torch.stack([read_out(goal, world.basis.components, times_h=world.times_h, variables=world.variables).abs() for goal in goals])
    return torch.nonzero((weights > 1e-9 * weights.max(dim=1, keepdim=True).values).any(dim=0)).flatten().tolist()
