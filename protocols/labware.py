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


@dataclass(frozen=True, kw_only=True)
class Labware:
    """One labware definition. `wells` run in the maker's order: down the columns."""

    load_name: str
    version: int
    title: str
    is_tip_rack: bool
    wells: dict[str, WellShape]
    columns: tuple[tuple[str, ...], ...]
    length_mm: float
    width_mm: float

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
        length_mm=told["dimensions"]["xDimension"], width_mm=told["dimensions"]["yDimension"],
    )  # fmt: skip


def _shape(well: Mapping[str, Any]) -> WellShape:
    if well["shape"] == "circular":
        area, width = math.pi * well["diameter"] ** 2 / 4, well["diameter"]
    else:
        area, width = well["xDimension"] * well["yDimension"], min(well["xDimension"], well["yDimension"])
    return WellShape(
        capacity_nl=round(well["totalLiquidVolume"] * 1000), depth_mm=well["depth"], area_mm2=area,
        x_mm=well["x"], y_mm=well["y"], width_mm=width,
    )  # fmt: skip


@cache
def deck_slots() -> tuple[str, ...]:
    """The Flex's slots that pipettes reach, A1 … D3, from the maker's deck definition."""
    try:
        from opentrons_shared_data.deck import load as load_deck
    except ImportError as fault:
        raise ProtocolError(f"Expected the deck definition (opentrons-shared-data), found none installed. {_INSTALL}") from fault
    areas = load_deck("ot3_standard", 5)["locations"]["addressableAreas"]
    return tuple(sorted(area["id"] for area in areas if area["areaType"] == "slot"))
