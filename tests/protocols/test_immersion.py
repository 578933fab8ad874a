"""Tips draw near the surface: neither does the nozzle drown nor the tip draw air. Heights from the makers' inner geometry."""

from __future__ import annotations

import bisect
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.checks.immersion import check_immersion
from protocols.draft import draft_plate
from protocols.labware import inner_levels, labware, levels_of
from protocols.robot_plan.writer import LOWEST_MM, drawing_height_mm
from runs.bench.full_plates import plate

TUBE = "opentrons_15_tuberack_nest_15ml_conical"


def test_the_level_of_a_cone_and_a_cylinder_is_what_its_volume_says():
    # 15 mL conical: above the cone a cylinder of 14 to 15 mm bore, so 1 mL more stands 5.6 to 6.5 mm higher
    rise = labware(TUBE).level_mm("A1", 9_000_000) - labware(TUBE).level_mm("A1", 8_000_000)
    assert 5.6 < rise < 6.6


@pytest.mark.parametrize(
    ("section", "volume_ul", "height_mm"),
    [
        # half a cylinder of 10 mm by 10 mm; an eighth of a cone of 12 mm stands at half its height; a hemisphere of radius 5 mm
        ({"shape": "conical", "bottomDiameter": 10, "topDiameter": 10, "bottomHeight": 0, "topHeight": 10}, 10 * math.pi * 25 / 2, 5.0),
        ({"shape": "conical", "bottomDiameter": 0, "topDiameter": 10, "bottomHeight": 0, "topHeight": 12}, math.pi * 25 * 12 / 3 / 8, 6.0),
        ({"shape": "spherical", "radiusOfCurvature": 5, "bottomHeight": 0, "topHeight": 5}, 2 / 3 * math.pi * 125, 5.0),
        ({"shape": "cuboidal", "bottomXDimension": 8, "topXDimension": 8, "bottomYDimension": 70, "topYDimension": 70, "bottomHeight": 0, "topHeight": 20}, 8 * 70 * 12, 12.0),
    ],
)  # fmt: skip
def test_levels_of_plain_bodies_are_those_of_the_school_book(section, volume_ul, height_mm):
    heights, volumes = levels_of([section])
    assert heights[bisect.bisect_left(volumes, volume_ul * (1 - 1e-9))] == pytest.approx(height_mm, abs=0.05)


@given(st.sampled_from([TUBE, "opentrons_24_tuberack_nest_2ml_screwcap", "nest_12_reservoir_15ml", "nest_96_wellplate_2ml_deep", "opentrons_6_tuberack_nest_50ml_conical"]), st.floats(0.001, 0.999))
def test_what_is_surely_filled_lies_below_the_makers_level(load_name, part):
    item = labware(load_name)
    volume_nl = round(item.wells["A1"].capacity_nl * part)
    assert "A1" in inner_levels(load_name)
    # a third of a millimetre is what a slice leaves open
    assert item.surely_filled_mm("A1", volume_nl) <= item.level_mm("A1", volume_nl) + 0.4
    drawn_mm = drawing_height_mm(load_name, "A1", volume_nl)
    assert drawn_mm == LOWEST_MM or drawn_mm < item.level_mm("A1", volume_nl)


def test_a_good_plan_keeps_the_nozzle_dry_and_the_old_way_drowned_it(lab, space, design, lab_doc):
    tall = lab_doc | {
        "holders": [lab_doc["holders"][0], {"name": "tubes", "labware": TUBE, "dead_volume_ul": 200}],
        "stocks": [stock | ({"volume_ml": 8, "position": place} if stock["holder"] == "tubes" else {}) for stock, place in zip(lab_doc["stocks"], ("", "", "A1", "B1", "A2", "A3", "C5"), strict=True)],
    }  # fmt: skip
    draft = draft_plate(plate="P", experiments=design, space=space, lab=type(lab).model_validate(tall), seed=1, inoculum_od600=2.0)
    assert check_immersion(draft.plan, draft.robot) == []
    at_the_bottom = tuple(replace(stage, moves=tuple(replace(move, source_mm=1.0) for move in stage.moves)) for stage in draft.robot)
    found = check_immersion(draft.plan, at_the_bottom)
    # 8 mL stand at 66 mm; a 50 µL tip keeps the nozzle 47.4 mm above its end, at 48.4 mm
    assert any("17.9 mm below the surface" in finding.observed or "18.0 mm below the surface" in finding.observed for finding in found)
    high = tuple(replace(stage, moves=tuple(replace(move, source_mm=100.0) for move in stage.moves)) for stage in draft.robot)
    assert any("the liquid stands at" in finding.observed for finding in check_immersion(draft.plan, high))


def test_dilutions_that_eight_channels_fill_are_known_to_be_full():
    space, lab, experiments = plate(384, 6, dilutions=True, seed=0)
    draft = draft_plate(plate="P", experiments=experiments, space=space, lab=lab, seed=0)
    slots = {item.slot for item in draft.robot[0].deck if item.kind == "dilutions"}
    assert any(move.channels == 8 and move.target_slot in slots for move in draft.robot[0].moves)
    assert check_immersion(draft.plan, draft.robot) == []
