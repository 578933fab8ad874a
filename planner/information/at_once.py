"""Large batches for knowledge: by the covariance of joint draws over the candidates, which every chosen one conditions.

Readings change variances by how candidates go together and not by what is read (exactly so for Gaussian beliefs), so that a batch
can be chosen one by one before anything is read.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from world_model.fit import WorldModel
from world_model.readouts import read_out

from ..acquisitions.bounds import worth_a_look
from ..acquisitions.member import Member
from ..acquisitions.task import Task
from ..pool import Pool
from .level_set import WIDTH
from .where import all_over, reading_noise

CANDIDATES, OUTCOMES, DRAWS = 1024, 256, 1024


def straddled(world: WorldModel, task: Task, *, pool: Pool, n: int, seed: int, member: Member) -> list[int]:
    """Positions of a batch for a level set."""
    goal = task.goals[0]

    def worth(covariance: Tensor, mean: Tensor, noise: Tensor, candidates: int) -> Tensor:
        return WIDTH * covariance.diagonal()[:candidates].clamp_min(0).sqrt() - goal.past_threshold(mean[:candidates]).abs()

    return _one_by_one(world, task, pool=pool, n=n, seed=seed, member=member, worth=worth)


def informed(world: WorldModel, task: Task, *, pool: Pool, n: int, seed: int, member: Member) -> list[int]:
    """Positions of a batch for the readout all over the space: each lowers the summed variance at the outcomes most."""

    def worth(covariance: Tensor, mean: Tensor, noise: Tensor, candidates: int) -> Tensor:
        shared = covariance[candidates:, :candidates].square()
        # the square of a covariance of few draws is too large by about this on average
        chance = covariance.diagonal()[candidates:, None] * covariance.diagonal()[None, :candidates] / DRAWS
        return (shared - chance).clamp_min(0).sum(dim=0) / (covariance.diagonal()[:candidates] + noise)

    return _one_by_one(world, task, pool=pool, n=n, seed=seed, member=member, worth=worth)


def conditioned(covariance: Tensor, at: int, noise: float) -> Tensor:
    """`c x c`: what is left of a covariance once the number at a position is read with noise of this variance."""
    column = covariance[:, at]
    return covariance - torch.outer(column, column) / (covariance[at, at] + noise)


def _one_by_one(
    world: WorldModel, task: Task, *, pool: Pool, n: int, seed: int, member: Member, worth: Callable[[Tensor, Tensor, Tensor, int], Tensor]
) -> list[int]:
    goal, size = task.goals[0], max(CANDIDATES, 2 * n)
    considered = torch.arange(len(pool))
    if len(pool) > size:
        considered = torch.nonzero(worth_a_look(world, member, task, pool.design, size=size, seed=seed)).flatten()
    design = pool.design[considered]
    together = torch.cat([design, all_over(world.encoder, OUTCOMES, seed=seed)])
    values = world.posterior_at(together).draws(DRAWS, seed)
    drawn = read_out(goal, values, times_h=world.times_h, variables=world.variables)
    covariance, mean = torch.cov(drawn.T), drawn.mean(dim=0)
    noise = reading_noise(world, goal, design, seed=seed)
    chosen: list[int] = []
    for _ in range(min(n, len(design))):
        values = worth(covariance, mean, noise, len(design))
        values[chosen] = -torch.inf
        chosen.append(int(values.argmax()))
        covariance = conditioned(covariance, chosen[-1], float(noise[chosen[-1]]))
    picked: list[int] = considered[chosen].tolist()
    return picked
