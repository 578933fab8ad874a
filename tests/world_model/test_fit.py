"""From records to belief."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from world_model.fit import fit_world_model, verdict_as_dict, verdict_from_dict
from world_model.terms.errors import ResultsError
from world_model.terms.factors import Continuous
from world_model.terms.goals import Goal
from world_model.terms.readings import Dataset
from world_model.terms.space import SearchSpace

SPACE = SearchSpace(factors=(Continuous(name="x", low=0, high=10), Continuous(name="z", low=-1, high=1)))


def dataset(answer, *, n, seed=0, noise=0.05, twice=False):
    """End points of random settings: `answer(x, z)` with reading noise; every setting twice where asked for."""
    rng = np.random.default_rng(seed)
    x, z = rng.uniform(0, 10, n), rng.uniform(-1, 1, n)
    if twice:
        x, z = np.repeat(x, 2), np.repeat(z, 2)
    values = answer(x, z) + noise * rng.normal(size=len(x))
    return Dataset(
        ids=tuple(f"R01-{i:03d}" for i in range(len(x))), settings={"x": x, "z": z}, roles=("candidate",) * len(x), blocks=("1",) * len(x),
        times_h=np.array([np.nan]), variables=("y",), values=values[:, None, None], flags=np.zeros((len(x), 1, 1), int),
    )  # fmt: skip


def curve(x, z):
    return np.sin(x) + z**2


def line(x, z):
    return 0.4 * x - z


@pytest.fixture(scope="module")
def curved():
    return fit_world_model(SPACE, dataset(curve, n=30), seed=0)


def test_every_rival_that_plans_is_scored_and_the_curve_is_learned(curved):
    assert set(curved.verdict.scores) == {"wide", "linear", "mean"}
    assert curved.verdict.picked == "wide" and curved.verdict.level == 2
    told = curved.readout(Goal(readout="y"), [{"x": 5.0, "z": 0.5}])
    assert float(told.mean) == pytest.approx(curve(5.0, 0.5), abs=0.15)
    assert float(told.low) < curve(5.0, 0.5) < float(told.high)


def test_a_line_is_told_apart_by_the_linear_model():
    """On linear data the linear model is as good, or wins: either way the verdict says so."""
    verdict = fit_world_model(SPACE, dataset(line, n=30, noise=0.3), seed=0).verdict
    assert verdict.picked == "linear" or "linear" in verdict.why.split("model is as good")[0]
    assert verdict.level == 2


def test_noise_stays_at_level_one():
    """Where nothing depends on the factors no model beats no effect."""
    verdict = fit_world_model(SPACE, dataset(lambda x, z: 0 * x, n=30, noise=1.0), seed=0).verdict
    assert verdict.level == 1 and "mean" in verdict.why


def test_below_twelve_interventions_the_prior_order_stands_even_with_replicates():
    """11 settings twice are 22 records but 11 interventions."""
    verdict = fit_world_model(SPACE, dataset(line, n=11, twice=True), seed=0).verdict
    assert (verdict.n_records, verdict.n_interventions, verdict.picked, verdict.level) == (22, 11, "wide", 1)


def test_the_verdict_is_kept_until_the_records_have_grown_by_a_quarter(curved):
    """30 records: at 37 the verdict of 30 stands, at 38 (≥ 37.5) it is judged again."""
    kept = fit_world_model(SPACE, dataset(curve, n=37), seed=0, previous=curved.verdict)
    again = fit_world_model(SPACE, dataset(curve, n=38), seed=0, previous=curved.verdict)
    assert kept.verdict == curved.verdict and again.verdict.n_records == 38
    assert len(kept.model.design) == 37


def test_a_verdict_survives_the_journal(curved):
    assert verdict_from_dict(json.loads(json.dumps(verdict_as_dict(curved.verdict)))) == curved.verdict


def test_named_contestants_are_the_only_contestants():
    verdict = fit_world_model(SPACE, dataset(curve, n=14), seed=0, contestants=("linear", "mean")).verdict
    assert set(verdict.scores) == {"linear", "mean"} and verdict.picked == "linear"


def test_two_readings_are_too_few():
    with pytest.raises(ResultsError, match="at least 3"):
        fit_world_model(SPACE, dataset(curve, n=2), seed=0)


def test_the_same_seed_gives_the_same_belief(curved):
    again = fit_world_model(SPACE, dataset(curve, n=30), seed=0)
    rows = [{"x": 1.0, "z": 0.0}, {"x": 9.0, "z": -1.0}]
    assert again.verdict == curved.verdict
    assert torch.equal(again.readout(Goal(readout="y"), rows).mean, curved.readout(Goal(readout="y"), rows).mean)


@pytest.mark.parametrize("name", ["wide", "wide ensemble"])
def test_a_missing_end_point_of_one_observable_leaves_the_other_scored(name):
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 10, 20)
    values = np.stack([line(x, 0.0 * x), x], axis=-1)[:, None, :]
    values[3, 0, 1] = np.nan
    data = Dataset(
        ids=tuple(map(str, range(20))), settings={"x": x, "z": rng.uniform(-1, 1, 20)}, roles=("candidate",) * 20, blocks=("",) * 20,
        times_h=np.array([np.nan]), variables=("a", "b"), values=values, flags=np.zeros(values.shape, int),
    )  # fmt: skip
    told = fit_world_model(SPACE, data, seed=0, contestants=(name,)).fitted.held_out()
    assert torch.isfinite(told.mean).all() and torch.isfinite(told.variance("reading")).all() and abs(told.mean[3, 0, 0].item() - values[3, 0, 0]) < 0.3
