"""Eight channels: where they may be used, where the nozzles stand, and what that saves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from protocols.checks.contact import check_contact
from protocols.checks.geometry import check_geometry
from protocols.checks.tips import check_tips
from protocols.checks.volumes import check_volumes
from protocols.command_walk import rebuild_from_text
from protocols.emitters.opentrons import emit_opentrons
from protocols.nozzles import wells_under
from protocols.robot_plan import stage_seconds
from protocols.robot_plan.columns import passes

ROWS = "ABCDEFGH"
COLUMN_1 = {f"{row}1": 40_000 for row in ROWS}
FLEX = ("flex_1channel_50", "flex_8channel_50")


def test_nozzles_stand_nine_millimetres_apart():
    """96 wells: a column. 384 wells: every second row. A trough: all in one well. 24 tubes are 19.3 mm apart: every second nozzle misses."""
    assert wells_under("corning_96_wellplate_360ul_flat", "A5", 8) == tuple(f"{row}5" for row in ROWS)
    assert wells_under("corning_384_wellplate_112ul_flat", "B7", 8) == ("B7", "D7", "F7", "H7", "J7", "L7", "N7", "P7")
    assert wells_under("nest_12_reservoir_15ml", "A3", 8) == ("A3",) * 8
    assert wells_under("opentrons_24_tuberack_nest_2ml_screwcap", "A1", 8).count(None) == 4
    assert wells_under("corning_96_wellplate_360ul_flat", "C1", 8)[-2:] == (None, None)
    assert wells_under("corning_96_wellplate_360ul_flat", "I1", 8) == (None,) * 8


@pytest.mark.parametrize("load_name", ["corning_96_wellplate_360ul_flat", "corning_384_wellplate_112ul_flat", "nest_96_wellplate_2ml_deep"])
def test_the_columns_that_are_grouped_are_where_the_nozzles_are(load_name):
    """The planner goes by rows and columns, the check by millimetres."""
    assert passes(load_name)
    for wells in passes(load_name):
        assert wells_under(load_name, wells[0], 8) == wells


def test_a_column_of_one_volume_is_one_move(make_lab, make_plan, move):
    lab = make_lab(*FLEX)
    (stage,) = move(make_plan({"water": COLUMN_1}, lab), lab)
    (only,) = stage.moves
    assert (only.channels, only.source_well, only.well, only.volume_nl, only.manner) == (8, "A1", "A1", 40_000, "dry")
    assert stage.tips_used == {"opentrons_flex_96_tiprack_50ul": 8}


def test_a_plate_of_384_takes_two_passes_a_column(make_lab, make_plan, move):
    lab = make_lab(*FLEX, plate="corning_384_wellplate_112ul_flat")
    (stage,) = move(make_plan({"base": {f"{row}1": 12_000 for row in "ABCDEFGHIJKLMNOP"}}, lab), lab)
    assert [(one.channels, one.well) for one in stage.moves] == [(8, "A1"), (8, "B1")]


def test_seven_wells_or_a_tube_are_done_singly(make_lab, make_plan, move):
    lab = make_lab(*FLEX)
    seven = {well: volume for well, volume in COLUMN_1.items() if well != "D1"}
    for wells in ({"water": seven}, {"a": COLUMN_1}):
        (stage,) = move(make_plan(wells, lab), lab)
        assert {one.channels for one in stage.moves} == {1}


def test_a_stock_in_a_column_of_wells_serves_each_row_from_its_own(make_lab, make_plan, move):
    lab = make_lab(*FLEX)
    plan = make_plan({"column": COLUMN_1}, lab)
    stages = move(plan, lab)
    assert [(one.channels, one.source_well) for one in stages[0].moves] == [(8, "A1")]
    files = [emit_opentrons(stage, plan) for stage in stages]
    assert rebuild_from_text(files, plan, stages).passed


def test_the_common_part_of_a_column_goes_at_once_where_that_saves_moves(make_lab, make_plan, move):
    """Water of 110 to 145 µL with 50 µL tips: three parts each are 24 moves. Of a common 100 µL (two parts of eight) 10 to 45 µL
    are left, one part each: 2 + 8 moves."""
    lab = make_lab(*FLEX)
    volumes = {f"{row}1": 110_000 + 5_000 * i for i, row in enumerate(ROWS)}
    wells = {"a": dict.fromkeys(volumes, 5_000), "water": volumes}
    (eights,) = move(make_plan(wells, lab), lab)
    water = [one for one in eights.moves if one.stock == "water"]
    assert sorted((one.channels, one.volume_nl) for one in water if one.channels == 8) == [(8, 50_000)] * 2
    assert sorted(one.volume_nl for one in water if one.channels == 1) == [10_000 + 5_000 * i for i in range(8)]
    single = make_lab("flex_1channel_50")
    (alone,) = move(make_plan(wells, single), single)
    assert len([one for one in alone.moves if one.stock == "water"]) == 24
    assert stage_seconds(eights) < stage_seconds(alone)


def test_volumes_that_one_stroke_each_can_do_are_not_split(make_lab, make_plan, move):
    lab = make_lab("flex_1channel_50", "flex_8channel_50")
    volumes = {f"{row}1": 20_000 + 1_000 * i for i, row in enumerate(ROWS)}
    (stage,) = move(make_plan({"water": volumes}, lab), lab)
    assert [(one.channels, one.volume_nl) for one in stage.moves] == [(1, volume) for volume in volumes.values()]


def test_eight_channels_alone_refuse_what_is_not_a_column(make_lab, make_plan, move):
    lab = make_lab("flex_8channel_50")
    plan = make_plan({"water": {**COLUMN_1, "C4": 30_000}}, lab)
    stages = move(plan, lab)
    (finding,) = check_geometry(plan, stages)
    assert finding.where == "stage setup, water to C4"
    assert "30 µL that no mounted pipette can dispense there" in finding.observed
    assert "one channel" in finding.mend


def test_what_a_trough_loses_is_eight_times_the_volume(make_lab, make_plan, move):
    lab = make_lab(*FLEX)
    plan = make_plan({"water": COLUMN_1}, lab, start_nl=8 * 40_000 - 100)
    (finding,) = check_volumes(plan, move(plan, lab))
    assert finding.rule == "stock runs dry"
    assert "320 µL drawn" in finding.observed


@pytest.fixture
def good(make_lab, make_plan, move):
    lab = make_lab(*FLEX)
    plan = make_plan({"base": COLUMN_1, "column": {f"{row}2": 20_000 for row in ROWS}}, lab)
    return plan, move(plan, lab)


def bent(stages, number, **change):
    moves = list(stages[0].moves)
    moves[number] = replace(moves[number], **change)
    return (replace(stages[0], moves=tuple(moves)),)


def test_good_columns_have_no_findings(good):
    plan, stages = good
    assert [*check_geometry(plan, stages), *check_tips(plan, stages), *check_contact(plan, stages), *check_volumes(plan, stages)] == []


@pytest.mark.parametrize(
    ("number", "change", "words"),
    [
        (0, {"well": "C1"}, "2 of 8 nozzles beside every well"),
        (0, {"source_slot": "C1", "source_well": "A1"}, "wells that hold base"),
        (1, {"source_well": "B1"}, "1 of 8 nozzles beside every well of nest_96_wellplate_2ml_deep"),
        (1, {"source_well": "A2"}, "wells that hold column"),
        (0, {"channels": 1}, "8, all that flex_8channel_50 has"),
        (0, {"well": "A13"}, "a well of labware on the deck"),
    ],
)  # fmt: skip
def test_nozzles_beside_wells_are_found(good, number, change, words):
    plan, stages = good
    assert any(words in str(finding) for finding in check_geometry(plan, bent(stages, number, **change)))


def test_tips_that_are_no_column_are_found(good):
    plan, stages = good
    tip = replace(stages[0].moves[0].tip, place="B1")
    assert any("where not all nozzles meet one" in finding.observed for finding in check_geometry(plan, bent(stages, 0, tip=tip)))


def test_a_tube_rack_under_eight_channels_is_found(make_lab, make_plan, move):
    lab = make_lab(*FLEX)
    plan = make_plan({"a": COLUMN_1, "water": {f"{row}2": 40_000 for row in ROWS}}, lab)
    (stage,) = move(plan, lab)
    tubes = next(item.slot for item in stage.deck if item.name == "tubes")
    number = next(i for i, one in enumerate(stage.moves) if one.channels == 8)
    found = check_geometry(plan, bent((stage,), number, stock="a", source_slot=tubes, source_well="A1"))
    assert any("4 of 8 nozzles beside every well of opentrons_24_tuberack" in finding.observed for finding in found)


def test_the_walk_finds_eight_channels_sent_to_row_c(good):
    """The composition is rebuilt from nozzles' places, so the two wells that get nothing are missed, and so are their volumes."""
    plan, stages = good
    text = emit_opentrons(bent(stages, 0, well="C1")[0], plan)
    told = rebuild_from_text([text], plan, stages)
    assert any("nozzle beside every well" in finding.observed for finding in told.findings)
    assert told.largest_gap_nl == 40_000
