"""Values that wells share: chosen together with the points, against looping over values and asking for a recommendation at each.

The loop is what people do where a planner knows no plate: fix the value, ask for a batch, do so for every value, and compare. Here it
is given the best comparison there is, the same model's expected best of each batch, free of charge.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
import torch

from planner.acquisitions.task import Task
from planner.joint_draws import utilities
from planner.propose import propose
from world_model.fit import WorldModel, fit_world_model
from world_model.terms.campaign_doc import Batch
from world_model.terms.constraints import Linear
from world_model.terms.goals import Goal, Measurement
from world_model.terms.proposal import Proposal
from world_model.terms.readings import Dataset
from world_model.terms.shared import Shared
from world_model.terms.space import SearchSpace

DRAWS = 1024  # joint draws that batches are valued by, none of which any planner has seen
START = 24  # random rows that are known


@dataclass(frozen=True)
class SharedTask:
    """A table whose rows have a shared numeric factor; `values` may hold on one plate."""

    name: str
    space: SearchSpace
    truth: np.ndarray
    factor: str
    values: int
    n: int

    @property
    def levels(self) -> list[float]:
        assert self.space.candidates is not None
        return sorted(set(np.asarray(self.space.candidates.columns[self.factor], dtype=float).tolist()))


@dataclass(frozen=True)
class Cost:
    """What a batch is expected to gain on the best that is known, in the readout's unit, what its best row truly gives, and CPU seconds."""

    gain: float
    best: float
    cpu_s: float


def compare_shared(tasks: Sequence[SharedTask], *, seeds: Sequence[int], progress: Callable[[str], None] | None = None) -> pd.DataFrame:
    """A row a task and way: mean gain, true best of the batch, CPU seconds, and how often the joint batch gains less than the loop's."""
    rows = []
    for task in tasks:
        pairs = []
        for seed in seeds:
            data = _known(task, seed=seed)
            world = fit_world_model(task.space, data, seed=seed, goals=[_GOAL])
            joint, loop = _jointly(task, data, world, seed=seed), _looped(task, data, world, seed=seed)
            pairs.append((joint, loop))
            if progress:
                progress(f"{task.name}, seed {seed}: gain {joint.gain:.2f} jointly in {joint.cpu_s:.1f} s, {loop.gain:.2f} by the loop in {loop.cpu_s:.1f} s")
        for way, costs in (("jointly", [pair[0] for pair in pairs]), ("loop over values", [pair[1] for pair in pairs])):
            rows.append(
                {
                    "task": task.name, "way": way, "gain": float(np.mean([one.gain for one in costs])), "best": float(np.mean([one.best for one in costs])),
                    "cpu_s": float(np.mean([one.cpu_s for one in costs])), "seeds": len(pairs),
                    "joint gains less": sum(joint.gain < 0.995 * loop.gain for joint, loop in pairs),
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


_GOAL = Goal(readout="y")


def _jointly(task: SharedTask, data: Dataset, world: WorldModel, *, seed: int) -> Cost:
    begun = time.process_time()
    told = _asked(task.space, task, data, task.n, seed=seed, batch=Batch(shared=(Shared(factors=(task.factor,), values=task.values),)))
    spent = time.process_time() - begun
    rows = _rows(told)
    held = Counter(float(one.settings[task.factor]) for one in told.experiments)
    assert len(held) <= task.values
    return Cost(gain=_gain(task, world, rows, seed=seed), best=float(task.truth[rows].max()), cpu_s=spent)


def _looped(task: SharedTask, data: Dataset, world: WorldModel, *, seed: int) -> Cost:
    """A batch of n / k at each value; the k whose rows together are expected to gain most."""
    begun = time.process_time()
    each: dict[float, list[int]] = {}
    for level in task.levels:
        there = SearchSpace(factors=task.space.factors, constraints=(Linear(terms={task.factor: 1.0}, equals=level),), candidates=task.space.candidates)
        each[level] = _rows(_asked(there, task, data, task.n // task.values, seed=seed, batch=Batch()))
    spent = time.process_time() - begun
    sets = [[row for level in some for row in each[level]] for some in combinations(task.levels, task.values)]
    rows = max(sets, key=lambda rows: _gain(task, world, rows, seed=seed + 1))
    return Cost(gain=_gain(task, world, rows, seed=seed), best=float(task.truth[rows].max()), cpu_s=spent)


def _asked(space: SearchSpace, task: SharedTask, data: Dataset, n: int, *, seed: int, batch: Batch) -> Proposal:
    return propose(space=space, goals=[_GOAL], measurements=[Measurement(name="y")], data=data, pending=[], batch=batch, controls=[], round=2, n=n, seed=seed)


def _gain(task: SharedTask, world: WorldModel, rows: Sequence[int], *, seed: int) -> float:
    """Noisy expected improvement of the whole batch, by fresh joint draws."""
    design = world.encoder.design_of([task.space.candidate_settings(row) for row in rows])
    measured = torch.unique(world.training.design, dim=0)
    worth = utilities(world, Task(goals=(_GOAL,)), torch.cat([design, measured]), n=DRAWS, seed=10_000 + seed)
    best = worth[:, len(design) :].amax(dim=1)
    return float((worth[:, : len(design)].amax(dim=1) - best).clamp_min(0).mean())


def _rows(told: Proposal) -> list[int]:
    return [int(one.candidate) for one in told.experiments if one.candidate is not None]


def _known(task: SharedTask, *, seed: int) -> Dataset:
    rows = np.random.default_rng(seed).choice(len(task.truth), START, replace=False)
    settings = [task.space.candidate_settings(int(row)) for row in rows]
    return Dataset(
        ids=tuple(f"R01-{i:03d}" for i in range(len(rows))), settings={name: np.array([one[name] for one in settings]) for name in task.space.names},
        roles=("candidate",) * len(rows), blocks=("1",) * len(rows), times_h=np.array([np.nan]), variables=("y",),
        values=task.truth[rows][:, None, None].astype(float), flags=np.zeros((len(rows), 1, 1), int),
    )  # fmt: skip
