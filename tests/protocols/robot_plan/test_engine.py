"""Through Opentrons' own engine: OT-2 and Flex, eight channels, dilutions, refills. The engine's ledger agrees with ours."""

from __future__ import annotations

import pytest

from protocols.compile import draft_plate
from protocols.emitters.opentrons import emit_opentrons
from protocols.engine.client import warm_engine
from protocols.verify import verify
from world_model.terms.factors import Continuous
from world_model.terms.lab_profile import LabProfile
from world_model.terms.proposal import ProposedExperiment
from world_model.terms.space import SearchSpace

FLEX = ("flex_1channel_50", "flex_8channel_1000")
OT2 = ("p20_single_gen2", "p300_multi_gen2")
ROWS = "ABCDEFGH"


@pytest.mark.parametrize("pipettes", [FLEX, OT2])
def test_columns_troughs_and_columns_of_wells_agree_with_the_engines_ledger(make_lab, make_plan, move, pipettes):
    lab = make_lab(*pipettes)
    wells = {
        "a": {"A1": 5_000, "B1": 7_000, "C3": 6_000}, "base": {f"{row}{column}": 40_000 for row in ROWS for column in (1, 2)},
        "column": {f"{row}1": 20_000 for row in ROWS}, "water": {f"{row}1": 110_000 + 5_000 * i for i, row in enumerate(ROWS)},
    }  # fmt: skip
    plan = make_plan(wells, lab)
    stages = move(plan, lab)
    assert {one.channels for one in stages[0].moves} == {1, 8}
    told = verify([emit_opentrons(stage, plan) for stage in stages], plan, stages, engine=warm_engine())
    assert told.findings == ()
    assert told.largest_gap_nl < 1e-3


@pytest.mark.parametrize("pipettes", [FLEX, OT2])
def test_eight_channels_off_the_plate_are_found_though_the_engine_lets_them_pass(make_lab, make_plan, move, pipettes):
    lab = make_lab(*pipettes)
    plan = make_plan({"base": {f"{row}1": 40_000 for row in ROWS}}, lab)
    stages = move(plan, lab)
    text = emit_opentrons(stages[0], plan)
    assert text.count("'A1', 40.0") == 1
    wrong = text.replace("'A1', 40.0", "'C1', 40.0")
    assert warm_engine().analyse(wrong).errors == ()
    found = verify([wrong], plan, stages, engine=warm_engine()).findings
    assert any("nozzle beside every well" in finding.observed for finding in found)


@pytest.mark.parametrize("pipette", ["flex_1channel_50", "p20_single_gen2"])
def test_a_refill_pauses_and_goes_on_with_full_racks(make_lab, make_plan, move, pipette):
    """48 wells, one liquid dry, two into it: 1 + 2 · 48 = 97 tips. With one slot for racks the last one waits for a person."""
    lab = make_lab(pipette, plate="corning_384_wellplate_112ul_flat")
    wells = [f"{row}{column}" for row in "ABCDEFGH" for column in range(1, 7)]
    plan = make_plan({"a": dict.fromkeys(wells, 2_000), "base": dict.fromkeys(wells, 2_000), "water": dict.fromkeys(wells, 2_000)}, lab)
    (stage,) = move(plan, lab)
    assert sum(stage.tips_used.values()) == 97
    assert stage.refills == ()
    from dataclasses import replace

    from protocols.robot_plan.racks import TipRequest, place_tips

    # the same moves on a deck with one slot for racks
    rack = next(iter(stage.tips_used))
    asked = [TipRequest(rack=rack, channels=1, move=i) for i, one in enumerate(stage.moves) if one.tip is not None]
    placed = place_tips(asked, slots=[next(item.slot for item in stage.deck if item.kind == "tips")])
    places = iter(placed.places)
    stage = replace(
        stage, deck=(*(item for item in stage.deck if item.kind != "tips"), *placed.items), refills=placed.refills,
        moves=tuple(one if one.tip is None else replace(one, tip=next(places)) for one in stage.moves),
    )  # fmt: skip
    assert len(stage.refills) == 1
    text = emit_opentrons(stage, plan)
    assert verify([text], plan, (stage,), engine=warm_engine()).findings == ()
    # without the pause the engine runs out of tips or reuses them: either way it is found
    assert verify([text.replace(f"REFILLS = {{{stage.refills[0].before}:", "REFILLS = {99999:")], plan, (stage,), engine=warm_engine()).findings


@pytest.mark.parametrize("pipettes", [FLEX, OT2])
def test_dilutions_are_mixed_and_used_on_both_robots(pipettes):
    racks = {"flex_1channel_50": "opentrons_flex_96_tiprack_50ul", "flex_8channel_1000": "opentrons_flex_96_tiprack_200ul", "p20_single_gen2": "opentrons_96_tiprack_20ul", "p300_multi_gen2": "opentrons_96_tiprack_300ul"}
    lab = LabProfile.model_validate(
        {
            "name": "bench", "plate": {"labware": "corning_96_wellplate_360ul_flat", "volume_ul": 200}, "medium": {"diluent": "water"},
            "robot": {"model": "Flex" if pipettes is FLEX else "OT-2", "pipettes": [{"name": name, "mount": mount, "tip_racks": [racks[name]]} for name, mount in zip(pipettes, ("left", "right"), strict=True)]},
            "holders": [{"name": "trough", "labware": "nest_12_reservoir_15ml", "dead_volume_ul": 500}],
            "stocks": [{"name": "water", "volume_ml": 14, "holder": "trough", "position": "A1"}, {"name": "a stock", "components": {"a": {"concentration": 1, "unit": "M"}}, "volume_ml": 5, "holder": "trough", "position": "A2"}],
            "dilutions": {"labware": "nest_96_wellplate_2ml_deep", "dead_volume_ul": 30},
        }
    )  # fmt: skip
    space = SearchSpace(factors=(Continuous(name="a", unit="mM", low=0, high=100),))
    design = [ProposedExperiment(id=f"e{i}", role="candidate", settings={"a": value}) for i, value in enumerate([0.7, 2.5, 40.0, 100.0, 0.0] * 5)]
    draft = draft_plate(plate="P", experiments=design, space=space, lab=lab, seed=3)
    assert draft.plan.dilutions
    mixed = [one for one in draft.robot[0].moves if one.target_slot != draft.robot[0].plate_slot and one.manner == "liquid"]
    assert mixed
    for one in mixed:
        made = next(dilution for dilution in draft.plan.dilutions if one.well in dilution.wells)
        # twice the volume goes through the tip, or fifteen strokes of it
        assert one.mix_nl * one.mix_times >= 2 * made.wells[one.well] or one.mix_times == 15
    told = verify(draft.files, draft.plan, draft.robot, engine=warm_engine())
    assert told.findings == ()
