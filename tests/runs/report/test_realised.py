"""Asked and realised, against hand computation."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runs.report.pictures.realised import draw_realised
from runs.report.realised import amounts_by_factor, realised_table
from runs.state.payloads import ProtocolCompiled


def compiled(two_rounds, planned):
    opened = two_rounds.rounds[0]
    told = ProtocolCompiled(
        round=1, plate="P1", stages=(), layout={}, planned=planned, files=(), protocol_sha256="0" * 64, lab_sha256="0" * 64, volume_ul=100
    )
    return replace(two_rounds, rounds=(replace(opened, compiled=told), *two_rounds.rounds[1:]))


def test_gaps_are_relative_and_the_worst_is_named(two_rounds):
    ids = [experiment for experiment in two_rounds.rounds[0].experiments if float(experiment.settings.get("dose", 0.0)) > 0]
    first, second = ids[:2]
    asked = {experiment.id: float(experiment.settings["dose"]) for experiment in (first, second)}
    # 10 % above, and as asked
    state = compiled(two_rounds, {first.id: {"dose": 1.1 * asked[first.id]}, second.id: {"dose": asked[second.id]}})
    amounts = amounts_by_factor(state)
    assert sorted(amount.gap for amount in amounts["dose"]) == pytest.approx([0.0, 0.1])
    table = realised_table(amounts, {"dose": "mM"})
    assert table is not None
    ((factor, count, median, largest, where),) = table.rows
    assert (factor, count, median, largest) == ("dose", "2", "5 %", "10 %")
    assert where.startswith(f"{first.id}: ")
    assert draw_realised(amounts, {"dose": "mM"}, name="realised") is not None


def test_without_a_protocol_there_is_nothing_to_tell(two_rounds):
    assert amounts_by_factor(two_rounds) == {}
    assert realised_table({}, {}) is None
    assert draw_realised({}, {}, name="realised") is None
