"""Goals, measurements, campaign and lab documents: what can't be built."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from world_model.terms.campaign_doc import CampaignDoc
from world_model.terms.goals import Goal, Measurement
from world_model.terms.interventions import Hold
from world_model.terms.lab_profile import LabProfile
from world_model.terms.plates import FORMATS, all_wells, inner_wells, parse_well
from world_model.terms.system import System, Variable

CAMPAIGN = {
    "name": "medium",
    "factors": [{"kind": "continuous", "name": "glucose", "low": 1, "high": 40, "unit": "mM"}],
    "measurements": [{"name": "GFP", "unit": "RFU", "at_h": [0, 12, 24]}],
    "goals": [{"readout": "GFP"}],
}
LAB = {
    "name": "bench",
    "robot": {"pipettes": [{"name": "flex_1channel_50", "mount": "left", "tip_racks": ["opentrons_flex_96_tiprack_50ul"]}]},
    "plate": {"labware": "corning_96_wellplate_360ul_flat", "volume_ul": 200},
    "holders": [{"name": "tubes", "labware": "nest_12_reservoir_15ml", "dead_volume_ul": 500}],
    "stocks": [
        {"name": "water", "volume_ml": 10, "holder": "tubes", "position": "A1"},
        {"name": "sugar", "components": {"glucose": {"concentration": 1, "unit": "M"}}, "volume_ml": 10, "holder": "tubes", "position": "A2"},
    ],
    "medium": {"diluent": "water"},
}


@pytest.mark.parametrize(("said", "meant"), [("maximise", "max"), ("maximize", "max"), ("min", "min"), ("minimise", "min")])
def test_directions_are_read_in_both_spellings(said, meant):
    assert Goal(readout="yield", direction=said).direction == meant


def test_times_must_increase():
    with pytest.raises(ValidationError, match="strictly increasing"):
        Measurement(name="OD600", at_h=(0, 2, 2))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"goals": [{"readout": "GPF"}]}, "Did you mean 'GFP'"),
        ({"goals": [{"readout": "GFP", "at_h": 30}]}, "from 0 to 24 h, found 30 h"),
        ({"goals": [{"readout": "GFP", "take": "peak", "at_h": 3}]}, "take = 'end' only"),
        ({"factors": []}, "found neither"),
        ({"controls": [{"name": "c", "wells": 1, "settings": {"glucos": 3}}]}, "Did you mean 'glucose'"),
        ({"controls": [{"name": "c", "wells": 1, "settings": {}}]}, "found none for glucose"),
        ({"batches": 3}, "Extra inputs"),
        ({"measurements": []}, "at least 1"),
        ({"name": "a; import os\nb"}, "pattern"),
    ],
)
def test_a_campaign_that_does_not_hold_together_is_refused(change, message):
    with pytest.raises(ValidationError, match=message):
        CampaignDoc.model_validate({**CAMPAIGN, **change})


def test_every_well_of_a_round_is_counted():
    told = {**CAMPAIGN, "batch": {"candidates": 24, "replicates": 2, "blanks": 6}, "controls": [{"name": "c", "wells": 6, "settings": {"glucose": 5}}]}
    assert CampaignDoc.model_validate(told).wells_per_round == 24 * 2 + 6 + 6


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"medium": {"diluent": "watr"}}, "Did you mean 'water'"),
        ({"components": {"glucose": "glucoze"}}, "Did you mean 'glucose'"),
        ({"cells": {"stock": "cels", "final_od600": 0.05, "expected_od600": 2}}, "expected a stock's name"),
    ],
)
def test_a_lab_whose_names_do_not_resolve_is_refused(change, message):
    with pytest.raises(ValidationError, match=message):
        LabProfile.model_validate({**LAB, **change})


def test_a_stock_in_other_units_is_converted():
    lab = LabProfile.model_validate(LAB)
    assert lab.concentration_in(lab.stock("sugar"), "glucose", "mM") == pytest.approx(1000.0)


def test_a_hold_runs_forwards():
    with pytest.raises(ValidationError, match="to_h after from_h"):
        Hold(variable="x", from_h=2, to_h=1, value=3)


def test_a_96_well_plate_has_60_inner_wells():
    plate = FORMATS[96]
    assert len(all_wells(plate)) == 96
    assert len(inner_wells(plate)) == 60
    assert not {well[0] for well in inner_wells(plate)} & {"A", "H"}
    assert parse_well("b07", plate) == "B7"


def test_a_cause_edge_known_to_be_absent_is_refused():
    variables = (Variable(name="a", role="state"), Variable(name="b", role="state"))
    assert list(System(name="s", variables=variables, causes=(("a", "b"),)).graph().edges) == [("a", "b")]
    with pytest.raises(ValidationError, match="found both"):
        System(name="s", variables=variables, causes=(("a", "b"),), never=(("a", "b"),))
