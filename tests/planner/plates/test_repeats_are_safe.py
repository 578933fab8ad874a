"""Where wells may be repeats, chance constraints and what is learned from failures hold too."""

from __future__ import annotations

import numpy as np
import torch

from planner.acquisitions.feasibility import chances
from planner.acquisitions.task import Task
from planner.beliefs.beliefs import LIKELY, Beliefs
from planner.plates.allocate import allocate
from planner.pool import Pool
from world_model.encoding import Encoder
from world_model.fit import fit_world_model
from world_model.terms.factors import Continuous
from world_model.terms.goals import Goal
from world_model.terms.outcome_constraint import OutcomeConstraint
from world_model.terms.readings import FLAGS, Dataset
from world_model.terms.space import SearchSpace

SPACE = SearchSpace(factors=(Continuous(name="x", low=0, high=1),))
GOAL = Goal(readout="yield")
EVERYWHERE = Pool(design=torch.linspace(0.01, 0.99, 99, dtype=torch.double)[:, None], rows=None, exhaustive=False)


def records(x, *, broken=()):
    """Yield rises with x, and so does what must stay under 0.4; readings are noisy."""
    x, rng = np.asarray(x, dtype=float), np.random.default_rng(0)
    values = np.stack([x + 0.2 * rng.normal(size=len(x)), x + 0.02 * rng.normal(size=len(x))], axis=-1)[:, None, :]
    failed = np.isin(np.arange(len(x)), broken)
    values[failed] = np.nan
    flags = np.where(failed[:, None, None], FLAGS.index("failed"), np.zeros(values.shape, dtype=int))
    return Dataset(
        ids=tuple(f"R01-{i + 1:03d}" for i in range(len(x))), settings={"x": x}, roles=("candidate",) * len(x), blocks=("1",) * len(x),
        times_h=np.array([np.nan]), variables=("yield", "impurity"), values=values, flags=flags, noise="unknown",
    )  # fmt: skip


def wells(data, task, *, n=8):
    world = fit_world_model(SPACE, data, seed=0, goals=task.readouts, contestants=["wide"])
    told = allocate(world, task, pool=EVERYWHERE, data=data, pending=EVERYWHERE.design[:0], n=n, seed=0, snap=None, rule=None)
    return world, told


def test_new_points_and_repeats_keep_chance_constraints():
    constraint = OutcomeConstraint(readout="impurity", at_most=0.4, probability=0.95)
    task = Task(goals=(GOAL,), constraints=(constraint,))
    world, told = wells(records(np.linspace(0, 1, 14)), task)
    assert float(chances(world, task, told.design, seed=0).min()) >= 0.95
    assert len(told.design) == 8


def test_what_likely_fails_is_left_out():
    data = records(np.linspace(0, 1, 14), broken=(10, 11, 12, 13))
    beliefs = Beliefs.of(Encoder(SPACE), data, [])
    assert beliefs is not None and beliefs.feasible is not None
    _, told = wells(data, Task(goals=(GOAL,), beliefs=beliefs))
    assert float(beliefs.feasible.chance(told.design).min()) >= LIKELY
