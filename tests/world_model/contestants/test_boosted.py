"""Boosted trees: what they learn, what they never saw, and when they may speak beside the planner's own model."""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch

from planner.acquisitions.task import Task
from planner.joint_draws import choose_by_draws
from planner.pool import Pool
from planner.second_opinion import favourites, second_opinion
from world_model.contestants.boosted import FEWEST_INTERVENTIONS, Boosted
from world_model.contract import Training
from world_model.fit import fit_world_model
from world_model.terms.goals import Goal
from world_model.terms.readings import Dataset
from world_model.terms.space import SearchSpace

LETTERS = "ACDEFGHI"
TABLE = pd.DataFrame([(a, b, c) for a in LETTERS for b in LETTERS for c in LETTERS], columns=["p1", "p2", "p3"])
# two pairs of letters work only together: no sum of single effects says so
TRUTH = (1.0 * TABLE["p1"].isin(list("AC")) * TABLE["p2"].isin(list("DE")) + 0.5 * TABLE["p3"].isin(list("FG"))).to_numpy()


def _data(rows: np.ndarray, values: np.ndarray) -> Dataset:
    return Dataset(
        ids=tuple(f"E{i}" for i in rows), settings={name: TABLE[name].to_numpy()[rows] for name in TABLE}, roles=("candidate",) * len(rows),
        blocks=("1",) * len(rows), times_h=np.array([np.nan]), variables=("y",), values=values[rows][:, None, None], flags=np.zeros((len(rows), 1, 1), int),
    )  # fmt: skip


def _training(n: int, values: np.ndarray = TRUTH) -> Training:
    rows = np.random.default_rng(1).choice(len(TABLE), n, replace=False)
    return Training.of(SearchSpace.from_table(TABLE), _data(rows, values), goals=[Goal(readout="y")])


def test_interactions_are_found():
    """What letters do only together explains over 80 % of the variance of rows that were never seen."""
    training = _training(160)
    fitted = Boosted().fit(training, seed=0)
    design = training.encoder.design({name: TABLE[name].to_numpy() for name in TABLE})
    told = fitted.beliefs(design).mean[:, 0, 0].numpy()
    assert np.var(told - TRUTH) < 0.2 * np.var(TRUTH)


def test_a_row_is_foretold_by_members_that_never_saw_it():
    """On readings that are pure chance held-out predictions are no better than the mean; in-sample ones would be."""
    noise = np.random.default_rng(2).normal(size=len(TABLE))
    training = _training(120, noise)
    told = Boosted().fit(training, seed=0).held_out().mean[:, 0, 0]
    truth = training.values[:, 0, 0]
    assert float((told - truth).square().mean()) > 0.8 * float(truth.var())


def test_too_few_interventions_are_told():
    assert f"{FEWEST_INTERVENTIONS}" in str(Boosted().why_not(_training(FEWEST_INTERVENTIONS - 1)))


def test_it_speaks_where_it_learned_something_and_is_silent_on_noise():
    space = SearchSpace.from_table(TABLE)
    rows = np.random.default_rng(3).choice(len(TABLE), 120, replace=False)
    noise = np.random.default_rng(4).normal(size=len(TABLE))
    learned = fit_world_model(space, _data(rows, TRUTH), seed=0, goals=[Goal(readout="y")])
    chance = fit_world_model(space, _data(rows, noise), seed=0, goals=[Goal(readout="y")])
    assert second_opinion(learned, seed=0) is not None
    assert second_opinion(chance, seed=0) is None


def test_wells_follow_the_two_in_turn():
    """The second well of a batch is the best point of one of the trees' worlds, near their mean at so small a share of the deviation."""
    space = SearchSpace.from_table(TABLE)
    rows = np.random.default_rng(5).choice(len(TABLE), 100, replace=False)
    goals = [Goal(readout="y")]
    world = fit_world_model(space, _data(rows, TRUTH), seed=0, goals=goals)
    second = second_opinion(world, seed=0)
    assert second is not None
    left = np.setdiff1d(np.arange(len(TABLE)), rows)
    design = world.encoder.design({name: TABLE[name].to_numpy()[left] for name in TABLE})
    pool = Pool(design=design, rows=left, exhaustive=True)
    task = Task(goals=tuple(goals))
    chosen = choose_by_draws(world, task, pool=pool, n=20, seed=0, second=second)
    assert len(set(chosen)) == 20
    drawn = second.posterior_at(design).draws(20, 0)[1, :, 0, 0]
    mean = second.posterior_at(design).mean_sd().mean[:, 0, 0]
    share = float(torch.linspace(0.0, 1.0, 20, dtype=torch.double)[1])
    value = mean + share * (drawn - mean)
    value[chosen[0]] = -torch.inf
    assert chosen[1] == int(value.argmax())
    assert int(favourites(second, task, pool, size=64, seed=0).sum()) <= 64
