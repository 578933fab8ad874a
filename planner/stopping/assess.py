"""Where a campaign stands before its next batch, as the model sees it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from world_model.fit import FEWEST_RECORDS, WorldModel
from world_model.observed import observed
from world_model.posterior import MeanSd
from world_model.terms.errors import DesignError
from world_model.terms.goals import Goal
from world_model.terms.proposal import ProposedExperiment
from world_model.terms.readings import Dataset
from world_model.terms.space import Settings

from ..pool import build_pool
from .gain import Gain, gain_of
from .left import Left, left_to_find

ALIKE = 1e-9  # of the largest reading: results closer than this are one number


@dataclass(frozen=True)
class Assessed:
    """Attributes:
    row: position in the data set of the measured condition that would be recommended now.
    best: its believed true value, in the readout's unit.
    gain: of the next batch; None where there is none.
    left: what remaining candidates may be worth; None where none is left.
    remaining: candidates of a table or grid that are neither measured nor pending; None in a space that can't be counted.
    noise: sd of one reading of the recommended condition.
    """

    row: int
    best: MeanSd
    gain: Gain | None
    left: Left | None
    remaining: int | None
    noise: float


def assess(
    world: WorldModel, goal: Goal, *, data: Dataset, batch: Sequence[ProposedExperiment], pending: Sequence[ProposedExperiment] = (),
    snap: Callable[[dict[str, float | str]], Settings | None] | None = None, seed: int, stretch: float = 1.0,
) -> Assessed:  # fmt: skip
    """Assess what is measured, what the next batch is worth and what is left.

    Args:
        data: what the model was fitted to; controls are known points and are not recommended.
        batch: the next one, with its repeats; empty where there is none.
        stretch: what past predictions ask the model's own sd to be multiplied by: a model that was too sure must not end a campaign.
    """
    encoder = world.encoder
    design = encoder.design(data.settings)
    rows = competing(data, goal)
    first = np.array([rows[data.groups()[rows] == group][0] for group in np.unique(data.groups()[rows])])
    told = world.posterior_at(design[first]).readout(goal, seed=seed)
    place = int(goal.score(told.mean).argmax())
    reading = world.posterior_at(design[first[place : place + 1]]).readout(goal, of="reading", seed=seed)
    noise = float((reading.sd.square() - told.sd[place].square()).clamp_min(0).sqrt())
    wells = _wells(batch)
    gain = None
    if wells:
        asked = encoder.design_of([settings for settings, _ in wells.values()])
        counts = torch.tensor([float(count) for _, count in wells.values()], dtype=torch.double)
        gain = gain_of(world, goal, measured=torch.unique(design[rows], dim=0), batch=asked, wells=counts, seed=seed, stretch=stretch)
    waiting = encoder.design_of([row.settings for row in pending if row.settings])
    left, remaining = None, None
    try:
        pool = build_pool(encoder, taken=torch.cat([design, waiting]), seed=seed, snap=snap)
    except DesignError:
        remaining = 0
    else:
        remaining = len(pool) if pool.exhaustive else None
        left = left_to_find(world, goal, recommended=design[first[place]], remaining=pool.design, seed=seed, stretch=stretch)
    best = MeanSd(mean=told.mean[place], sd=stretch * told.sd[place])
    return Assessed(row=int(first[place]), best=best, gain=gain, left=left, remaining=remaining, noise=noise)


def competing(data: Dataset, goal: Goal) -> np.ndarray:
    """Positions of the experiments that may be recommended: candidates and their repeats whose goal was read."""
    read = values_of(data, goal)
    return np.flatnonzero(np.isfinite(read) & np.array([role in ("candidate", "replicate") for role in data.roles], dtype=bool))


def values_of(data: Dataset, goal: Goal) -> np.ndarray:
    """`n`: the goal's readout of each experiment as it was read, nan where readings that it needs are missing."""
    return observed(goal, data) if len(data) else np.zeros(0)


def is_constant(data: Dataset, goal: Goal) -> bool:
    """True where several distinct experiments all gave one number."""
    rows = competing(data, goal)
    read = values_of(data, goal)[rows]
    several = len(set(data.groups()[rows].tolist())) > 1
    return several and bool(np.ptp(read) <= ALIKE * max(float(np.abs(read).max()), 1e-300))


def enough(data: Dataset, goal: Goal) -> bool:
    """True where there is something to assess."""
    return len(competing(data, goal)) >= FEWEST_RECORDS


def _wells(batch: Sequence[ProposedExperiment]) -> Mapping[str, tuple[dict[str, float | str], int]]:
    """Candidate id → its settings and in how many wells it stands."""
    found: dict[str, tuple[dict[str, float | str], int]] = {}
    for experiment in batch:
        if experiment.role in ("candidate", "replicate") and experiment.settings:
            id = experiment.repeat_of or experiment.id
            settings, count = found.get(id, (dict(experiment.settings), 0))
            found[id] = (settings, count + 1)
    return found


__all__ = ["Assessed", "assess", "competing", "enough", "is_constant", "values_of"]
