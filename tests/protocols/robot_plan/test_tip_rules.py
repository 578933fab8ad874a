"""A tip is what it has touched: the relation itself, and its replay over a robot's moves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from protocols.checks.tips import check_tips
from protocols.pipettes import mounted_hands
from protocols.robot_plan.peers import RULES, best_clean, our_tips, tips_by_rule
from protocols.tip_rules import FRESH, Tip, manner_for

ALWAYS, ONCE, CLASS = RULES


def test_a_fresh_tip_may_go_anywhere():
    assert FRESH.why_not_draw("a") == ""
    assert FRESH.drew("a").why_not_dispense("a", {"b"}, "liquid") == ""


def test_air_and_dry_plastic_leave_a_tip_as_it_was():
    tip = FRESH.drew("a")
    assert tip.dispensed({"b"}, "air") == tip.dispensed(set(), "dry") == tip.dispensed({"a"}, "dry") == tip == Tip(frozenset({"a"}))
    assert tip.why_not_draw("a") == ""


def test_a_well_s_liquid_stays_on_the_tip():
    tip = FRESH.drew("a").dispensed({"b", "c"}, "liquid")
    assert tip.touched == {"a", "b", "c"}
    assert tip.why_not_draw("a") == "a tip that met b, c"
    assert tip.why_not_dispense("a", set(), "air") == "a tip that met b, c"


def test_another_stock_is_never_drawn_with_the_same_tip():
    """Not even its own dilution, and not the diluent: either would change the strength."""
    assert FRESH.drew("a").why_not_draw("a 1:10") == "a tip that met a"
    assert FRESH.drew("water").why_not_draw("a 1:10") == "a tip that met water"


def test_dry_is_for_wells_with_nothing_else():
    assert FRESH.drew("a").why_not_dispense("a", {"a"}, "dry") == ""
    assert "well with b" in FRESH.drew("a").why_not_dispense("a", {"a", "b"}, "dry")


@pytest.mark.parametrize(
    ("holds", "least_part_nl", "gap_mm", "manner"),
    [(set(), 1_000, 0.0, "dry"), ({"a"}, 1_000, 0.0, "dry"), ({"b"}, 10_000, 1.0, "air"), ({"b"}, 9_900, 5.0, "liquid"), ({"b"}, 10_000, 0.9, "liquid")],
)
def test_the_manner_is_the_cleanest_that_works(holds, least_part_nl, gap_mm, manner):
    assert manner_for("a", holds, least_part_nl=least_part_nl, gap_mm=gap_mm) == manner


@pytest.fixture
def two_wells(make_lab, make_plan, move):
    """Two wells, 5 µL each of a and b, 90 µL water: a is dry (1 tip), b goes into a (2 tips), water falls from above (1 tip)."""
    lab = make_lab("flex_1channel_50", "flex_1channel_1000")
    wells = ["B2", "C3"]
    plan = make_plan({"water": dict.fromkeys(wells, 90_000), "a": dict.fromkeys(wells, 5_000), "b": dict.fromkeys(wells, 5_000)}, lab)
    return lab, plan, move(plan, lab)


def test_tips_by_hand(two_wells):
    lab, plan, stages = two_wells
    assert [(one.stock, one.manner, one.tip is not None) for one in stages[0].moves] == [
        ("a", "dry", True), ("a", "dry", False), ("b", "liquid", True), ("b", "liquid", True), ("water", "air", True), ("water", "air", False),
    ]  # fmt: skip
    assert our_tips(stages) == 4
    counts = tips_by_rule(plan, mounted_hands(lab))
    # always: 3 stocks in 2 wells. once: a tip a stock, each dirty at its second well. class: water, dry, 1; a and b 2 each
    assert counts[ALWAYS].tips == 6
    assert (counts[ONCE].tips, counts[ONCE].clean) == (3, False)
    assert (counts[CLASS].tips, counts[CLASS].clean) == (5, True)
    assert best_clean(counts) == 5


def test_a_liquid_small_here_and_large_there_leaves_dry_wells_to_others(make_lab, make_plan, move):
    """a: 5 µL in four wells, 20 µL in three. b: 5 µL in those three. Once each, a takes every dry well and b costs three tips: 4.
    Small ones first, b finds dry wells too: a, b, a = 3 tips."""
    lab = make_lab("flex_1channel_50")
    wells = {"a": {**dict.fromkeys(["A1", "B1", "F1", "G1"], 5_000), "C1": 20_000, "D1": 20_000, "E1": 20_000}, "b": {"C1": 5_000, "D1": 5_000, "E1": 5_000}}
    stages = move(make_plan(wells, lab), lab)
    assert our_tips(stages) == 3
    assert {one.manner for one in stages[0].moves} == {"dry", "air"}


def bent(stages, number, **change):
    moves = list(stages[0].moves)
    moves[number] = replace(moves[number], **change)
    return (replace(stages[0], moves=tuple(moves)),)


def test_the_replay_finds_each_wrong_tip(two_wells):
    _, plan, stages = two_wells
    assert check_tips(plan, stages) == []
    moves = stages[0].moves

    def told(number, **change):
        return " / ".join(finding.observed for finding in check_tips(plan, bent(stages, number, **change)))

    assert "a tip that met a" in told(2, tip=None)  # on to b with a's tip
    assert "a tip that met a" in told(3, tip=None)  # b again after a well that held a
    assert "a tip at the bottom of a well with a" in told(2, manner="dry")
    assert "for the second time" in told(3, tip=moves[2].tip)
    assert "no tip" in told(0, tip=None)
    assert "no tip" in told(4, tip=None)  # the other pipette has none
    # what the planner calls a stock does not matter: the slot and the well say what is drawn
    assert "a tip that met a" in told(1, source_well="B1")


def test_racks_on_hand_are_a_limit(two_wells):
    _, plan, stages = two_wells
    assert check_tips(plan, stages, {"opentrons_flex_96_tiprack_50ul": 1}) == []
    (finding,) = check_tips(plan, stages, {"opentrons_flex_96_tiprack_50ul": 0})
    assert "at most the 0 on hand" in finding.limit
