"""A small lab and designs that the protocol tests share."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from protocols.compile import CompiledPlate, compile_plate
from world_model.terms.factors import Continuous, Discrete
from world_model.terms.lab_profile import LabProfile
from world_model.terms.proposal import ProposedExperiment
from world_model.terms.space import SearchSpace

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
        {"name": "E. coli", "volume_ml": 2, "holder": "tubes", "position": "D6", "keep": "37 °C, shaking"},
    ],
    "medium": {"base": {"M9": {"concentration": 1, "unit": "x"}}, "diluent": "water"},
    "cells": {"stock": "E. coli", "final_od600": 0.05, "expected_od600": 2.0},
    "components": {"iptg": "IPTG", "magnesium": "MgSO4"},
}  # fmt: skip

SPACE = SearchSpace(
    factors=(
        Continuous(name="glucose", unit="mM", low=0, high=40),
        Continuous(name="magnesium", unit="mM", low=0, high=5),
        Continuous(name="iptg", unit="µM", low=0, high=1000, acts="dose", at="induction"),
        Discrete(name="induction", unit="h", values=(0, 2, 4), acts="time"),
    )
)


def settings(glucose: float, magnesium: float, iptg: float, induction: float) -> dict[str, float | str]:
    return {"glucose": glucose, "magnesium": magnesium, "iptg": iptg, "induction": induction}


DESIGN = (
    ProposedExperiment(id="R01-001", role="candidate", settings=settings(20, 2, 500, 2)),
    ProposedExperiment(id="R01-002", role="replicate", settings=settings(20, 2, 500, 2), repeat_of="R01-001"),
    ProposedExperiment(id="R01-003", role="candidate", settings=settings(3.33, 0.5, 300, 0)),
    ProposedExperiment(id="R01-004", role="candidate", settings=settings(35, 0, 1000, 4)),
    ProposedExperiment(id="R01-005", role="control", settings=settings(10, 2, 0, 0)),
    ProposedExperiment(id="R01-006", role="blank"),
)


@pytest.fixture
def lab_doc() -> dict[str, Any]:
    """A lab document to be bent out of shape."""
    return copy.deepcopy(LAB)


@pytest.fixture
def lab() -> LabProfile:
    return LabProfile.model_validate(LAB)


@pytest.fixture
def space() -> SearchSpace:
    return SPACE


@pytest.fixture
def design() -> tuple[ProposedExperiment, ...]:
    return DESIGN


@pytest.fixture
def experiment() -> Callable[..., ProposedExperiment]:
    """One candidate of given settings."""

    def make(number: int = 1, **values: float | str) -> ProposedExperiment:
        return ProposedExperiment(id=f"R01-{number:03d}", role="candidate", settings=dict(values))

    return make


@pytest.fixture(scope="session")
def compiled() -> CompiledPlate:
    """The design on a plate, checked by the engine: three stages, six experiments."""
    return compile_plate(plate="P1", experiments=DESIGN, space=SPACE, lab=LabProfile.model_validate(LAB), seed=7, inoculum_od600=1.8, system="E. coli")
