"""Geometry and capacity of labware, from the maker's definitions (package `opentrons-shared-data`); nothing is typed by hand."""

from __future__ import annotations

import bisect
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
    tip_mm: float
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

    def surely_filled_mm(self, well: str, volume_nl: int) -> float:
        """A height that a volume reaches whatever the well's shape below: from its opening or its capacity, whichever says less."""
        shape = self.wells[well]
        return max(min(volume_nl / 1000 / shape.area_mm2, shape.depth_mm * volume_nl / shape.capacity_nl, shape.depth_mm), 0.0)

    def level_mm(self, well: str, volume_nl: int) -> float:
        """Where a volume's surface stands, by the maker's inner geometry; by opening and capacity where there is none."""
        levels = inner_levels(self.load_name).get(well)
        if levels is None:
            return self.liquid_height_mm(well, volume_nl)
        heights, volumes = levels
        at = bisect.bisect_left(volumes, volume_nl / 1000)
        return heights[min(at, len(heights) - 1)]

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


# slices of a section of a well: a tube of 118 mm is known to a third of a millimetre
SLICES = 300


@cache
def inner_levels(load_name: str) -> dict[str, tuple[list[float], list[float]]]:
    """Well → heights (mm) and the volumes (µL) below them, from the definition's sections; empty where it has none."""
    from opentrons_shared_data.labware import load_definition

    told = cast("Mapping[str, Any]", load_definition(load_name, known_labware()[load_name]))
    geometries = told.get("innerLabwareGeometry") or {}
    tables = {name: levels_of(geometry["sections"]) for name, geometry in geometries.items()}
    return {well: tables[shape["geometryDefinitionId"]] for well, shape in told["wells"].items() if shape.get("geometryDefinitionId") in tables}


def levels_of(sections: Sequence[Mapping[str, Any]]) -> tuple[list[float], list[float]]:
    """Volumes by slices: spheres, cones and pyramids as the definitions' schema has them."""
    heights, volumes, volume = [0.0], [0.0], 0.0
    for section in sorted(sections, key=lambda section: section["bottomHeight"]):
        low, high = section["bottomHeight"], section["topHeight"]
        for i in range(SLICES):
            height = low + (high - low) * (i + 0.5) / SLICES
            part = (height - low) / (high - low)
            volume += _area_mm2(section, height, part) * section.get("xCount", 1) * section.get("yCount", 1) * (high - low) / SLICES
            heights.append(low + (high - low) * (i + 1) / SLICES)
            volumes.append(volume)
    return heights, volumes


def _area_mm2(section: Mapping[str, Any], height: float, part: float) -> float:
    """The cross-section at a height; `part` of the way up its section."""
    def between(below: float, above: float) -> float:
        return below + part * (above - below)

    match section["shape"]:
        case "spherical":
            radius = float(section["radiusOfCurvature"])
            return math.pi * (2 * radius * height - height * height)
        case "conical":
            return math.pi * between(section["bottomDiameter"], section["topDiameter"]) ** 2 / 4
        case "cuboidal":
            return between(section["bottomXDimension"], section["topXDimension"]) * between(section["bottomYDimension"], section["topYDimension"])
        case _:
            # squared cones and rounded cuboids lie between; a circle's area is the smaller, so the level is told too high, never too low
            sides = [value for key, value in section.items() if isinstance(value, int | float) and ("Diameter" in key or "Dimension" in key)]
            return math.pi * float(min(sides)) ** 2 / 4 if sides else 1e-9


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
        is_tip_rack=bool(told["parameters"]["isTiprack"]), tip_mm=_tip_mm(told["parameters"]), columns=tuple(tuple(column) for column in ordering),
        length_mm=told["dimensions"]["xDimension"], width_mm=told["dimensions"]["yDimension"], height_mm=told["dimensions"]["zDimension"],
        centred="centerMultichannelOnWells" in (told["parameters"].get("quirks") or ()),
    )  # fmt: skip


def _tip_mm(parameters: Mapping[str, Any]) -> float:
    """How far a tip stands out below the pipette's nozzle; 0 for labware without tips."""
    return float(parameters.get("tipLength", 0.0)) - float(parameters.get("tipOverlap", 0.0))


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
