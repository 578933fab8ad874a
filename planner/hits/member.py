"""Hits as the planner's acquisition: the number found is what counts, so the likeliest are taken."""

from __future__ import annotations

import torch
from botorch.acquisition import AcquisitionFunction
from botorch.acquisition.monte_carlo import qProbabilityOfImprovement
from torch import Tensor

from world_model.contestants.by_refits import ByRefits
from world_model.contestants.trajectory_gp import TrajectoryGP
from world_model.contract import Contestant
from world_model.encoding import Encoder
from world_model.fit import WorldModel

from ..acquisitions.member import Member
from ..acquisitions.task import Task
from ..pool import Pool
from ..surrogate.surrogate import Surrogate
from .chance import chance_of_hit

MANY_FEATURES = 16  # from here on one length scale a feature is more than a screen's first round can tell


def contestants(task: Task, encoder: Encoder) -> tuple[str | Contestant, ...]:
    """Who competes for a screen, in prior order. Gaussian processes are judged by refits: in closed form they keep the length scales
    that were fitted to the row that is left out, and win screens that they lose (CRPS 0.48 of an sd claimed, 0.62 found)."""
    smooth = ByRefits(TrajectoryGP(name="wide", family="wide"))
    others = ("mean",)
    return ("trees", smooth, *others) if encoder.n_features >= MANY_FEATURES else (smooth, "trees", *others)


def likeliest(world: WorldModel, task: Task, *, pool: Pool, n: int, seed: int) -> list[int]:
    """The positions of the `n` likeliest hits.

    The expected number of hits in a batch is the sum of its chances, whatever goes together with what: no other batch is expected to
    find more. What the next rounds would gain from a batch that explores did not show (README). Ties are broken by chance, so that a
    model that knows nothing draws at random.
    """
    chance = chance_of_hit(world, task.goals[0], pool.design)
    order = torch.randperm(len(pool), generator=torch.Generator().manual_seed(seed))
    picked: list[int] = order[chance[order].argsort(descending=True, stable=True)[:n]].tolist()
    return picked


def one_more(surrogate: Surrogate, task: Task, *, waiting: Tensor, seed: int) -> AcquisitionFunction:
    """How likely this point is a hit, for who asks about a single one. What is waiting does not count: another hit is worth as much."""
    return qProbabilityOfImprovement(model=surrogate.model, best_f=0.0, sampler=surrogate.sampler(seed), objective=surrogate.objective(seed))


def bounds(world: WorldModel, task: Task, design: Tensor, *, seed: int) -> Tensor:
    """`c x 1`: the chance itself."""
    return chance_of_hit(world, task.goals[0], design).unsqueeze(1)


def why(world: WorldModel, task: Task, design: Tensor, *, seed: int) -> list[str]:
    """A sentence a row."""
    goal = task.goals[0]
    hit = world.training.as_read[:, 0, -1]
    share = float(hit.nanmean())
    sentences = []
    for chance in chance_of_hit(world, goal, design).tolist():
        times = f"{chance / share:.1f} times the share of hits so far ({share:.1%})" if share > 0 else "no hit was found so far"
        sentences.append(f"Hit with a chance of {chance:.0%}: {times}.")
    return sentences


HITS = Member(
    name="chance of a hit", suits=lambda task: task.goals[0].direction == "hits", build=one_more, bounds=bounds, many=likeliest,
    at_once="always", explores=True, contestants=contestants, why=why,
)  # fmt: skip
