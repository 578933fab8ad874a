"""Running wells: which can still be the best, which can be stopped, and which one needs a reading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from world_model.chance import stream
from world_model.fit import WorldModel
from world_model.readouts import read_out
from world_model.state import History
from world_model.terms.goals import Goal

from .curves import curve_draws, readable_of
from .schedule import best_moments

STOP_BELOW = 0.01  # chance of being the best
DRAWS = 4096
Act = Literal["stop", "read", "go on"]


@dataclass(frozen=True)
class Advice:
    """What to do with one running experiment.

    Attributes:
        mean, sd: of its readout at the end, as believed now, in the readout's unit.
        best: how likely it ends as the best of all, those that are done included.
        read_h: the hour at which one further reading would leave its readout least unsure; None where none is allowed.
        sd_after: what it would leave.
        act: `stop` where it is less likely than the bound to end as the best; `read` for the one whose reading is worth most; else `go on`.
    """

    id: str
    mean: float
    sd: float
    best: float
    read_h: float | None
    sd_after: float
    act: Act


def advise(
    world: WorldModel, goal: Goal, running: Sequence[tuple[str, History]], *, hours: Sequence[float], best_done: float, below: float = STOP_BELOW,
    noise: Mapping[str, float] | None = None, seed: int = 0,
) -> tuple[Advice, ...]:  # fmt: skip
    """One piece of advice a running experiment, likeliest best first.

    Wells are drawn independently, given the model's mean: what they share (the model's own doubt) moves them together less than their
    own readings tell them apart.

    Args:
        hours: at which one may still read.
        best_done: the best score among experiments that are done.
        noise: observable → the reader's sd, where somebody told it.
        below: chance of being the best, under which a well may be stopped.
    """
    told = torch.stack([_readouts(world, goal, history, seed=seed, id=id) for id, history in running], dim=1)
    scores = goal.score(told)
    rivals = torch.cat([scores, torch.full((len(scores), 1), best_done, dtype=scores.dtype)], dim=1)
    best = torch.nn.functional.one_hot(rivals.argmax(dim=1), rivals.shape[1]).double().mean(dim=0)[: len(running)]
    found = []
    for i, (id, history) in enumerate(running):
        mean, sd = float(told[:, i].mean()), float(told[:, i].std())
        read_h, after = _next_read(world, goal, history, hours, noise=noise, seed=seed)
        found.append(Advice(id=id, mean=mean, sd=sd, best=float(best[i]), read_h=read_h, sd_after=min(after, sd), act="stop" if float(best[i]) < below else "go on"))
    open_wells = [one for one in found if one.act != "stop" and one.read_h is not None]
    # the reading that could change most: a well that is likely the best, by what its sd would lose
    worth = max(open_wells, key=lambda one: min(one.best, 1 - one.best) * (one.sd - one.sd_after), default=None)
    return tuple(sorted((replace(one, act="read") if one is worth else one for one in found), key=lambda one: -one.best))


def _readouts(world: WorldModel, goal: Goal, history: History, *, seed: int, id: str) -> Tensor:
    own = int(torch.randint(2**31, (1,), generator=stream(seed, id)))
    values = curve_draws(world, history, n=DRAWS, seed=own)
    return read_out(goal, values, times_h=world.times_h, variables=world.variables)


def _next_read(world: WorldModel, goal: Goal, history: History, hours: Sequence[float], *, noise: Mapping[str, float] | None, seed: int) -> tuple[float | None, float]:
    if not any(hour > history.now_h + 1e-9 for hour in hours):
        return None, float("inf")
    readable = readable_of(world, goal, [history], hours=hours, noise=noise, seed=seed)
    (moment,) = best_moments(readable, 1)
    return readable.hours[moment], readable.left([moment]) ** 0.5
