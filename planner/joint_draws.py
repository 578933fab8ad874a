"""Large batches: one joint posterior draw of the world a well, each well taking its draw's best point, without replacement."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from botorch.utils.sampling import manual_seed
from torch import Tensor

from world_model.fit import WorldModel
from world_model.terms.goals import Goal

from .pool import Pool
from .surrogate.coefficient_route import as_botorch_model


def choose_by_draws(world: WorldModel, goals: Sequence[Goal], *, pool: Pool, n: int, seed: int) -> list[int]:
    """Positions in the pool of `n` distinct points (batch Thompson sampling; Kandasamy et al. 2018).

    Every draw is one hypothesis of the world over the whole pool, so a batch is as diverse as the belief is uncertain.
    """
    with torch.no_grad(), manual_seed(seed):
        posterior = world.model.gps.posterior(pool.design)
        taken = torch.zeros(len(pool), dtype=torch.bool)
        chosen: list[int] = []
        for k in range(min(n, len(pool))):
            route = as_botorch_model(world, goals, seed=seed + k)
            value: Tensor = route.objective(posterior.rsample(torch.Size([1])))[0]
            value[taken] = -torch.inf
            best = int(value.argmax())
            taken[best] = True
            chosen.append(best)
    return chosen
