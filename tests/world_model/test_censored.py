"""A reader that saturates: what lies beyond its limit teaches, and is not taken for what it is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from world_model.censored import at_limits, fill_censored
from world_model.contestants.trajectory_gp import TrajectoryGP
from world_model.contract import Training
from world_model.terms.factors import Continuous
from world_model.terms.readings import FLAGS, Dataset
from world_model.terms.space import SearchSpace

SPACE = SearchSpace(factors=(Continuous(name="x", low=0.0, high=1.0),))
ABOVE, BELOW = FLAGS.index("above limit"), FLAGS.index("below limit")
HOURS = np.array([0.0, 1.0, 2.0, 3.0, 4.0, 6.0])
RISE = 1 / (1 + np.exp(-4 * (HOURS - 2.5)))


def bump(x):
    """A response whose top, 5 at 0.7, lies beyond a reader that saturates at 3.5."""
    return 1.0 + 4.0 * np.exp(-((x - 0.7) ** 2) / (2 * 0.15**2))


def end_points(x, seed, *, limit, noise=0.1):
    """Readings of `bump` with noise, none above the limit; the truth behind them is in `values` where `limit` is infinite."""
    values = (bump(x) + noise * np.random.default_rng(seed).standard_normal(len(x)))[:, None, None]
    return dataset({"x": x}, np.array([np.nan]), values, limit)


def time_courses(x, seed, *, limit, noise=0.08):
    """`bump` is reached within the third hour: what was read before tells little of where a well goes."""
    curves = bump(x)[:, None] * RISE
    return dataset({"x": x}, HOURS, (curves + noise * np.random.default_rng(seed).standard_normal(curves.shape))[:, :, None], limit)


def dataset(settings, times_h, values, limit):
    hidden = values > limit
    n = len(values)
    return Dataset(
        ids=tuple(f"e{i}" for i in range(n)), settings=settings, roles=("candidate",) * n, blocks=("p",) * n, times_h=times_h, variables=("signal",),
        values=np.where(hidden, np.nan, values), flags=np.where(hidden, ABOVE, 0), limits=np.where(hidden, limit, np.nan),
    )  # fmt: skip


def believed_top(training):
    fitted = TrajectoryGP(name="wide").fit(training, seed=0)
    return float(fitted.beliefs(torch.tensor([[0.7]], dtype=torch.double)).mean[0, -1, 0])


def test_a_data_set_without_flags_is_the_same_object():
    data = end_points(np.linspace(0, 1, 12), 0, limit=np.inf)
    assert at_limits(data) is data
    training = Training.of(SPACE, data)
    assert fill_censored(training) is training


def test_an_experiment_of_which_nothing_else_was_read_counts():
    data = end_points(np.linspace(0, 1, 12), 0, limit=3.5)
    hidden = int((data.flags == ABOVE).sum())
    assert hidden >= 3
    assert len(Training.of(SPACE, data)) == 12 - hidden
    assert len(Training.of(SPACE, at_limits(data))) == 12


def test_an_untold_limit_is_the_highest_reading_of_the_plate():
    data = end_points(np.linspace(0, 1, 12), 0, limit=3.5)
    told = at_limits(replace(data, limits=None))
    highest = np.nanmax(data.values)
    assert np.isfinite(told.values).all()
    assert (told.values[data.flags == ABOVE] == highest).all()
    assert highest < 3.5
    other = replace(data, limits=None, blocks=tuple("a" if i < 6 else "b" for i in range(12)))
    first = np.nanmax(data.values[:6])
    assert (at_limits(other).values[:6][data.flags[:6] == ABOVE] == first).all()


def test_a_value_beside_a_below_mark_is_its_limit():
    data = end_points(np.linspace(0, 1, 8), 0, limit=np.inf)
    flags = data.flags.copy()
    flags[0] = BELOW
    training = Training.of(SPACE, at_limits(replace(data, flags=flags, limits=None)))
    assert torch.equal(training.values[0], torch.as_tensor(data.values[0]))
    filled = fill_censored(training)
    assert float(filled.values[0, 0, 0]) < float(data.values[0, 0, 0])
    assert torch.equal(filled.values[1:], training.values[1:])
    assert torch.isnan(filled.as_read[0]).all() and torch.isfinite(filled.as_read[1:]).all()


@pytest.mark.parametrize("simulated", [end_points, time_courses])
def test_the_best_point_is_less_biased_than_with_missing_readings(simulated):
    missing, filled = [], []
    for seed in range(6):
        x = np.random.default_rng(100 + seed).uniform(0, 1, 24)
        data = simulated(x, seed, limit=3.5)
        truth = 5.0
        missing.append(believed_top(Training.of(SPACE, data)) - truth)
        training = fill_censored(Training.of(SPACE, at_limits(data)))
        hidden = training.flags == ABOVE
        assert (training.values[hidden] > 3.5).all()
        filled.append(believed_top(training) - truth)
    assert abs(np.mean(filled)) < 0.5 * abs(np.mean(missing))
    assert np.sqrt(np.mean(np.square(filled))) < np.sqrt(np.mean(np.square(missing)))


def test_two_replicates_beyond_the_limit_do_not_confirm_each_other():
    x = np.concatenate([np.linspace(0, 1, 12), np.full(6, 0.7)])
    once = fill_censored(Training.of(SPACE, at_limits(end_points(x[:13], 1, limit=3.5))))
    often = fill_censored(Training.of(SPACE, at_limits(end_points(x, 1, limit=3.5))))
    # one side alone would creep along the limit, for each copy holds the other down
    assert float(often.values[-1, 0, 0]) > 3.5 + 0.7 * (float(once.values[-1, 0, 0]) - 3.5)
