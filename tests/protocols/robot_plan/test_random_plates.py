"""Laws that hold for any plate: grouping changes no composition, no dirty tip returns to a stock, no peer uses fewer tips."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protocols.checks.contact import check_contact
from protocols.checks.deck import check_deck
from protocols.checks.geometry import check_geometry
from protocols.checks.pipette_range import check_pipette_range
from protocols.checks.tips import check_tips
from protocols.checks.volumes import check_volumes
from protocols.command_walk import rebuild_from_text
from protocols.emitters.opentrons import emit_opentrons
from protocols.pipettes import mounted_hands
from protocols.robot_plan.peers import best_clean, our_tips, tips_by_rule

COLUMNS = range(1, 5)
MOUNTS = [
    ("flex_1channel_50", "flex_8channel_50"), ("flex_1channel_50", "flex_8channel_1000"), ("flex_1channel_1000", "flex_8channel_50"),
    ("p20_single_gen2", "p300_multi_gen2"), ("p20_single_gen2", "p20_multi_gen2"),
]  # fmt: skip
SINGLE = [("flex_1channel_50",), ("flex_1channel_50", "flex_1channel_1000"), ("p20_single_gen2", "p300_single_gen2")]
PLATES = ["corning_96_wellplate_360ul_flat", "corning_384_wellplate_112ul_flat"]


@st.composite
def plates(draw, plate: str):
    """Volumes by stock and well. Of each column: all wells alike, each its own, or some."""
    rows = "ABCDEFGH" if plate == PLATES[0] else "ABCDEFGHIJKLMNOP"
    most = 600 if plate == PLATES[0] else 180
    wells: dict[str, dict[str, int]] = {}
    for stock in ("water", "base", "a", "b", "column"):
        for column in COLUMNS:
            steps = st.integers(50, most)
            match draw(st.sampled_from(["alike", "each", "some", "none"])):
                case "alike":
                    volume = draw(steps)
                    volumes = dict.fromkeys(rows, volume)
                case "each":
                    volumes = {row: draw(steps) for row in rows}
                case "some":
                    volumes = {row: draw(steps) for row in draw(st.sets(st.sampled_from(rows), max_size=5))}
                case _:
                    volumes = {}
            wells.setdefault(stock, {}).update({f"{row}{column}": volume * 100 for row, volume in volumes.items()})
    return {stock: volumes for stock, volumes in wells.items() if volumes}


@given(st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
def test_with_eight_channels_every_well_holds_what_was_planned_and_every_rule_holds(make_lab, make_plan, move, data):
    lab = make_lab(*data.draw(st.sampled_from(MOUNTS)), plate=data.draw(st.sampled_from(PLATES)))
    wells = data.draw(plates(lab.plate.labware))
    plan = make_plan(wells, lab)
    stages = move(plan, lab)
    found = [
        *check_tips(plan, stages), *check_contact(plan, stages), *check_geometry(plan, stages), *check_volumes(plan, stages), *check_deck(stages),
        *check_pipette_range(stages),
    ]  # fmt: skip
    assert found == []
    told = rebuild_from_text([emit_opentrons(stage, plan) for stage in stages], plan, stages)
    assert told.findings == ()
    assert told.largest_gap_nl < 1e-3
    singles = tuple(hand for hand in mounted_hands(lab) if hand.channels == 1)
    fewer = len(stages[0].moves)
    assert fewer <= sum(len(next(iter(singles)).parts(volume)) for volumes in wells.values() for volume in volumes.values())


@given(st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
def test_no_clean_peer_uses_fewer_tips(make_lab, make_plan, move, data):
    lab = make_lab(*data.draw(st.sampled_from(SINGLE)), plate=data.draw(st.sampled_from(PLATES)))
    plan = make_plan(data.draw(plates(lab.plate.labware)), lab)
    stages = move(plan, lab)
    assert check_tips(plan, stages) == []
    assert our_tips(stages) <= best_clean(tips_by_rule(plan, mounted_hands(lab)))
