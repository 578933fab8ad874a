"""Random labs and designs: refused with a reason, or every well as planned in every target's files."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runs.bench.protocol_designs import random_design
from runs.bench.protocol_targets import Tally, judge_design
from world_model.terms.robots import OPENTRONS

DESIGNS_BY_ENGINE = 20


@given(st.integers(1_000_000, 2_000_000))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_wells_rebuilt_from_the_emitted_files_equal_the_plan(seed):
    tally = judge_design(seed)
    assert tally.failed == []
    assert tally.missed == []
    assert tally.refused or tally.accepted


@pytest.mark.parametrize("model", OPENTRONS)
def test_the_robot_makers_engine_agrees(model):
    """Ten designs a robot of up to 24 wells, of those that can be made."""
    tally = Tally()
    for seed in itertools.count(500):
        design = random_design(seed)
        if design.lab.robot.model == model and len(design.experiments) <= 24:
            tally.add(judge_design(seed, engine=True))
        if tally.by_engine == DESIGNS_BY_ENGINE // len(OPENTRONS):
            break
    assert tally.failed == []
    assert tally.largest_gap_nl < 1e-3
