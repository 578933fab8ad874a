"""Which of several models is right: experiments whose readings are expected to tell most about that.

Each model is fitted to the same readings, and all are as likely before the next ones. A batch is worth the mutual information of its
readings and of which model is right: 0 where all foretell the same, log 2 where two can't be mistaken for each other.

What a model foretells is taken as normal, with the mean and covariance of its hypotheses. (Were a reading compared with the hypotheses
themselves, the one that it was drawn from would give its model away: two models that say the same would seem told apart by a few unsure
experiments.)

Source: Box & Hill (1967), Technometrics 9:57, for the criterion with normal predictions; the expectation over readings is by Monte Carlo.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from world_model.chance import stream
from world_model.encoding import Encoder
from world_model.fit import WorldModel, fit_training
from world_model.readouts import read_out
from world_model.terms.goals import Goal

from ..acquisitions.task import Task
from ..pool import Pool
from .where import reading_noise

DRAWS = 1024  # hypotheses of each model: a covariance of few seems to know its own readings
LOOKED_AT = 256  # candidates that are weighed by Monte Carlo: those whose marginal beliefs differ most


def which_is_right(told: Tensor, noise: Tensor, *, seed: int) -> Tensor:
    """`c`: mutual information, in nats, of which model is right and of readings of `q` experiments together.

    Args:
        told: `k x s x c x q`, what each of `s` hypotheses of `k` equally likely models says.
        noise: `k x c x q`, variance of one reading as each model has it.
    """
    k, s = told.shape[:2]
    chance = torch.randn(k, s, 1, told.shape[3], generator=stream(seed, "noise of readings"), dtype=told.dtype)
    expected = [_normal(told[model], noise[model]) for model in range(k)]
    gain = torch.zeros(told.shape[2], dtype=told.dtype)
    for right in range(k):
        read = told[right] + noise[right].sqrt() * chance[right]  # s x c x q
        every = torch.stack([one.log_prob(read) for one in expected])  # k x s x c
        gain = gain + (every[right] - torch.logsumexp(every, dim=0) + math.log(k)).mean(dim=0) / k
    return gain


def _normal(told: Tensor, noise: Tensor) -> torch.distributions.MultivariateNormal:
    """Of readings: hypotheses `s x c x q` and variances `c x q` → `c` distributions over `q`."""
    mean = told.mean(dim=0)
    away = (told - mean).movedim(0, -1)  # c x q x s
    return torch.distributions.MultivariateNormal(mean, covariance_matrix=away @ away.mT / away.shape[-1] + torch.diag_embed(noise), validate_args=False)


def tell_apart(world: WorldModel, task: Task, *, pool: Pool, n: int, seed: int) -> list[int]:
    """Positions of a batch, chosen one by one, each knowing of those before it."""
    goal = task.goals[0]
    worlds = _rivals(world, goal, seed=seed)
    considered = _apart(worlds, goal, pool.design, seed=seed).topk(min(max(LOOKED_AT, n), len(pool))).indices
    design = pool.design[considered]
    draws = torch.stack([_readouts(one, goal, design, seed=seed) for one in worlds])  # k x s x c
    noise = torch.stack([reading_noise(one, goal, design, seed=seed) for one in worlds])
    chosen: list[int] = []
    for k in range(min(n, len(design))):
        had = draws[..., chosen].unsqueeze(2).expand(-1, -1, len(design), -1)
        told = torch.cat([draws.unsqueeze(-1), had], dim=-1)
        errors = torch.cat([noise.unsqueeze(-1), noise[:, chosen].unsqueeze(1).expand(-1, len(design), -1)], dim=-1)
        worth = torch.cat([which_is_right(told[:, :, block], errors[:, block], seed=seed + k) for block in torch.arange(len(design)).split(64)])
        worth[chosen] = -torch.inf
        chosen.append(int(worth.argmax()))
    picked: list[int] = considered[chosen].tolist()
    return picked


def _readouts(world: WorldModel, goal: Goal, design: Tensor, *, seed: int) -> Tensor:
    return read_out(goal, world.posterior_at(design).draws(DRAWS, seed), times_h=world.times_h, variables=world.variables)


def _rivals(world: WorldModel, goal: Goal, *, seed: int) -> list[WorldModel]:
    """Each of the models, fitted alone."""
    return [world if world.verdict.picked == name else fit_training(world.training, seed=seed, contestants=[name]) for name in goal.between or ()]


def bounds(world: WorldModel, task: Task, design: Tensor, *, seed: int) -> Tensor:
    """`c x 1`: how far apart the models' expectations lie."""
    return _apart(_rivals(world, task.goals[0], seed=seed), task.goals[0], design, seed=seed).unsqueeze(1)


def _apart(worlds: list[WorldModel], goal: Goal, design: Tensor, *, seed: int) -> Tensor:
    """`c`: from the lowest to the highest expectation of a reading, in its sd."""
    told = [one.posterior_at(design).readout(goal, of="reading", seed=seed) for one in worlds]
    means, sd = torch.stack([one.mean for one in told]), torch.stack([one.sd for one in told]).mean(dim=0)
    return (means.amax(dim=0) - means.amin(dim=0)) / sd.clamp_min(1e-12)


def between(task: Task, encoder: Encoder) -> tuple[str, ...]:
    """Who competes: those that are to be told apart."""
    return task.goals[0].between or ()


def why(world: WorldModel, task: Task, design: Tensor, *, seed: int) -> list[str]:
    """A sentence a row."""
    goal = task.goals[0]
    told = [one.posterior_at(design).readout(goal, of="reading", seed=seed) for one in _rivals(world, goal, seed=seed)]
    return [
        "Tells apart: " + ", ".join(f"{name} expects {float(one.mean[i]):.4g} ± {float(one.sd[i]):.2g}" for name, one in zip(goal.between or (), told, strict=True)) + "."
        for i in range(len(design))
    ]
