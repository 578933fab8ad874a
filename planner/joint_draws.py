"""Large batches: one joint posterior draw of the world a well, each well taking its draw's best point, without replacement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from world_model.contestants.trajectory_gp import FittedTrajectoryGP
from world_model.fit import WorldModel
from world_model.readouts import desirability, read_out
from world_model.terms.goals import Goal

from .acquisitions.task import Task
from .pool import Pool
from .surrogate.coefficient_route import wanted
from .surrogate.surrogate import Wanted, objective

SHARPEST = 0.2  # of the deviation from the mean, in the first well


def choose_by_draws(world: WorldModel, task: Task, *, pool: Pool, n: int, seed: int) -> list[int]:
    """Positions in the pool of `n` distinct points (batch Thompson sampling; Kandasamy et al. 2018).

    Every draw is one hypothesis of the world over the whole pool. Plain draws explore much: with a handful of rounds a batch
    needs wells near the best guess too. So the draws' deviation from the mean is scaled along the batch, from `SHARPEST` to 1: the
    first wells exploit, the last ones explore as widely as the belief is uncertain (in the spirit of epsilon-greedy Thompson
    sampling; Do et al. 2024).
    """
    goals = task.goals
    taken = torch.zeros(len(pool), dtype=torch.bool)
    chosen: list[int] = []
    worlds = _hypotheses(world, goals, pool.design, min(n, len(pool)), seed=seed)
    drawn, centre = worlds.drawn, worlds.centre
    for k, share in enumerate(torch.linspace(SHARPEST, 1.0, len(drawn), dtype=torch.double)):
        draw = centre + share * (drawn[k] - centre)
        value: Tensor = objective(world, goals, worlds.wanted, seed=seed + k)(draw.unsqueeze(0), X=pool.design)[0]
        value[taken] = -torch.inf
        best = int(value.argmax())
        taken[best] = True
        chosen.append(best)
    return chosen


@dataclass(frozen=True)
class _Hypotheses:
    """`drawn` `s x n x …` and their mean `centre` `n x …`, as coefficients or as trajectories; `wanted` scores either."""

    drawn: Tensor
    centre: Tensor
    wanted: Wanted


def _hypotheses(world: WorldModel, goals: Sequence[Goal], design: Tensor, n: int, *, seed: int) -> _Hypotheses:
    """Joint draws over all designs: of the coefficients where the model has Gaussian ones, else of the trajectories."""
    fitted = world.fitted
    if isinstance(fitted, FittedTrajectoryGP):
        return _Hypotheses(
            drawn=fitted.model.draws(design, n, seed=seed, only=_that_matter(world, goals)), centre=fitted.model.marginals(design).mean,
            wanted=lambda samples, at: wanted(world, fitted, goals, samples, at),
        )  # fmt: skip
    posterior = world.posterior_at(design)
    return _Hypotheses(drawn=posterior.draws(n, seed), centre=posterior.mean_sd().mean, wanted=lambda samples, at: _of_trajectories(world, goals, samples))


def _of_trajectories(world: WorldModel, goals: Sequence[Goal], values: Tensor) -> Tensor:
    """`… x t x y` → `… x g`, more is better."""
    return torch.stack([desirability(goal, read_out(goal, values, times_h=world.times_h, variables=world.variables)) for goal in goals], dim=-1)


def _that_matter(world: WorldModel, goals: Sequence[Goal]) -> list[int] | None:
    """The coefficients that some goal's readout depends on; None for all, where a readout is not linear."""
    if len(world.times_h) > 1 and any(goal.take == "peak" for goal in goals):
        return None
    weights = torch.stack([read_out(goal, world.basis.components, times_h=world.times_h, variables=world.variables).abs() for goal in goals])
    return torch.nonzero((weights > 1e-9 * weights.max(dim=1, keepdim=True).values).any(dim=0)).flatten().tolist()
