"""L2 and L3 as data: transfers of whole nanolitres, then the robot's moves. Nothing here acts."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Literal

Manner = Literal["dry", "air", "liquid"]
"""How a tip meets a well. `dry`: at the bottom of a well that holds nothing, or nothing but this stock. `air`: from above,
without touching. `liquid`: into what the well holds; such a tip never goes back to a stock."""


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """A volume of one stock into one well of the plate."""

    stock: str
    well: str
    volume_nl: int


@dataclass(frozen=True, kw_only=True)
class PlanStage:
    """What is pipetted at one time: the set-up (minute 0), or an addition round."""

    name: str
    minute: int
    transfers: tuple[Transfer, ...]

    @property
    def at_h(self) -> float:
        return self.minute / 60


@dataclass(frozen=True, kw_only=True)
class Reached:
    """One component of one well: asked and really reached, in `unit`, at the well's final volume."""

    component: str
    asked: float
    planned: float
    unit: str


@dataclass(frozen=True, kw_only=True)
class PlannedWell:
    """One well of the plate. `experiment_id` is empty for an edge well that is only filled."""

    well: str
    experiment_id: str
    role: str
    volume_nl: int
    reached: tuple[Reached, ...]


@dataclass(frozen=True, kw_only=True)
class StockState:
    """A stock on the deck: where it stands and what it holds before the set-up."""

    name: str
    holder: str
    well: str
    start_nl: int
    dead_nl: int


@dataclass(frozen=True, kw_only=True)
class PhysicalPlan:
    """L2: which volume of which stock goes where and when. `strengths[stock][component]` is in `units[component]`."""

    plate: str
    plate_labware: str
    final_nl: int
    stages: tuple[PlanStage, ...]
    wells: tuple[PlannedWell, ...]
    stocks: tuple[StockState, ...]
    strengths: dict[str, dict[str, float]]
    units: dict[str, str]

    def stock(self, name: str) -> StockState:
        return next(stock for stock in self.stocks if stock.name == name)

    def composition(self, *, until: int | None = None) -> dict[str, dict[str, int]]:
        """Well → stock → nanolitres, after the stages up to position `until` (None: all of them)."""
        held: dict[str, dict[str, int]] = {}
        for stage in self.stages if until is None else self.stages[: until + 1]:
            for transfer in stage.transfers:
                well = held.setdefault(transfer.well, {})
                well[transfer.stock] = well.get(transfer.stock, 0) + transfer.volume_nl
        return held

    def digest(self) -> str:
        """SHA-256 of the plan: places, volumes and order."""
        told = {
            "plate": [self.plate, self.plate_labware],
            "stocks": [[s.name, s.holder, s.well, s.start_nl] for s in self.stocks],
            "stages": [[stage.name, [[t.stock, t.well, t.volume_nl] for t in stage.transfers]] for stage in self.stages],
        }
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class TipPlace:
    """One tip: the slot of its rack, and its place there."""

    slot: str
    place: str


@dataclass(frozen=True, kw_only=True)
class Move:
    """One aspirate and one dispense. `tip` None keeps the tip that is on. `configure_nl` tells the pipette its next volume
    mode. `stir_nl` mixes the source first, `mix_nl` the well afterwards (0: no)."""

    pipette: int
    tip: TipPlace | None
    stock: str
    source_slot: str
    source_well: str
    well: str
    volume_nl: int
    manner: Manner
    configure_nl: int | None = None
    stir_nl: int = 0
    mix_nl: int = 0


@dataclass(frozen=True, kw_only=True)
class DeckItem:
    """Labware in a slot. `name` is the plate's id, the holder's name, or empty for a tip rack."""

    slot: str
    kind: Literal["plate", "holder", "tips"]
    name: str
    load_name: str


@dataclass(frozen=True, kw_only=True)
class Load:
    """Liquid on the deck before a stage: `wells[well]` in nanolitres."""

    liquid: str
    slot: str
    wells: dict[str, int]
    colour: str


@dataclass(frozen=True, kw_only=True)
class RobotStage:
    """L3 of one stage: deck, liquids, tips and moves, in order."""

    name: str
    minute: int
    deck: tuple[DeckItem, ...]
    trash: str
    pipettes: tuple[tuple[str, str], ...]
    loads: tuple[Load, ...]
    moves: tuple[Move, ...]
    tips_used: dict[str, int] = field(default_factory=dict)

    @property
    def plate_slot(self) -> str:
        return next(item.slot for item in self.deck if item.kind == "plate")

    def item(self, slot: str) -> DeckItem:
        return next(item for item in self.deck if item.slot == slot)
