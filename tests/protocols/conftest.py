"""A small lab and designs that the protocol tests share."""

from __future__ import annotations

from typing import Any

import pytest

from world_model.terms.lab_profile import LabProfile

LAB: dict[str, Any] = {
    "name": "bench",
    "robot": {
        "pipettes": [
            {"name": "flex_1channel_50", "mount": "left", "tip_racks": ["opentrons_flex_96_tiprack_50ul"]},
            {"name": "flex_1channel_1000", "mount": "right", "tip_racks": ["opentrons_flex_96_tiprack_200ul"]},
        ]
    },
    "plate": {"labware": "corning_96_wellplate_360ul_flat", "volume_ul": 200, "use": "inner", "edge_fill": "water"},
    "holders": [
        {"name": "reservoir", "labware": "nest_12_reservoir_15ml", "dead_volume_ul": 500},
        {"name": "tubes", "labware": "opentrons_24_tuberack_nest_2ml_screwcap", "dead_volume_ul": 50},
    ],
    "stocks": [
        {"name": "water", "volume_ml": 14, "holder": "reservoir", "position": "A1"},
        {"name": "M9 5x", "components": {"M9": {"concentration": 5, "unit": "x"}}, "volume_ml": 6, "holder": "reservoir", "position": "A2"},
        {"name": "glucose 1M", "components": {"glucose": {"concentration": 1, "unit": "M"}}, "volume_ml": 2, "holder": "tubes", "position": "A1"},
        {"name": "glucose 100mM", "components": {"glucose": {"concentration": 100, "unit": "mM"}}, "volume_ml": 2, "holder": "tubes", "position": "B1"},
        {"name": "MgSO4 100mM", "components": {"MgSO4": {"concentration": 100, "unit": "mM"}}, "volume_ml": 1.5, "holder": "tubes", "position": "A2"},
        {"name": "IPTG 20mM", "components": {"IPTG": {"concentration": 20, "unit": "mM"}}, "volume_ml": 1.5, "holder": "tubes", "position": "A3"},
        {"name": "IPTG 1mM", "components": {"IPTG": {"concentration": 1, "unit": "mM"}}, "volume_ml": 1.5, "holder": "tubes", "position": "B3"},
        {"name": "E. coli", "volume_ml": 2, "holder": "tubes", "position": "D6", "keep": "37 °C, shaking"},
    ],
    "medium": {"base": {"M9": {"concentration": 1, "unit": "x"}}, "diluent": "water"},
    "cells": {"stock": "E. coli", "final_od600": 0.05, "expected_od600": 2.0},
    "components": {"iptg": "IPTG", "magnesium": "MgSO4"},
}  # fmt: skip


@pytest.fixture
def lab() -> LabProfile:
    return LabProfile.model_validate(LAB)
