"""The run-time estimate: made of the maker's figures, by hand for one move."""

from __future__ import annotations

import itertools

import pytest

from protocols.labware import slot_positions
from protocols.robot_plan import stage_seconds


def test_one_move_by_hand(make_lab, make_plan, move):
    """OT-2, 20 µL with p20: ways at 400 mm/s (gains 3000 and 2000 mm/s²), 4 s and 10 s for the tip, four ways of 80 mm in z at
    125 mm/s (gain 1500), 3.78 µL/s both ways."""
    lab = make_lab("p20_single_gen2")
    (stage,) = move(make_plan({"a": {"A1": 20_000}}, lab), lab)
    (only,) = stage.moves
    places = slot_positions("OT-2")
    stops = [places[slot] for slot in ("12", only.tip.slot, only.source_slot, only.target_slot)]

    def way(mm, speed, gain):
        return 0.0 if mm == 0 else mm / speed + speed / gain if mm >= speed**2 / gain else 2 * (mm / gain) ** 0.5

    ways = sum(max(way(abs(x - u), 400, 3000), way(abs(y - v), 400, 2000)) for (u, v), (x, y) in itertools.pairwise(stops))
    assert stage_seconds(stage) == pytest.approx(4 + 10 + ways + 4 * (80 / 125 + 125 / 1500) + 2 * 20 / 3.78)


def test_eight_channels_and_one_tip_for_many_wells_save_time_and_a_refill_costs_it(make_lab, make_plan, move):
    from dataclasses import replace

    from protocols.plan import Refill

    wells = {"base": {f"{row}{column}": 40_000 for row in "ABCDEFGH" for column in range(1, 13)}}
    single, eight = make_lab("flex_1channel_50"), make_lab("flex_1channel_50", "flex_8channel_50")
    (slow,), (quick,) = move(make_plan(wells, single), single), move(make_plan(wells, eight), eight)
    assert (len(slow.moves), len(quick.moves)) == (96, 12)
    assert stage_seconds(quick) < stage_seconds(slow) / 7
    assert stage_seconds(replace(slow, refills=(Refill(before=5, slots=("C1",)),))) == pytest.approx(stage_seconds(slow) + 120)
