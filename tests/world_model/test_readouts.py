"""Numbers out of curves: by hand, with and without missing readings; and the same from draws as from readings."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from world_model.observed import read_out as as_read
from world_model.readouts import linear_weights, read_out
from world_model.terms.errors import NextwellError
from world_model.terms.functionals import Functional

HOURS = np.array([0.0, 1.0, 3.0, 4.0])
CURVE = np.array([0.0, 2.0, 6.0, 4.0])
NAN = float("nan")


def of(take, curve=CURVE, **keys):
    return float(as_read(Functional(readout="x", take=take, **keys), np.array([curve, CURVE]), HOURS)[0])


@pytest.mark.parametrize(
    ("take", "keys", "expected"),
    [
        ("time_of_peak", {}, 3.0),
        ("time_to", {"above": 4.0}, 2.0),  # halfway from 2 (1 h) to 6 (3 h)
        ("time_to", {"above": 0.0}, 0.0),  # there from the start
        ("time_to", {"above": 7.0}, 5.0),  # never: one interval after the last reading
        ("time_to", {"below": -1.0}, 5.0),
        ("time_in", {"above": 4.0}, 2.0),  # from 2 h on, and all of the last hour
        ("time_in", {"above": 2.0, "below": 5.0}, 1.5 + 0.5),  # 1 h to 2.5 h, and 3.5 h to 4 h
        ("time_in", {"below": 1.0}, 0.5),
        ("rate", {"to_h": 3.0}, 2.0),  # a straight line
        ("rate", {"from_h": 3.0}, -2.0),
    ],
)  # fmt: skip
def test_readouts_of_a_curve_by_hand(take, keys, expected):
    assert of(take, **keys) == pytest.approx(expected)


def test_a_falling_curve_comes_to_its_level():
    assert of("time_to", np.array([6.0, 4.0, 0.0, 0.0]), below=2.0) == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("take", "keys", "curve", "expected"),
    [
        ("time_to", {"above": 4.0}, [0.0, NAN, 6.0, 4.0], 2.0),  # straight between the readings that exist: 4 of 6 of 3 h
        ("time_to", {"above": 7.0}, [0.0, 2.0, 6.0, NAN], NAN),  # it may have come to it at the end
        ("time_to", {"above": 1.0}, [NAN, 2.0, 6.0, 4.0], NAN),  # it may have come to it before
        ("time_in", {"above": 4.0}, [0.0, 2.0, 6.0, NAN], NAN),
        ("time_of_peak", {}, [0.0, 2.0, NAN, 4.0], 4.0),
        ("rate", {}, [NAN, 2.0, 6.0, NAN], 2.0),
        ("rate", {}, [NAN, 2.0, NAN, NAN], NAN),
    ],
)  # fmt: skip
def test_missing_readings_give_nan_only_where_they_matter(take, keys, curve, expected):
    assert of(take, np.array(curve), **keys) == pytest.approx(expected, nan_ok=True)


@given(st.lists(st.floats(-5, 5), min_size=4, max_size=4), st.sampled_from(["end", "area", "peak", "time_of_peak", "time_to", "time_in", "rate"]), st.floats(-4, 4))
@settings(max_examples=150, deadline=None)
def test_draws_are_read_as_readings_are(curve, take, level):
    one = Functional(readout="x", take=take, **({"above": level} if take in ("time_to", "time_in") else {}))
    drawn = read_out(one, torch.tensor(curve, dtype=torch.double)[:, None], times_h=torch.as_tensor(HOURS), variables=("x",))
    assert float(drawn) == pytest.approx(float(as_read(one, np.array([curve]), HOURS)[0]), abs=1e-9)


def test_a_rate_is_linear_and_its_weights_are_those_of_least_squares():
    one = Functional(readout="x", take="rate")
    weights = linear_weights(one, times_h=torch.as_tensor(HOURS), variables=("x",), read=torch.ones(4, 1, dtype=torch.bool))
    assert float((weights[:, 0] * torch.as_tensor(CURVE)).sum()) == pytest.approx(np.polyfit(HOURS, CURVE, 1)[0])


def test_hours_of_an_end_point_are_refused():
    with pytest.raises(NextwellError, match="Expected readings over time"):
        read_out(Functional(readout="x", take="time_of_peak"), torch.ones(1, 1), times_h=torch.tensor([NAN]), variables=("x",))
