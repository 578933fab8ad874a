"""Each rule on a plan that breaks it, made from a good plan by one change; and none on the good plan."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from protocols.checks.contact import check_contact
from protocols.checks.deck import check_deck
from protocols.checks.layout import check_layout
from protocols.checks.pipette_range import check_pipette_range
from protocols.checks.rounding import check_rounding
from protocols.checks.rules import check_plan
from protocols.checks.tips import check_tips
from protocols.checks.volumes import check_volumes
from protocols.compile import draft_plate
from protocols.finding import Refused
from world_model.terms.lab_profile import LabProfile


@pytest.fixture
def draft(lab, space, design):
    return draft_plate(plate="P", experiments=design, space=space, lab=lab, seed=1, inoculum_od600=2.0)


def bent(draft, stage: int, move: int, **change):
    """The robot plan with one move changed."""
    stages = list(draft.robot)
    moves = list(stages[stage].moves)
    moves[move] = replace(moves[move], **change)
    stages[stage] = replace(stages[stage], moves=tuple(moves))
    return tuple(stages)


def first(draft, stage: int, **like) -> int:
    return next(i for i, move in enumerate(draft.robot[stage].moves) if all(getattr(move, name) == value for name, value in like.items()))


def test_a_good_plan_has_no_findings(draft, lab, design):
    assert check_plan(draft.plan, draft.robot, lab, design, draft.intent) == []


def test_a_transient_overfill_is_found_though_the_end_would_fit(draft):
    number = first(draft, 0, stock="water")
    (finding,) = check_volumes(draft.plan, bent(draft, 0, number, volume_nl=360_001))
    assert finding.rule == "well capacity"
    assert f"move {number + 1}" in finding.where or "move" in finding.where


def test_the_dead_volume_is_not_for_drawing(draft):
    plan = replace(draft.plan, stocks=tuple(replace(stock, start_nl=dict.fromkeys(stock.wells, stock.dead_nl + 10_000)) if stock.name == "MgSO4 100mM" else stock for stock in draft.plan.stocks))
    (finding,) = check_volumes(plan, draft.robot)
    # Mg: 2, 2, 0.5 and 2 mM of 100 mM in 200 µL: 4 + 4 + 1 + 4 = 13 µL; 10 can be drawn
    assert finding.rule == "stock runs dry"
    assert "13 µL drawn" in finding.observed
    assert finding.limit == "at least 63 µL in it"


@pytest.mark.parametrize(("volume_nl", "observed"), [(400, "0.4 µL"), (50_100, "50.1 µL"), (12_345, "12.35 µL")])
def test_volumes_beyond_the_pipette_or_beside_its_step_are_found(draft, volume_nl, observed):
    number = first(draft, 0, pipette=0, manner="dry")
    found = check_pipette_range(bent(draft, 0, number, volume_nl=volume_nl))
    assert any(finding.observed.startswith(observed) for finding in found)


def test_a_small_volume_in_the_usual_mode_is_found(draft):
    """Below 5 µL the pipette must be told to take its low-volume mode: the robot accepts it without."""
    number = next(i for i, move in enumerate(draft.robot[0].moves) if move.configure_nl is not None and move.volume_nl < 5_000)
    assert check_pipette_range(bent(draft, 0, number, configure_nl=None))


def test_a_tip_that_met_a_well_must_not_go_back_to_a_stock(draft):
    moves = draft.robot[0].moves
    number = next(i for i in range(1, len(moves)) if moves[i - 1].manner == "liquid" and moves[i].stock == moves[i - 1].stock and moves[i].tip)
    (finding, *_) = check_tips(draft.plan, bent(draft, 0, number, tip=None))
    assert "a tip that met" in finding.observed


def test_a_tip_of_another_stock_and_a_tip_twice_are_found(draft):
    moves = draft.robot[0].moves
    number = next(i for i in range(1, len(moves)) if moves[i - 1].stock != moves[i].stock)
    assert any("a tip that met" in finding.observed for finding in check_tips(draft.plan, bent(draft, 0, number, tip=None)))
    assert any("second time" in finding.observed for finding in check_tips(draft.plan, bent(draft, 0, number, tip=moves[0].tip)))


def test_no_tip_at_all_is_found(draft):
    assert any(finding.observed == "no tip" for finding in check_tips(draft.plan, bent(draft, 0, 0, tip=None)))


def test_contact_with_what_is_in_the_well_is_found(draft):
    number = first(draft, 0, stock="E. coli")
    assert "a tip at the bottom of a well with" in check_contact(draft.plan, bent(draft, 0, number, manner="dry"))[0].observed
    assert "hangs on the tip" in check_contact(draft.plan, bent(draft, 0, number, manner="air"))[0].observed


def test_a_drop_from_above_needs_room_above_the_liquid(lab_doc, space, design):
    # 340 µL stand 9.2 mm high in a well of 10.67 mm (6.86 mm wide); the tip at 9.67 mm is 0.5 mm above
    lab_doc["plate"]["volume_ul"] = 340
    draft = draft_plate(plate="P", experiments=design, space=space, lab=LabProfile.model_validate(lab_doc), seed=1)
    water = [move for move in draft.robot[0].moves if move.stock == "water" and move.well in draft.layout]
    assert {move.manner for move in water} == {"liquid"}
    forced = tuple(replace(stage, moves=tuple(replace(move, manner="air") if move.stock == "water" else move for move in stage.moves)) for stage in draft.robot)
    assert any("between tip and liquid" in finding.observed for finding in check_contact(draft.plan, forced))


def test_two_labware_in_one_slot_are_found(draft):
    stage = draft.robot[0]
    deck = tuple(replace(item, slot="C1") for item in stage.deck)
    assert {finding.rule for finding in check_deck((replace(stage, deck=deck),))} == {"deck"}
    in_trash = tuple(replace(item, slot="A3") if item.kind == "plate" else item for item in stage.deck)
    assert any("trash" in finding.observed for finding in check_deck((replace(stage, deck=in_trash),)))


def test_an_experiment_in_an_edge_well_is_found(draft, lab, design):
    wells = tuple(replace(well, well="A1") if well.experiment_id == "R01-001" else well for well in draft.plan.wells)
    assert any("edge well" in finding.observed for finding in check_layout(replace(draft.plan, wells=wells), lab, design))


def test_an_experiment_twice_or_nowhere_is_found(draft, lab, design):
    wells = tuple(replace(well, experiment_id="R01-002") if well.experiment_id == "R01-001" else well for well in draft.plan.wells)
    found = check_layout(replace(draft.plan, wells=wells), lab, design)
    assert {(finding.where, finding.observed) for finding in found if finding.severity == "error"} == {("R01-001", "0 wells"), ("R01-002", "2 wells")}


def test_repeats_in_one_column_are_refused(draft, lab, design):
    places = {"R01-001": "B5", "R01-002": "E5"}
    wells = tuple(replace(well, well=places.get(well.experiment_id, well.well)) for well in draft.plan.wells)
    [finding] = check_layout(replace(draft.plan, wells=wells), lab, design)
    assert (finding.rule, finding.severity, finding.observed) == ("layout", "error", "all 2 wells in column 5: B5, E5")


def test_rounding_beyond_three_percent_is_a_warning(lab, space, experiment):
    # Mg 0.54 mM: 1.08 µL -> 1.1 µL (+1.9 %); 0.522 mM: 1.044 -> 1.0 µL (-4.2 %)
    for magnesium, rules in ((0.54, []), (0.522, ["rounding"])):
        one = experiment(glucose=0.0, magnesium=magnesium, iptg=0.0, induction=0.0)
        draft = draft_plate(plate="P", experiments=[one], space=space, lab=lab, seed=1, inoculum_od600=2.0)
        assert [finding.rule for finding in check_rounding(draft.plan, draft.intent)] == rules


def test_a_serial_dilution_over_the_experiments_wells_is_found(lab, space, design):
    series = {"kind": "serial dilution", "stock": "glucose 1M", "diluent": "water", "factor": "2", "points": "6", "volume": "100 µL", "first_well": "B2"}
    plain = draft_plate(plate="P", experiments=design, space=space, lab=lab, seed=1, inoculum_od600=2.0)
    taken = next(well.well for well in plain.plan.wells if well.experiment_id)
    with_series = LabProfile.model_validate_json(json.dumps({**json.loads(lab.model_dump_json(exclude_unset=True)), "steps": [series | {"first_well": taken}]}))
    with pytest.raises(Refused) as caught:
        draft_plate(plate="P", experiments=design, space=space, lab=with_series, seed=1, inoculum_od600=2.0)
    (finding,) = [finding for finding in caught.value.findings if finding.rule == "by a person" and finding.severity == "error"]
    assert finding.observed.startswith(f"wells that hold something else: {taken} (") or f"{taken} (" in finding.observed
