"""What to do with wells that run: stop those that can't become the best, and read where a reading tells most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from world_model.terms.errors import DesignError, ResultsError
from world_model.terms.goals import Goal

from ..state.dataset import dataset
from .mechanism_of import mechanism_of
from .open_campaign import OpenCampaign
from .outcome import Progress, silent
from .sample_times import reader_noise
from .what_if import history_of

if TYPE_CHECKING:
    from planner.sampling.advice import Advice


@dataclass(frozen=True, kw_only=True)
class Advised:
    """Attributes:
    goal: whose readout decides.
    unit: its unit.
    below: the chance of being the best under which a well may be stopped.
    best_done: the best readout among the experiments that are done, as the model believes them to be.
    wells: one piece of advice each, likeliest best first.
    """

    goal: Goal
    unit: str
    below: float
    best_done: float
    wells: tuple[Advice, ...]


def advise_wells(
    campaign: OpenCampaign, *, until_h: float | None = None, goal: int = 0, below: float = 0.01, round: int | None = None, seed: int = 0,
    progress: Progress = silent,
) -> Advised:  # fmt: skip
    """Advice on every candidate of a round that runs, from its readings until an hour.

    The model learns from the experiments of other rounds: what runs counts once, as its own history.

    Args:
        until_h: now; else the last hour that was read in that round.
        goal: which goal decides, from 0; one that seeks a best experiment.
        round: which round runs; else the last.

    Raises:
        DesignError: an unknown goal or round, a goal without a best experiment, or nothing that runs.
        ResultsError: too few results of other rounds, or nothing read in this one.
    """
    from planner.sampling.advice import advise
    from world_model.fit import fit_world_model

    state = campaign.standing()
    goals, data = state.charter.goals, dataset(state)
    if not 0 <= goal < len(goals):
        raise DesignError(f"Expected a goal from 0 to {len(goals) - 1}, found {goal}.")
    wanted = goals[goal]
    if not wanted.seeks_best:
        raise DesignError(f"Expected a goal of which one experiment can be the best, found {str(wanted)!r}.")
    if not 0 < below < 1:
        raise DesignError(f"Expected a chance between 0 and 1 below which a well may be stopped, found {below:g}.")
    number = len(state.rounds) if round is None else round
    if not 1 <= number <= len(state.rounds):
        raise DesignError(f"Expected a round from 1 to {len(state.rounds)}, found {number}. Propose one first.")
    running = [one.id for one in state.rounds[number - 1].experiments if one.role == "candidate" and one.id not in state.failed]
    inside = np.array([id in {one.id for one in state.rounds[number - 1].experiments} for id in data.ids], dtype=bool)
    if until_h is None:
        read = data.times_h[np.isfinite(data.values[inside]).any(axis=(0, 2))] if inside.any() else np.zeros(0)
        if not len(read):
            raise ResultsError(f"Expected readings of round {number}, found none. Record what was read so far, or say how far it is: until_h (--until).")
        until_h = float(read[-1])
    others = data.take(~inside)
    progress(f"fitting the model to {len(others)} experiments of other rounds")
    world = fit_world_model(campaign.space, others, seed=state.charter.seed, goals=goals, mechanism=mechanism_of(campaign))
    histories = [(id, history_of(state, data, id, until_h)) for id in running]
    # as the model believes what is done to be: one lucky reading should stop no well
    believed = world.posterior_at(world.training.design).readout(wanted, seed=seed).mean
    best = float(believed[int(wanted.score(believed).argmax())])
    # a read at the readout's own hour comes too late to act on
    end = float(world.times_h[-1]) if wanted.at_h is None else wanted.at_h
    hours = tuple(hour for hour in world.times_h.tolist() if hour < end - 1e-9)
    told = advise(world, wanted, histories, hours=hours, best_done=float(wanted.score(best)), below=below, noise=reader_noise(state), seed=seed)
    unit = wanted.unit_of(state.charter.measurement(wanted.readout).unit, is_curve=True)
    return Advised(goal=wanted, unit=unit, below=below, best_done=best, wells=told)
