"""Where an experiment stands among all candidates: what is expected of it, and how many the acquisition prefers to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from world_model.fit import WorldModel
from world_model.posterior import MeanSd
from world_model.terms.errors import DesignError, NextwellError
from world_model.terms.space import Settings

from ..acquisitions.bounds import worth_a_look
from ..acquisitions.dispatch import acquisition
from ..acquisitions.feasibility import chances
from ..acquisitions.registry import member_for
from ..acquisitions.task import Task
from ..greedy import SHORTLIST
from ..pool import Pool, build_pool
from ..surrogate.routes import as_botorch_model
from .split import Split, split_of


@dataclass(frozen=True)
class Place:
    """One experiment beside the best so far and beside all other candidates, for the first goal.

    Attributes:
        state: its believed true value, in the readout's unit; `reading` of one more reading of it.
        best: the believed true value of the best measured experiment.
        split: exploitation and exploration; None where no one experiment is sought.
        rank: 1 is what would be chosen first; None where no acquisition could rank.
        of: how many candidates were ranked: all that can win, of a large space.
        keeps: for each outcome constraint the probability that it is kept.
        why_no_rank: why not.
    """

    state: MeanSd
    reading: MeanSd
    best: float
    split: Split | None
    rank: int | None
    of: int
    keeps: tuple[float, ...] = ()
    why_no_rank: str = ""


def place_of(
    world: WorldModel, task: Task, design: Tensor, *, taken: Tensor, waiting: Tensor,
    snap: Callable[[dict[str, float | str]], Settings | None] | None, seed: int,
) -> Place:  # fmt: skip
    """The place of a design `d`.

    Args:
        task: goals as the model reads them; the first is told.
        taken: `n x d`, measured or pending: these are no candidates.
        waiting: `p x d`, pending.
    """
    goal = task.goals[0]
    posterior = world.posterior_at(design.unsqueeze(0))
    state, reading = posterior.readout(goal, seed=seed), posterior.readout(goal, of="reading", seed=seed)
    known = world.posterior_at(world.training.design).readout(goal, seed=seed).mean
    best = float(known[int(goal.score(known).argmax())])
    split = split_of(float(goal.score(state.mean[0])), float(state.sd[0]), float(goal.score(torch.tensor(best)))) if goal.seeks_best else None
    keeps = tuple(chances(world, task, design.unsqueeze(0), seed=seed)[0].tolist()) if task.constraints else ()
    one = MeanSd(mean=state.mean[0], sd=state.sd[0])
    read = MeanSd(mean=reading.mean[0], sd=reading.sd[0])
    try:
        rank, of = _rank(world, task, design, taken=taken, waiting=waiting, snap=snap, seed=seed)
    except NextwellError as fault:
        return Place(state=one, reading=read, best=best, split=split, rank=None, of=0, keeps=keeps, why_no_rank=str(fault))
    return Place(state=one, reading=read, best=best, split=split, rank=rank, of=of, keeps=keeps)


def _rank(
    world: WorldModel, task: Task, design: Tensor, *, taken: Tensor, waiting: Tensor,
    snap: Callable[[dict[str, float | str]], Settings | None] | None, seed: int,
) -> tuple[int, int]:  # fmt: skip
    """The rank, and how many were ranked: the design and those candidates that can win."""
    pool: Pool = build_pool(world.encoder, taken=taken, seed=seed, snap=snap)
    rivals = pool.design[(pool.design - design).abs().amax(dim=1) > 1e-9]
    if not len(rivals):
        return 1, 1
    if len(rivals) > SHORTLIST:
        rivals = rivals[worth_a_look(world, member_for(task), task, rivals, size=SHORTLIST, seed=seed)]
    both = torch.cat([design.unsqueeze(0), rivals])
    surrogate = as_botorch_model(world, task, designs=torch.cat([world.training.design, waiting, both]), seed=seed)
    worth = acquisition(surrogate, task, waiting=waiting, seed=seed)
    with torch.no_grad():
        values = torch.cat([worth(block.unsqueeze(-2)) for block in both.split(surrogate.chunk)])
    if not torch.isfinite(values[0]):
        raise DesignError("Expected a number from the acquisition, found none.")
    return int((values[1:] > values[0]).sum()) + 1, len(both)
