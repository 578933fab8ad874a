"""Seats: wells of few values on grounds that hold few values each."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.plates.seats import Ground, seat


def exists(counts, grounds):
    """By trying every way to give each ground one value."""
    values = list(counts)
    return any(
        all(sum(ground.wells for ground, value in zip(grounds, dealt, strict=True) if value == one) >= counts[one] for one in values)
        for dealt in product([*values, None], repeat=len(grounds))
    )  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(counts=st.lists(st.integers(1, 9), min_size=1, max_size=4), sizes=st.lists(st.integers(1, 6), min_size=2, max_size=5))
def test_one_value_a_ground_is_solved_exactly(counts, sizes):
    wanted, grounds = dict(enumerate(counts)), [Ground(wells=size, values=1) for size in sizes]
    assert (seat(wanted, grounds) is not None) == exists(wanted, grounds)


@settings(max_examples=150, deadline=None)
@given(
    counts=st.lists(st.integers(1, 12), min_size=1, max_size=5), sizes=st.lists(st.tuples(st.integers(1, 10), st.integers(1, 3)), min_size=1, max_size=4)
)
def test_what_is_seated_fits(counts, sizes):
    wanted, grounds = dict(enumerate(counts)), [Ground(wells=wells, values=values) for wells, values in sizes]
    seating = seat(wanted, grounds)
    if seating is not None:
        assert all(len(held) <= ground.values and sum(held.values()) <= ground.wells for held, ground in zip(seating, grounds, strict=True))
        assert {value: sum(held.get(value, 0) for held in seating) for value in wanted} == wanted


@pytest.mark.parametrize(
    ("counts", "fits"),
    [({30: 24, 37: 24, 40: 48}, True), ({30: 25, 37: 24, 40: 47}, False), ({30: 25, 37: 24, 40: 24}, True), ({1: 1, 2: 1, 3: 1, 4: 1, 5: 1}, False)],
)
def test_four_heater_zones_of_24_wells(counts, fits):
    """A value that needs a 25th well takes a second zone: 2 + 1 + 2 zones are one too many, 2 + 1 + 1 are four."""
    assert (seat(counts, [Ground(wells=24, values=1)] * 4) is not None) == fits


def test_one_plate_of_four_values_asks_for_no_even_shares():
    assert seat({30: 90, 33: 2, 37: 2, 40: 2}, [Ground(wells=96, values=4)]) is not None
    assert seat({30: 1, 33: 1, 37: 1, 40: 1, 42: 1}, [Ground(wells=96, values=4)]) is None
