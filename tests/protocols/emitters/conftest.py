"""One small design on a bench for each machine."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from protocols.draft import Draft, draft_plate
from protocols.targets import target_of
from protocols.verify import Verification
from world_model.terms.factors import Continuous, Discrete
from world_model.terms.lab_profile import LabProfile
from world_model.terms.proposal import ProposedExperiment
from world_model.terms.space import SearchSpace

ROBOTS: dict[str, dict[str, Any]] = {
    "evo": {"model": "Tecan EVO", "least_ul": 1, "most_ul": 150, "tips": "fixed", "liquid_class": "Water free dispense"},
    "fluent": {"model": "Tecan Fluent", "least_ul": 1, "most_ul": 150},
    "echo": {"model": "Echo 650", "most_ul": 10},
    "starlet": {"model": "Hamilton STARlet", "least_ul": 1, "most_ul": 280},
    "hands": {"model": "hands", "least_ul": 1, "most_ul": 1000},
}
MACHINES = tuple(ROBOTS)

LAB: dict[str, Any] = {
    "name": "bench",
    "plate": {"labware": "corning_96_wellplate_360ul_flat", "volume_ul": 100, "type": "cor_96_wellplate_360uL_Fb"},
    "holders": [
        {"name": "reservoir", "labware": "nest_12_reservoir_15ml", "dead_volume_ul": 500, "type": "nest_12_troughplate_15000uL_Vb"},
        {"name": "deep", "labware": "nest_96_wellplate_2ml_deep", "dead_volume_ul": 50, "type": "NEST_96_wellplate_2200uL_Ub"},
    ],
    "dilutions": {"labware": "nest_96_wellplate_2ml_deep", "dead_volume_ul": 30, "type": "NEST_96_wellplate_2200uL_Ub"},
    "stocks": [
        {"name": "water", "volume_ml": 12, "holder": "reservoir", "position": "A1"},
        {"name": "M9 5x", "components": {"M9": {"concentration": 5, "unit": "x"}}, "volume_ml": 6, "holder": "reservoir", "position": "A2", "added": "first", "lot": "L-17"},
        {"name": "glucose 1M", "components": {"glucose": {"concentration": 1, "unit": "M"}}, "volume_ml": 1, "holder": "deep", "position": "A1", "more_positions": ["B1"]},
        {"name": "IPTG 20mM", "components": {"iptg": {"concentration": 20, "unit": "mM"}}, "volume_ml": 1, "holder": "deep", "position": "A3"},
        {"name": "E. coli", "volume_ml": 2, "holder": "deep", "position": "H12"},
    ],
    "medium": {"base": {"M9": {"concentration": 1, "unit": "x"}}, "diluent": "water"},
    "cells": {"stock": "E. coli", "final_od600": 0.05, "expected_od600": 2.0},
}  # fmt: skip
ECHO_HOLDERS = [
    {"name": "reservoir", "labware": "nest_12_reservoir_15ml", "dead_volume_ul": 500},
    {"name": "deep", "labware": "corning_384_wellplate_112ul_flat", "dead_volume_ul": 15, "type": "384PP_AQ_BP"},
]

SPACE = SearchSpace(
    factors=(
        Continuous(name="glucose", unit="mM", low=0, high=40), Continuous(name="iptg", unit="µM", low=0, high=1000, acts="dose", at="induction"),
        Discrete(name="induction", unit="h", values=(0, 2), acts="time"),
    )
)  # fmt: skip


def experiment(number: int, glucose: float, iptg: float, induction: float, **more: Any) -> ProposedExperiment:
    return ProposedExperiment(id=f"R01-{number:03d}", role=more.pop("role", "candidate"), settings={"glucose": glucose, "iptg": iptg, "induction": induction}, **more)


# 2 mM of 1 M glucose in 100 µL are 0.2 µL: below every pipette here, so a dilution is made
DESIGN = (
    experiment(1, 20, 500, 2), experiment(2, 20, 500, 2, role="replicate", repeat_of="R01-001"), experiment(3, 2, 300, 0), experiment(4, 35, 1000, 2),
    experiment(5, 10, 0, 0, role="control"), ProposedExperiment(id="R01-006", role="blank"),
)  # fmt: skip


def lab_for(machine: str) -> LabProfile:
    document = copy.deepcopy(LAB) | {"robot": ROBOTS[machine]}
    if machine == "echo":
        document["holders"] = copy.deepcopy(ECHO_HOLDERS)
        del document["dilutions"]
        document["plate"]["volume_ul"] = 30
        document["cells"]["expected_od600"] = 1.0
        for stock, wells in (("water", ("C", 24, 1.2)), ("glucose 1M", ("A", 2, 0.1)), ("IPTG 20mM", ("E", 2, 0.1))):
            row, count, volume = wells
            told = next(told for told in document["stocks"] if told["name"] == stock)
            told |= {"holder": "deep", "position": f"{row}1", "more_positions": [f"{row}{i}" for i in range(2, count + 1)], "volume_ml": volume}
        next(told for told in document["stocks"] if told["name"] == "E. coli").update(holder="reservoir", position="A12")
    elif machine in ("evo", "fluent"):
        for labware in (document["plate"], *document["holders"], document["dilutions"]):
            labware["type"] = f"{labware['labware'][:20]} [001]"
    return LabProfile.model_validate(document)


@pytest.fixture(scope="session")
def drafts() -> dict[str, tuple[LabProfile, Draft]]:
    """Machine → its lab and the same design drafted for it."""
    labs = {machine: lab_for(machine) for machine in MACHINES}
    return {machine: (lab, draft_plate(plate="P-R01", experiments=DESIGN, space=SPACE, lab=lab, seed=2)) for machine, lab in labs.items()}


def read_back(lab: LabProfile, draft: Draft, **changed: Any) -> Verification:
    """What the read-back says, with some of the emitted files changed."""
    from dataclasses import replace

    return target_of(lab).validate(replace(draft.emitted, **changed), draft.plan, lab)


@pytest.fixture
def bench_for() -> Callable[..., tuple[LabProfile, Draft]]:
    """One experiment on a machine's bench with `dilutions`, at so much glucose (mM)."""

    def drafted(machine: str, *, dilutions: dict[str, Any], glucose: float) -> tuple[LabProfile, Draft]:
        document = lab_for(machine).model_dump(mode="json", exclude_none=True) | {"dilutions": dilutions}
        document["stocks"].append({"name": "bench water", "volume_ml": 10, "holder": "reservoir", "position": "A8"})
        lab = LabProfile.model_validate(document)
        return lab, draft_plate(plate="P-R01", experiments=(experiment(1, glucose, 0, 0),), space=SPACE, lab=lab, seed=1)

    return drafted
