"""Labs with eight channels, and plans written down by hand: which volume of which stock goes into which well."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from protocols.device import device_of
from protocols.labware import labware
from protocols.pipettes import mounted_hands
from protocols.plan import PhysicalPlan, PlanStage, RobotStage, StockState, Transfer
from protocols.robot_plan import plan_robot
from world_model.terms.lab_profile import LabProfile

RACKS = {
    "flex_1channel_50": "opentrons_flex_96_tiprack_50ul", "flex_8channel_50": "opentrons_flex_96_tiprack_50ul",
    "flex_1channel_1000": "opentrons_flex_96_tiprack_200ul", "flex_8channel_1000": "opentrons_flex_96_tiprack_200ul",
    "p20_single_gen2": "opentrons_96_tiprack_20ul", "p20_multi_gen2": "opentrons_96_tiprack_20ul",
    "p300_single_gen2": "opentrons_96_tiprack_300ul", "p300_multi_gen2": "opentrons_96_tiprack_300ul",
}  # fmt: skip
PLATE_96, PLATE_384 = "corning_96_wellplate_360ul_flat", "corning_384_wellplate_112ul_flat"
# stock → (holder, wells): two in a trough's wells, two in tubes, one in a column of a deep plate
STOCKS = {
    "water": ("trough", ["A1"]), "base": ("trough", ["A2"]), "a": ("tubes", ["A1"]), "b": ("tubes", ["B1"]),
    "column": ("deep", [f"{row}1" for row in "ABCDEFGH"]),
}  # fmt: skip
HOLDERS = {"trough": "nest_12_reservoir_15ml", "tubes": "opentrons_24_tuberack_nest_2ml_screwcap", "deep": "nest_96_wellplate_2ml_deep"}
Wells = Mapping[str, Mapping[str, int]]


def lab_with(*pipettes: str, plate: str = PLATE_96, holders: int = 0, **more: Any) -> LabProfile:
    """A lab with these pipettes; `holders` more of them stand about, used by nobody but `in_use`."""
    return LabProfile.model_validate(
        {
            "name": "bench", "plate": {"labware": plate, "volume_ul": 100}, "medium": {"diluent": "water"},
            "robot": {
                "model": "Flex" if pipettes[0].startswith("flex") else "OT-2",
                "pipettes": [{"name": name, "mount": mount, "tip_racks": [RACKS[name]]} for name, mount in zip(pipettes, ("left", "right"), strict=False)],
            },
            "holders": [{"name": name, "labware": load_name, "dead_volume_ul": 0} for name, load_name in HOLDERS.items()],
            "stocks": [{"name": name, "volume_ml": 10, "holder": holder, "position": wells[0], "more_positions": wells[1:]} for name, (holder, wells) in STOCKS.items()],
            **more,
        }
    )  # fmt: skip


def plan_of(wells: Wells, lab: LabProfile, *, start_nl: int = 10_000_000) -> PhysicalPlan:
    """A plan of one stage: `wells[stock][well]` in nanolitres; a stock in several wells gives each row from its own."""
    rank = {well: i for i, well in enumerate(labware(lab.plate.labware).wells)}
    transfers = []
    for stock, volumes in wells.items():
        places = STOCKS[stock][1]
        for well in sorted(volumes, key=rank.__getitem__):
            source = places[(ord(well[0]) - ord("A")) // (2 if len(rank) == 384 else 1)] if len(places) > 1 else places[0]
            transfers.append(Transfer(stock=stock, source_well=source, plate="P", well=well, volume_nl=volumes[well]))
    return PhysicalPlan(
        plate="P", plate_labware=lab.plate.labware, final_nl=100_000, stages=(PlanStage(name="setup", minute=0, transfers=tuple(transfers)),), wells=(),
        stocks=tuple(StockState(name=name, holder=holder, start_nl=dict.fromkeys(places, start_nl), dead_nl=0) for name, (holder, places) in STOCKS.items()),
        strengths={}, units={}, device=device_of(lab),
    )  # fmt: skip


def robot_of(plan: PhysicalPlan, lab: LabProfile) -> tuple[RobotStage, ...]:
    return plan_robot(plan, lab, mounted_hands(lab))


@pytest.fixture
def make_lab() -> Callable[..., LabProfile]:
    return lab_with


@pytest.fixture
def make_plan() -> Callable[..., PhysicalPlan]:
    return plan_of


@pytest.fixture
def move() -> Callable[..., tuple[RobotStage, ...]]:
    return robot_of
