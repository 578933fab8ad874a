"""L2 and L3 as data: transfers of whole nanolitres, then the robot's moves. Nothing here acts."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Literal

from .device import Device

Manner = Literal["dry", "air", "liquid"]
"""How a tip meets a well. `dry`: at the bottom of a well that holds nothing, or nothing but this stock. `air`: from above,
without touching. `liquid`: into what the well holds; such a tip never goes back to a stock."""


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """A volume of one liquid (a stock, or a dilution made before) from its well into a well of `plate`: the plate's id, or a
    dilution plate's name."""

    stock: str
    source_well: str
    plate: str
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
    """A liquid on the deck: where it stands, and what each of its wells holds before the set-up (0 for a dilution, which is
    made there). `dead_nl` is what can't be drawn from each well."""

    name: str
    holder: str
    start_nl: dict[str, int]
    dead_nl: int

    @property
    def wells(self) -> tuple[str, ...]:
        return tuple(self.start_nl)

    @property
    def total_nl(self) -> int:
        return sum(self.start_nl.values())


@dataclass(frozen=True, kw_only=True)
class Dilution:
    """A liquid that the set-up makes first: one part of `parent` (a stock, or another dilution) in `factor` parts, filled up
    with `diluent`. `wells[well]` is what is made in each well of `plate`, a multiple of factor times the step, so that the
    strength is exact."""

    name: str
    parent: str
    factor: int
    diluent: str
    plate: str
    wells: dict[str, int]
    dead_nl: int


@dataclass(frozen=True, kw_only=True)
class PhysicalPlan:
    """L2: which volume of which liquid goes where and when.

    `strengths[liquid][component]` is in `units[component]`, dilutions too. `dilution_plates` maps a dilution plate's name to
    its load name. `by_hand` are stocks that the robot does not move: a person dispenses them beforehand.
    """

    plate: str
    plate_labware: str
    final_nl: int
    stages: tuple[PlanStage, ...]
    wells: tuple[PlannedWell, ...]
    stocks: tuple[StockState, ...]
    strengths: dict[str, dict[str, float]]
    units: dict[str, str]
    device: Device
    dilutions: tuple[Dilution, ...] = ()
    dilution_plates: dict[str, str] = field(default_factory=dict)
    by_hand: frozenset[str] = frozenset()

    def stock(self, name: str) -> StockState:
        """A stock's or a dilution's place."""
        for dilution in self.dilutions:
            if dilution.name == name:
                return StockState(name=name, holder=dilution.plate, start_nl=dict.fromkeys(dilution.wells, 0), dead_nl=dilution.dead_nl)
        return next(stock for stock in self.stocks if stock.name == name)

    def labware_of(self, plate: str) -> str:
        """The load name of the plate, or of a dilution plate."""
        return self.plate_labware if plate == self.plate else self.dilution_plates[plate]

    def made_of(self, liquid: str) -> dict[str, float]:
        """A liquid in parts of stocks, which sum to 1: a stock is itself."""
        dilution = next((dilution for dilution in self.dilutions if dilution.name == liquid), None)
        if dilution is None:
            return {liquid: 1.0}
        parts = {stock: part / dilution.factor for stock, part in self.made_of(dilution.parent).items()}
        for stock, part in self.made_of(dilution.diluent).items():
            parts[stock] = parts.get(stock, 0.0) + part * (1 - 1 / dilution.factor)
        return parts

    def composition(self, *, until: int | None = None) -> dict[str, dict[str, float]]:
        """Well of the plate → stock → nanolitres, after the stages up to position `until` (None: all of them)."""
        held: dict[str, dict[str, float]] = {}
        parts = {name: self.made_of(name) for name in [*(s.name for s in self.stocks), *(d.name for d in self.dilutions)]}
        for stage in self.stages if until is None else self.stages[: until + 1]:
            for transfer in stage.transfers:
                if transfer.plate != self.plate:
                    continue
                well = held.setdefault(transfer.well, {})
                for stock, part in parts[transfer.stock].items():
                    well[stock] = well.get(stock, 0.0) + transfer.volume_nl * part
        return held

    def digest(self) -> str:
        """SHA-256 of the plan: places, volumes and order."""
        told = {
            "plate": [self.plate, self.plate_labware, self.dilution_plates],
            "stocks": [[s.name, s.holder, s.start_nl] for s in self.stocks],
            "stages": [[stage.name, [[t.stock, t.source_well, t.plate, t.well, t.volume_nl] for t in stage.transfers]] for stage in self.stages],
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
    mode. `stir_nl` mixes the source first, `mix_nl` the well afterwards, `mix_times` times (0 nL: no). With several channels,
    `tip`, `source_well` and `well` are where the first one goes, and `volume_nl` is each one's. `source_mm` is how high above
    the source's bottom the tip draws: near the surface, for a short tip at the bottom of a full tube would drown the pipette."""

    pipette: int
    tip: TipPlace | None
    stock: str
    source_slot: str
    source_well: str
    target_slot: str
    well: str
    volume_nl: int
    manner: Manner
    configure_nl: int | None = None
    stir_nl: int = 0
    mix_nl: int = 0
    channels: int = 1
    mix_times: int = 2
    source_mm: float = 1.0


@dataclass(frozen=True, kw_only=True)
class DeckItem:
    """Labware in a slot. `name` is the plate's id, the holder's name, or empty for a tip rack."""

    slot: str
    kind: Literal["plate", "holder", "dilutions", "tips"]
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
class Refill:
    """Before the move at position `before` (from 0) the robot waits until a person has put full racks into `slots`."""

    before: int
    slots: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class RobotStage:
    """L3 of one stage: deck, liquids, tips and moves, in order.

    `tips_used` and `racks_used` count by load name, refills included. `left_out` is what no mounted pipette can do: a release
    with any of it is refused.
    """

    name: str
    minute: int
    deck: tuple[DeckItem, ...]
    trash: str
    pipettes: tuple[tuple[str, str], ...]
    loads: tuple[Load, ...]
    moves: tuple[Move, ...]
    tips_used: dict[str, int] = field(default_factory=dict)
    racks_used: dict[str, int] = field(default_factory=dict)
    refills: tuple[Refill, ...] = ()
    left_out: tuple[Transfer, ...] = ()
    robot: str = "Flex"

    @property
    def plate_slot(self) -> str:
        return next(item.slot for item in self.deck if item.kind == "plate")

    def item(self, slot: str) -> DeckItem:
        return next(item for item in self.deck if item.slot == slot)
