"""A constrained problem whose optimum is known by enumeration, run as a campaign would run it."""

import numpy as np
import pandas as pd

from planner.propose import propose
from world_model.terms.campaign_doc import Batch
from world_model.terms.goals import Goal, Measurement
from world_model.terms.outcome_constraint import OutcomeConstraint
from world_model.terms.readings import Dataset
from world_model.terms.space import SearchSpace

# Gardner et al. (2014), Bayesian optimization with inequality constraints, simulation 1
GRID = np.linspace(0, 6, 25)
TABLE = pd.DataFrame([(a, b) for a in GRID for b in GRID], columns=["a", "b"])
LOSS = np.cos(2 * TABLE["a"]) * np.cos(TABLE["b"]) + np.sin(TABLE["a"])
SIDE = np.cos(TABLE["a"]) * np.cos(TABLE["b"]) - np.sin(TABLE["a"]) * np.sin(TABLE["b"])
KEPT = OutcomeConstraint(readout="side", at_most=0.5)


def told(rows):
    done = TABLE.iloc[rows]
    values = np.stack([LOSS.iloc[rows], SIDE.iloc[rows]], axis=-1)[:, None, :]
    return Dataset(
        ids=tuple(map(str, rows)), settings={name: done[name].to_numpy() for name in TABLE}, roles=("candidate",) * len(rows), blocks=("1",) * len(rows),
        times_h=np.array([np.nan]), variables=("loss", "side"), values=values, flags=np.zeros(values.shape, int),
    )  # fmt: skip


def test_the_constrained_optimum_is_found_and_the_unconstrained_one_passed_by():
    space = SearchSpace.from_table(TABLE)
    rows = np.random.default_rng(0).choice(len(TABLE), 12, replace=False).tolist()
    optimum = LOSS[SIDE <= 0.5].min()
    for round in range(2, 8):
        batch = propose(
            space=space, goals=[Goal(readout="loss", direction="min")], measurements=[Measurement(name="loss"), Measurement(name="side")], data=told(rows),
            pending=[], batch=Batch(), controls=[], round=round, n=3, seed=0, contestants=["wide"], outcome_constraints=[KEPT],
        )  # fmt: skip
        rows += [int(row.candidate) for row in batch.experiments]
    found = LOSS.iloc[rows][SIDE.iloc[rows] <= 0.5].min()
    start = LOSS.iloc[rows[:12]][SIDE.iloc[rows[:12]] <= 0.5].min()
    assert start > optimum + 0.2  # there was something to find
    assert found <= optimum + 0.05
