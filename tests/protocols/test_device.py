"""Which machine moves which liquid."""

from __future__ import annotations

import re

from protocols.compile import compile_plate
from protocols.device import BY_HAND, device_of, devices_by_stock
from world_model.terms.factors import Continuous
from world_model.terms.lab_profile import LabProfile
from world_model.terms.proposal import ProposedExperiment
from world_model.terms.space import SearchSpace

ECHO = {
    "name": "two machines", "robot": {"model": "Echo 650", "most_ul": 50},
    "robots": [{"model": "Tecan EVO", "least_ul": 1, "most_ul": 900}],
    "plate": {"labware": "corning_384_wellplate_112ul_flat", "volume_ul": 50, "type": "Corning_384"},
    # a worktable names every rack: a type alone makes no Echo source
    "holders": [
        {"name": "source", "labware": "corning_384_wellplate_112ul_flat", "dead_volume_ul": 15, "type": "384PP_AQ_BP"},
        {"name": "trough", "labware": "nest_12_reservoir_15ml", "dead_volume_ul": 500, "type": "12 Column Trough"},
    ],
    "stocks": [
        {"name": "water", "volume_ml": 0.4, "holder": "source", "position": "A1", "more_positions": ["A2", "A3", "A4"]},
        {"name": "medium", "components": {"salts": {"concentration": 2, "unit": "x"}}, "volume_ml": 10, "holder": "trough", "position": "A1"},
        {"name": "cells", "volume_ml": 0.05, "holder": "source", "position": "B1"},
    ],
    "medium": {"diluent": "water", "base": {"salts": {"concentration": 1, "unit": "x"}}},
    "cells": {"stock": "cells", "final_od600": 0.05, "expected_od600": 1.0},
}  # fmt: skip


def test_an_echo_draws_from_its_source_plates_alone_and_never_cells():
    by = devices_by_stock(LabProfile.model_validate(ECHO))
    assert by["water"] == device_of(LabProfile.model_validate(ECHO))
    assert by["water"].step_nl == 5
    assert by["medium"] is BY_HAND
    assert by["cells"] is BY_HAND


def test_the_other_machine_of_the_lab_moves_everything():
    lab = LabProfile.model_validate(ECHO).for_target("Tecan EVO")
    assert {device.name for device in devices_by_stock(lab).values()} == {"Tecan EVO"}


def test_the_echos_sheet_says_what_hands_do_before_and_after_it():
    space = SearchSpace(factors=(Continuous(name="salts", unit="x", low=0.5, high=1),))
    doc = ECHO | {"medium": {"diluent": "water"}}
    asked = [ProposedExperiment(id="R01-001", role="candidate", settings={"salts": 1.0})]
    plate = compile_plate(plate="P", experiments=asked, space=space, lab=LabProfile.model_validate(doc), seed=0)
    page = re.sub(r"<[^>]+>", "", plate.bench_sheet_html)
    assert "Pipette by hand, as in the list “By hand: setup, before the robot”; then run setup.csv; then pipette by hand, as in the list “By hand: setup, after the robot”" in page
