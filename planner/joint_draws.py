"""Large batches: one joint posterior draw of the world a well, each well taking its draw's best point, without replacement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from world_model.contestants.trajectory_gp import FittedTrajectoryGP
from world_model.fit import WorldModel
from world_model.readouts import read_out
from world_model.terms.functionals import Functional

from .acquisitions.feasibility import limits, violation
from .acquisitions.joined import joined
from .acquisitions.task import Task
from .pool import Pool
from .surrogate.coefficient_route import readouts as read_coefficients
from .surrogate.surrogate import Read

SHARPEST = 0.2  # of the deviation from the mean, in the first well


def choose_by_draws(world: WorldModel, task: Task, *, pool: Pool, n: int, seed: int, second: WorldModel | None = None) -> list[int]:
    """Positions in the pool of `n` distinct points (batch Thompson sampling; Kandasamy et al. 2018).

    Args:
        second: another model, whose draws every other well follows.

    Every draw is one hypothesis of the world over the whole pool. Plain draws explore much: with a handful of rounds a batch
    needs wells near the best guess too. So the draws' deviation from the mean is scaled along the batch, from `SHARPEST` to 1: the
    first wells exploit, the last ones explore as widely as the belief is uncertain (in the spirit of epsilon-greedy Thompson
    sampling; Do et al. 2024).
    """
    taken = torch.zeros(len(pool), dtype=torch.bool)
    chosen: list[int] = []
    n = min(n, len(pool))
    asked = [_hypotheses(one, task, pool.design, n, seed=seed) for one in (world, second) if one is not None]
    told = limits(world, task, seed=seed)
    shares = torch.linspace(SHARPEST, 1.0, n, dtype=torch.double) if second is None else torch.linspace(0.0, 1.0, n, dtype=torch.double)
    for k, share in enumerate(shares):
        worlds = asked[k % len(asked)]
        # where another model explores beside it, the first stays nearer to what it expects
        share = share / 2 if len(asked) > 1 and worlds is asked[0] else share
        draw = worlds.centre + share * (worlds.drawn[k] - worlds.centre)
        readouts = worlds.read(draw.unsqueeze(0), pool.design)[0]
        value = joined(world, task, seed=seed + k)(readouts)
        value = _kept_first(value, violation(told, readouts), taken=taken) if told else value
        if task.beliefs is not None:
            value = task.beliefs.in_draw(value, pool.design, seed=seed + k, taken=taken)
        value[taken] = -torch.inf
        best = int(value.argmax())
        taken[best] = True
        chosen.append(best)
    return chosen


def utilities(world: WorldModel, task: Task, design: Tensor, *, n: int, seed: int) -> Tensor:
    """`n x c`: what each design `c x d` is worth under each of `n` joint draws of the world.

    Several goals are joined by weights of their own for each draw, so that no one weighing decides. What breaks a constraint in a
    draw is worth less than all that keeps it.
    """
    worlds = _hypotheses(world, task, design, n, seed=seed)
    told = limits(world, task, seed=seed)
    if not task.is_front and not told:
        return joined(world, task, seed=seed)(worlds.read(worlds.drawn, design))
    rows = []
    for k, draw in enumerate(worlds.drawn):
        readouts = worlds.read(draw.unsqueeze(0), design)[0]
        value = joined(world, task, seed=seed + k)(readouts)
        beyond = violation(told, readouts)
        rows.append(torch.where(beyond > 0, value.min() - beyond, value))
    return torch.stack(rows)


def _kept_first(value: Tensor, beyond: Tensor, *, taken: Tensor) -> Tensor:
    """What breaks a constraint in a draw is out; where all that is left does, the least beyond is best (Eriksson and Poloczek 2021)."""
    kept = beyond <= 0
    return torch.where(kept, value, -torch.inf) if bool((kept & ~taken).any()) else -beyond


@dataclass(frozen=True)
class _Hypotheses:
    """`drawn` `s x n x …` and their mean `centre` `n x …`, as coefficients or as trajectories; `read` reads the task's numbers out of either."""

    drawn: Tensor
    centre: Tensor
    read: Read


def _hypotheses(world: WorldModel, task: Task, design: Tensor, n: int, *, seed: int) -> _Hypotheses:
    """Joint draws over all designs: of the coefficients where the model has Gaussian ones, else of the trajectories."""
    fitted = world.fitted
    if isinstance(fitted, FittedTrajectoryGP):
        return _Hypotheses(
            drawn=fitted.model.draws(design, n, seed=seed, only=_that_matter(world, task.readouts)), centre=fitted.model.marginals(design).mean,
            read=lambda samples, at: read_coefficients(world, fitted, task.readouts, samples, at),
        )  # fmt: skip
    posterior = world.posterior_at(design)
    return _Hypotheses(drawn=posterior.draws(n, seed), centre=posterior.mean_sd().mean, read=lambda samples, at: read_trajectories(world, task, samples))


def read_trajectories(world: WorldModel, task: Task, values: Tensor) -> Tensor:
    """`… x t x y` → `… x r`, each in its own unit."""
    return torch.stack([read_out(one, values, times_h=world.times_h, variables=world.variables) for one in task.readouts], dim=-1)


def _that_matter(world: WorldModel, wanted: Sequence[Functional]) -> list[int] | None:
    """The coefficients that some readout depends on; None for all, where a readout is not linear."""
    if len(world.times_h) > 1 and any(not one.is_linear for one in wanted):
        return None
    weights = torch.stack([read_out(one, world.basis.components, times_h=world.times_h, variables=world.variables).abs() for one in wanted])
    return torch.nonzero((weights > 1e-9 * weights.max(dim=1, keepdim=True).values).any(dim=0)).flatten().tolist()
