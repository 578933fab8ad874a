"""Out of range: distances to what was learned from, by hand; horizons from planted errors."""

import numpy as np
import pytest
import torch

from world_model.contract import Belief, Training
from world_model.terms.factors import Categorical, Continuous
from world_model.terms.readings import Dataset
from world_model.terms.space import SearchSpace
from world_model.trust import Range, trust_horizon

LINE = SearchSpace(factors=(Continuous(name="x", low=0, high=10),))


def _training(x, *, values=None, times_h=(0.0, 1.0, 2.0)):
    n = len(x)
    values = np.zeros((n, len(times_h), 1)) + np.asarray(x)[:, None, None] if values is None else values
    data = Dataset(
        ids=tuple(map(str, range(n))), settings={"x": np.asarray(x, dtype=float)}, roles=("candidate",) * n, blocks=("1",) * n,
        times_h=np.asarray(times_h), variables=("y",), values=values, flags=np.zeros(values.shape, int),
    )  # fmt: skip
    return Training.of(LINE, data)


def test_between_two_neighbours_the_score_is_half():
    known = Range.of(_training([2.0, 4.0, 6.0, 8.0]))
    assert known.score(torch.tensor([[0.5]])).item() == pytest.approx(0.5)


def test_beyond_the_range_each_spacing_counts_twice_once_as_distance_once_as_excess():
    # at 10: one spacing (2) from the outermost row (8), and one spacing beyond the range
    known = Range.of(_training([2.0, 4.0, 6.0, 8.0]))
    assert known.score(torch.tensor([[1.0]])).item() == pytest.approx(2.0)


def test_a_dose_far_beyond_the_training_range_is_refused_and_one_inside_is_not():
    known = Range.of(_training(np.linspace(1, 5, 9)))
    assert known.refuses(torch.tensor([[0.99]])).item() and not known.refuses(torch.tensor([[0.3]])).item()


def test_a_level_that_was_never_tried_is_out_of_range():
    space = SearchSpace(factors=(Categorical(name="strain", levels=("a", "b", "c")), Continuous(name="x", low=0, high=1)))
    x = np.linspace(0, 1, 12)
    data = Dataset(
        ids=tuple(map(str, range(12))), settings={"strain": np.array(["a", "b"] * 6, dtype=object), "x": x}, roles=("candidate",) * 12,
        blocks=("1",) * 12, times_h=np.array([np.nan]), variables=("y",), values=x[:, None, None], flags=np.zeros((12, 1, 1), int),
    )  # fmt: skip
    known = Range.of(Training.of(space, data))
    design = known.encoder.design_of([{"strain": "c", "x": 0.5}, {"strain": "a", "x": 0.5}])
    assert known.refuses(design).tolist() == [True, False]


def test_two_experiments_are_too_few_to_refuse_by():
    assert not Range.of(_training([1.0, 2.0])).refuses(torch.tensor([[1.0]])).any()


def test_the_horizon_ends_before_the_first_time_with_an_error_above_half_a_sd():
    rng = np.random.default_rng(0)
    truth = rng.normal(size=(200, 3, 1))
    training = _training(np.linspace(0, 10, 200), values=truth)
    mean = torch.as_tensor(truth.copy())
    mean[:, 2] += 1.0  # off by one sd at the last time
    told = Belief(mean=mean, epistemic=torch.full((200, 3, 1), 1.0), aleatoric=torch.zeros(200, 3, 1))
    assert trust_horizon(told, training) == {"y": 1.0}


def test_an_overconfident_forecast_has_no_horizon_however_small_its_error():
    truth = np.random.default_rng(0).normal(size=(200, 3, 1))
    training = _training(np.linspace(0, 10, 200), values=truth)
    told = Belief(mean=torch.as_tensor(truth + 0.1), epistemic=torch.full((200, 3, 1), 1e-4), aleatoric=torch.zeros(200, 3, 1))
    assert np.isnan(trust_horizon(told, training)["y"])


def test_a_forecast_that_keeps_silent_has_no_horizon():
    """Where something was read, no prediction is no good one; where nothing was read there is nothing to foretell."""
    truth = np.random.default_rng(0).normal(size=(200, 3, 1))
    truth[:, 1] = np.nan
    training = _training(np.linspace(0, 10, 200), values=truth)
    mean = torch.as_tensor(np.nan_to_num(truth))
    mean[0, 2] = torch.nan
    told = Belief(mean=mean, epistemic=torch.full((200, 3, 1), 1.0), aleatoric=torch.zeros(200, 3, 1))
    assert trust_horizon(told, training) == {"y": 1.0}


def test_a_design_that_is_no_number_is_refused():
    known = Range.of(_training(np.linspace(1, 5, 9)))
    assert known.refuses(torch.tensor([[torch.nan], [torch.inf], [-torch.inf]], dtype=torch.double)).all()


def test_one_stray_experiment_does_not_vouch_for_what_lies_between():
    """20 doses up to 1 and one of 10: nothing is known of 5, and something of what was done."""
    x = np.concatenate([np.linspace(0.05, 1.0, 20), [10.0]])
    known = Range.of(_training(x))
    assert known.refuses(torch.tensor([[0.5]], dtype=torch.double)).item()
    assert not known.refuses(known.encoder.design_of([{"x": 10.0}, {"x": 0.52}])).any()
