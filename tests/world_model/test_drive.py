"""Interventions as inputs over time: no reading is reached by what is done after it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from world_model.drive import Drive
from world_model.encoding import Encoder
from world_model.terms.factors import Categorical, Continuous
from world_model.terms.space import SearchSpace

TIMES = torch.tensor([0.0, 1.0, 2.0, 4.0, 8.0], dtype=torch.double)


def encoder(*factors):
    return Encoder(SearchSpace(factors=factors))


def row(drive, name):
    return drive.inputs[0, :, drive.names.index(name)].tolist()


DOSE = encoder(Continuous(name="drug", unit="mM", low=0, high=10, acts="dose", at="hour"), Continuous(name="hour", unit="h", low=0, high=8, acts="time"))


def test_a_constant_factor_is_its_feature_in_every_step():
    coded = encoder(Continuous(name="warmth", low=20, high=40), Categorical(name="strain", levels=("a", "b")))
    told = Drive.of_settings(coded, [{"warmth": 25.0, "strain": "b"}], TIMES)
    assert told.names == ("warmth", "strain", "strain")
    assert told.inputs[0].tolist() == [[0.25, 0.0, 1.0]] * 5
    assert told.step_h.tolist() == [0, 1, 1, 2, 4]


def test_a_dose_is_nothing_before_its_time_and_its_amount_after():
    """5 of at most 10 mM at 3 h: half of the step from 2 to 4 h, all of that from 4 to 8 h."""
    told = Drive.of_settings(DOSE, [{"drug": 5.0, "hour": 3.0}], TIMES)
    assert row(told, "drug level") == [0, 0, 0, 0.25, 0.5]
    assert row(told, "drug added") == [0, 0, 0, 0.5, 0]
    assert "hour" not in told.names  # it acts through the dose alone


def test_a_sample_at_the_instant_of_a_dose_was_taken_before_it():
    told = Drive.of_settings(DOSE, [{"drug": 10.0, "hour": 2.0}], TIMES)
    assert row(told, "drug added") == [0, 0, 0, 1, 0]


def test_a_hold_is_its_value_for_a_while_and_then_nothing():
    """20 of 40 from 1 to 3 h: the whole second step and half of the third (2 to 4 h)."""
    coded = encoder(Continuous(name="warmth", low=0, high=40, acts="hold", from_h=1, to_h=3))
    told = Drive.of_settings(coded, [{"warmth": 20.0}], TIMES)
    assert row(told, "warmth level") == [0, 0, 0.5, 0.25, 0]
    assert row(told, "warmth share") == [0, 0, 1, 0.5, 0]


def test_a_ramp_moves_linearly_and_stays_where_it_ends():
    """From 0 at 1 h to 6 of 6 at 4 h: 0 to 1/3 in the second step (mean 1/6), 1/3 to 1 in the third (mean 2/3), then 1."""
    coded = encoder(Continuous(name="feed", low=0, high=6, acts="ramp", from_h=1, to_h=4, from_value=0))
    told = Drive.of_settings(coded, [{"feed": 6.0}], TIMES)
    assert row(told, "feed level") == pytest.approx([0, 0, 1 / 6, 2 / 3, 1])
    assert row(told, "feed share") == [0, 0, 1, 1, 1]


def test_a_log_scaled_dose_is_told_from_no_dose():
    coded = encoder(Continuous(name="drug", unit="mM", low=0.01, high=1, scale="log", acts="dose", at=1))
    told = Drive.of_settings(coded, [{"drug": 0.01}], TIMES)
    assert row(told, "drug level") == [0, 0, 0.5, 0.5, 0.5]


def test_an_end_point_is_read_when_all_is_done():
    told = Drive.of_settings(DOSE, [{"drug": 10.0, "hour": 3.0}], torch.tensor([torch.nan], dtype=torch.double))
    assert told.inputs.tolist() == [[[1.0, 1.0]]]


@settings(max_examples=60, deadline=None)
@given(amount=st.floats(0, 10), hour=st.floats(0, 8), later=st.floats(0, 10), until=st.integers(0, 4))
def test_no_row_knows_of_what_is_done_after_its_time(amount, hour, later, until):
    """Two designs that differ in a dose at or after a reading's time have equal rows up to that reading."""
    end = float(TIMES[until])
    told = Drive.of_settings(DOSE, [{"drug": amount, "hour": max(hour, end)}, {"drug": later, "hour": max(hour, end)}], TIMES)
    assert torch.equal(told.inputs[0, : until + 1], told.inputs[1, : until + 1])


def test_drives_are_differentiable_in_amounts_and_hours():
    """d level / d hour of a dose of 10 within the step from 2 to 4 h is -1/2 an hour, and the clock's column counts in 8 h: -4."""
    design = torch.tensor([[1.0, 3 / 8]], dtype=torch.double, requires_grad=True)
    Drive.of(DOSE, design, TIMES).inputs[0, 3, 0].backward()
    assert design.grad is not None and design.grad[0].numpy() == pytest.approx(np.array([0.5, -4.0]))
