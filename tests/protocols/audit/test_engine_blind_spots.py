"""What the engine alone passes, of the table in the reference: the audit refuses each."""

from __future__ import annotations

import pytest

from runs.bench.audit_cases import wrong_cases
from runs.bench.protocol_audit import judge

# measured on opentrons 9.0.0; a version that refuses one of these by itself would be news
PASSED_BY_THE_ENGINE = (
    "2 µL with a p300", "zero volume", "overfilled well, Flex", "source declared empty", "11 mL from 10 mL", "20 mL declared in 15 mL, OT-2",
    "dirty tip into a second reagent", "tip left on, OT-2", "20 µL tips on a p300", "8 channels into a 24-tube rack",
    "8 channels start at row C of a plate", "20 mm below the bottom", "delay of -5 s",
)  # fmt: skip
CASES = {case.name: case for case in wrong_cases()}


@pytest.mark.parametrize("name", PASSED_BY_THE_ENGINE)
def test_the_engine_passes_it_and_the_audit_does_not(name: str):
    told = judge(CASES[name])
    assert told.engine_passes
    assert told.errors
