"""Geometry and capacity of labware, from the maker's definitions (package `opentrons-shared-data`); nothing is typed by hand."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from world_model.terms.errors import ProtocolError, nearest
from world_model.terms.plates import FORMATS, PlateFormat

_INSTALL = "Install the extra: pip install 'nextwell[opentrons]'."


@dataclass(frozen=True, kw_only=True)
class WellShape:
    """One well: what it holds (nL), its depth and opening (mm), and where its centre lies on the labware (mm)."""

    capacity_nl: int
    depth_mm: float
    area_mm2: float
    x_mm: float
    y_mm: float
    width_mm: float
    is_round: bool
    along_x_mm: float
    along_y_mm: float

    def is_over(self, x_mm: float, y_mm: float) -> bool:
        """Whether a point of the labware lies over this well's opening."""
        if self.is_round:
            return math.hypot(x_mm - self.x_mm, y_mm - self.y_mm) <= self.along_x_mm / 2
        return abs(x_mm - self.x_mm) <= self.along_x_mm / 2 and abs(y_mm - self.y_mm) <= self.along_y_mm / 2


@dataclass(frozen=True, kw_only=True)
class Labware:
    """One labware definition. `wells` run in the maker's order: down the columns. `centred` says that a pipette with several
    channels goes with its middle, not with its first nozzle, to a well's centre."""

    load_name: str
    version: int
    title: str
    is_tip_rack: bool
    wells: dict[str, WellShape]
    columns: tuple[tuple[str, ...], ...]
    length_mm: float
    width_mm: float
    height_mm: float
    centred: bool

    @property
    def format(self) -> PlateFormat:
        """Rows and columns of a plate.

        Raises:
            ProtocolError: the labware is no plate of a known format.
        """
        found = FORMATS.get(len(self.wells))
        if found is None or len(self.columns) != found.columns:
            raise ProtocolError(f"Expected a plate with {', '.join(map(str, FORMATS))} wells, found {self.load_name!r} with {len(self.wells)} wells.")
        return found

    def liquid_height_mm(self, well: str, volume_nl: int) -> float:
        """How high a volume stands in a well, from the well's opening and depth; an estimate from above for tapered wells."""
        shape = self.wells[well]
        return min(max(volume_nl / 1000 / shape.area_mm2, shape.depth_mm * volume_nl / shape.capacity_nl), 10 * shape.depth_mm)


@cache
def known_labware() -> dict[str, int]:
    """Load name → its newest version in the definitions that Python protocols load.

    Raises:
        ProtocolError: the definitions are not installed.
    """
    try:
        from opentrons_shared_data.labware import list_definitions
    except ImportError as fault:
        raise ProtocolError(f"Expected the labware definitions (opentrons-shared-data), found none installed. {_INSTALL}") from fault
    newest: dict[str, int] = {}
    for name, version, schema in list_definitions():
        if schema == 2:
            newest[name] = max(version, newest.get(name, 0))
    return newest


@cache
def labware(load_name: str) -> Labware:
    """The newest definition of that name.

    Raises:
        ProtocolError: unknown name; the nearest known ones are offered.
    """
    known = known_labware()
    if load_name not in known:
        raise ProtocolError(f"Expected a labware's load name, found {load_name!r}. {nearest(load_name, known)}")
    from opentrons_shared_data.labware import load_definition

    told = load_definition(load_name, known[load_name])
    ordering: Sequence[Sequence[str]] = told["ordering"]
    wells = {name: _shape(cast("Mapping[str, Any]", told["wells"][name])) for column in ordering for name in column}
    return Labware(
        load_name=load_name, version=known[load_name], title=told["metadata"]["displayName"], wells=wells,
        is_tip_rack=bool(told["parameters"]["isTiprack"]), columns=tuple(tuple(column) for column in ordering),
        length_mm=told["dimensions"]["xDimension"], width_mm=told["dimensions"]["yDimension"], height_mm=told["dimensions"]["zDimension"],
        centred="centerMultichannelOnWells" in (told["parameters"].get("quirks") or ()),
    )  # fmt: skip


def _shape(well: Mapping[str, Any]) -> WellShape:
    is_round = well["shape"] == "circular"
    along_x, along_y = (well["diameter"], well["diameter"]) if is_round else (well["xDimension"], well["yDimension"])
    return WellShape(
        capacity_nl=round(well["totalLiquidVolume"] * 1000), depth_mm=well["depth"],
        area_mm2=math.pi * along_x**2 / 4 if is_round else along_x * along_y, x_mm=well["x"], y_mm=well["y"], width_mm=min(along_x, along_y),
        is_round=is_round, along_x_mm=along_x, along_y_mm=along_y,
    )  # fmt: skip


_DECKS: dict[str, str] = {"Flex": "ot3_standard", "OT-2": "ot2_standard"}


@cache
def slot_positions(model: str = "Flex") -> dict[str, tuple[float, float]]:
    """Slot that pipettes reach → its left front corner on the deck (mm), from the maker's deck definition: 1 … 12, or A1 … D3."""
    try:
        from opentrons_shared_data.deck import load as load_deck
    except ImportError as fault:
        raise ProtocolError(f"Expected the deck definition (opentrons-shared-data), found none installed. {_INSTALL}") from fault
    places = load_deck(_DECKS[model], 5)["locations"]
    corners = {cutout["id"].removeprefix("cutout"): cutout["position"] for cutout in places["cutouts"]}
    slots = [area["id"] for area in places["addressableAreas"] if area["areaType"] == "slot"]
    return {slot: (corners[slot][0], corners[slot][1]) for slot in sorted(slots, key=lambda slot: (slot.zfill(2) if slot.isdigit() else slot))}


def deck_slots(model: str = "Flex") -> tuple[str, ...]:
    """The slots that pipettes reach: A1 … D3 of a Flex, 1 … 12 of an OT-2."""
    return tuple(slot_positions(model))
