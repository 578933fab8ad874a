"""Large batches by joint draws."""

from __future__ import annotations

import numpy as np
import torch

from planner.acquisitions.task import Task
from planner.joint_draws import choose_by_draws
from planner.pool import build_pool
from world_model.fit import fit_world_model
from world_model.terms.factors import Continuous
from world_model.terms.goals import Goal
from world_model.terms.readings import Dataset
from world_model.terms.space import SearchSpace

SPACE = SearchSpace(factors=(Continuous(name="x", low=0.0, high=1.0), Continuous(name="y", low=0.0, high=1.0)))
GOALS = (Goal(readout="r"),)


def world():
    generator = np.random.default_rng(0)
    x, y = generator.uniform(size=40), generator.uniform(size=40)
    r = -((x - 0.7) ** 2) - (y - 0.3) ** 2 + 0.002 * generator.normal(size=40)
    return fit_world_model(
        SPACE,
        Dataset(
            ids=tuple(map(str, range(40))), settings={"x": x, "y": y}, roles=("candidate",) * 40, blocks=("1",) * 40, times_h=np.array([np.nan]),
            variables=("r",), values=r[:, None, None], flags=np.zeros((40, 1, 1), int),
        ),
        seed=0, goals=GOALS,
    )  # fmt: skip


def test_a_batch_is_without_replacement_and_near_the_optimum_of_a_well_known_bowl():
    model = world()
    pool = build_pool(model.encoder, taken=model.model.design, seed=1, size=512)
    chosen = choose_by_draws(model, Task(goals=tuple(GOALS)), pool=pool, n=20, seed=2)
    assert len(set(chosen)) == 20
    # the bowl -(x - 0.7)^2 - (y - 0.3)^2 has its top at (0.7, 0.3)
    assert (pool.design[chosen].median(dim=0).values - torch.tensor([0.7, 0.3])).abs().max() < 0.1
    assert chosen == choose_by_draws(model, Task(goals=tuple(GOALS)), pool=pool, n=20, seed=2)
