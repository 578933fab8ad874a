"""Tips out of racks: none twice, whole columns for eight channels, and pauses that refill what is used up."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from protocols.checks.tips import check_tips
from protocols.labware import labware
from protocols.robot_plan.racks import TipRequest, place_tips, racks_needed

RACK, OTHER = "opentrons_flex_96_tiprack_50ul", "opentrons_flex_96_tiprack_200ul"


def requests(channels, rack=RACK):
    return [TipRequest(rack=rack, channels=count, move=i) for i, count in enumerate(channels)]


def test_ninety_seven_tips_take_two_racks():
    placed = place_tips(requests([1] * 97), slots=["B2", "C1"])
    assert placed.racks_used == {RACK: 2}
    assert placed.refills == ()
    assert [place.place for place in placed.places[:9]] == ["A1", "B1", "C1", "D1", "E1", "F1", "G1", "H1", "A2"]


def test_with_one_slot_the_ninety_seventh_tip_waits_for_a_full_rack():
    placed = place_tips(requests([1] * 97), slots=["B2"])
    (refill,) = placed.refills
    assert (refill.before, refill.slots) == (96, ("B2",))
    assert placed.racks_used == {RACK: 2}


def test_eight_channels_take_whole_columns_and_one_channel_the_opened_one():
    placed = place_tips(requests([1, 8, 1, 8]), slots=["B2"])
    assert [place.place for place in placed.places] == ["A1", "A12", "B1", "A11"]


def test_columns_opened_by_one_channel_are_no_good_for_eight():
    """Twelve single tips open two columns: 10 columns are left."""
    assert racks_needed(RACK, [1] * 12 + [8] * 10) == 1
    assert racks_needed(RACK, [1] * 12 + [8] * 11) == 2


def test_slots_go_to_the_kind_that_needs_most():
    both = [*requests([1] * 400), *requests([1], OTHER)]
    placed = place_tips([replace(one, move=i) for i, one in enumerate(both)], slots=["B2", "C1", "D2"])
    assert [item.load_name for item in placed.items] == [RACK, RACK, OTHER]
    assert [len(refill.slots) for refill in placed.refills] == [2, 1]  # 400 tips are 5 racks: 2 + 2 + 1
    assert placed.racks_used == {RACK: 5, OTHER: 1}


def test_a_kind_without_a_slot_has_none():
    placed = place_tips([*requests([1]), TipRequest(rack=OTHER, channels=1, move=1)], slots=["B2"])
    assert [item.slot for item in placed.items] == ["B2", "none1"]


@given(st.lists(st.tuples(st.sampled_from([1, 8]), st.sampled_from([RACK, OTHER])), min_size=1, max_size=300), st.integers(2, 5))
def test_no_tip_is_given_twice_between_refills_and_no_rack_is_wasted(asked, slots):
    made = [TipRequest(rack=rack, channels=channels, move=i) for i, (channels, rack) in enumerate(asked)]
    placed = place_tips(made, slots=["B2", "C1", "C3", "D2", "A2"][:slots])
    kinds = {item.slot: item.load_name for item in placed.items}
    refills = {refill.before: refill.slots for refill in placed.refills}
    given_out: set[tuple[str, str]] = set()
    columns = {column[0]: column for column in labware(RACK).columns}
    for number, (request, place) in enumerate(zip(made, placed.places, strict=True)):
        given_out = {one for one in given_out if one[0] not in refills.get(number, ())}
        assert kinds[place.slot] == request.rack
        taken = {(place.slot, well) for well in (columns[place.place] if request.channels == 8 else (place.place,))}
        assert not taken & given_out
        given_out |= taken
    for rack, used in placed.racks_used.items():
        tips = sum(request.channels for request in made if request.rack == rack)
        assert tips <= 96 * used
        assert used == sum(item.load_name == rack for item in placed.items) + sum(kinds[slot] == rack for refill in placed.refills for slot in refill.slots)


def test_a_refill_that_is_left_out_is_found(make_lab, make_plan, move):
    """Nine more slots are full, so that one kind of rack has one slot: 100 tips, one refill."""
    lab = make_lab("flex_1channel_50", plate="corning_384_wellplate_112ul_flat")
    wells = [f"{row}{column}" for row in "ABCDEFGHIJKLMNOP" for column in range(1, 21)]
    plan = make_plan({"a": dict.fromkeys(wells, 2_000), "b": dict.fromkeys(wells, 2_000), "base": dict.fromkeys(wells, 2_000), "water": dict.fromkeys(wells, 2_000)}, lab)
    (stage,) = move(plan, lab)
    # 320 wells: the first liquid is dry, three go into liquid: 1 + 3 · 320 = 961 tips, 11 racks; 10 slots less 2 holders
    assert stage.tips_used == {RACK: 961}
    assert stage.racks_used == {RACK: 11}
    assert [len(refill.slots) for refill in stage.refills] == [3]
    assert check_tips(plan, (stage,)) == []
    assert any("second time" in finding.observed for finding in check_tips(plan, (replace(stage, refills=()),)))
    late = replace(stage.refills[0], before=stage.refills[0].before + 1)
    assert any("second time" in finding.observed for finding in check_tips(plan, (replace(stage, refills=(late,)),)))
