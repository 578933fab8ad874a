"""Wrong files are refused by the rule that their mistake breaks; right files are not refused."""

from __future__ import annotations

import pytest

from runs.bench.audit_cases import Case, right_cases, wrong_cases
from runs.bench.protocol_audit import judge

WRONG, RIGHT = wrong_cases(), right_cases()


@pytest.mark.parametrize("case", WRONG, ids=lambda case: case.name)
def test_a_wrong_file_is_refused_by_its_rule(case: Case):
    told = judge(case)
    assert case.rule in told.errors, told


@pytest.mark.parametrize("case", RIGHT, ids=lambda case: case.name)
def test_a_right_file_is_not_refused(case: Case):
    told = judge(case)
    assert told.engine_passes, told
    assert told.errors == (), told.first


def test_the_battery_is_as_large_as_it_says():
    assert len(WRONG) >= 52
    assert len(RIGHT) >= 15
    assert len({case.name for case in (*WRONG, *RIGHT)}) == len(WRONG) + len(RIGHT)
