"""The wells that experiments may use, and the lines that they lie on: row, column, edge, block, zone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from world_model.terms.lab_profile import PlateProfile
from world_model.terms.plates import PlateFormat, all_wells, inner_wells

Places = NDArray[np.int64]
_WELL = re.compile(r"([A-Z]+)(\d+)")


@dataclass(frozen=True, kw_only=True)
class Ground:
    """Usable wells in their order, `w` of them, and for each of them its lines, counted from 0.

    Attributes:
        row, column: `w`, the plate's own rows and columns.
        edge: `w`, 1 at the plate's rim, 0 elsewhere.
        block: `w`, the block of neighbouring columns.
        zone: `w`, position in `zones`; -1 where the plate has no zones.
        zones: names of the zones.
    """

    wells: tuple[str, ...]
    row: Places
    column: Places
    edge: Places
    block: Places
    zone: Places
    zones: tuple[str, ...]

    def at(self, well: str) -> int:
        """A well's position in `wells`."""
        return self.wells.index(well)

    def classes(self) -> tuple[Places, ...]:
        """Every way in which the wells fall into classes, without those that have one class only."""
        return tuple(line for line in (self.row, self.column, self.block, self.edge, self.zone) if len(np.unique(line)) > 1)


def usable_wells(plate: PlateProfile, layout: PlateFormat) -> tuple[str, ...]:
    """The wells that experiments may use, row by row."""
    return inner_wells(layout) if plate.use == "inner" else all_wells(layout)


def edge_wells(layout: PlateFormat) -> tuple[str, ...]:
    """The wells on the plate's edge, row by row."""
    inner = set(inner_wells(layout))
    return tuple(well for well in all_wells(layout) if well not in inner)


def ground_of(plate: PlateProfile, layout: PlateFormat) -> Ground:
    """The plate's usable wells with blocks and zones as the lab file says. Wells in no zone are left out where zones are named."""
    wells = usable_wells(plate, layout)
    if plate.zone_factors:
        zoned = {column for zone in plate.zones for column in zone.columns}
        wells = tuple(well for well in wells if lines_of(well)[1] + 1 in zoned)
    return survey(wells, layout=layout, blocks=plate.blocks, zones={zone.name: zone.columns for zone in plate.zones} if plate.zone_factors else {})


def survey(wells: Sequence[str], *, layout: PlateFormat | None = None, blocks: int = 1, zones: dict[str, tuple[int, ...]] | None = None) -> Ground:
    """The lines of given wells. Blocks are runs of neighbouring columns, as even as whole columns allow."""
    placed = [lines_of(well) for well in wells]
    row, column = np.array([r for r, _ in placed], dtype=np.int64), np.array([c for _, c in placed], dtype=np.int64)
    block = np.zeros(len(wells), dtype=np.int64)
    for number, run in enumerate(np.array_split(np.unique(column), blocks)):
        block[np.isin(column, run)] = number
    zone = np.full(len(wells), -1, dtype=np.int64)
    for number, columns in enumerate((zones or {}).values()):
        zone[np.isin(column, [c - 1 for c in columns])] = number
    edge = np.zeros(len(wells), dtype=np.int64)
    if layout is not None:
        edge = ((row == 0) | (row == layout.rows - 1) | (column == 0) | (column == layout.columns - 1)).astype(np.int64)
    return Ground(wells=tuple(wells), row=row, column=column, edge=edge, block=block, zone=zone, zones=tuple(zones or ()))


def lines_of(well: str) -> tuple[int, int]:
    """Row and column from 0: `B11` → (1, 10)."""
    match = _WELL.fullmatch(well)
    if match is None:
        raise ValueError(f"expected a well such as B11, found {well!r}")
    row = 0
    for letter in match[1]:
        row = 26 * row + ord(letter) - 64
    return row - 1, int(match[2]) - 1
