"""Wells by name: `A1` … of a plate with `rows` × `columns` wells."""

from __future__ import annotations

import re
from typing import NamedTuple

from world_model.terms.errors import ProtocolError

_WELL = re.compile(r"^([A-Z]{1,2})0*([1-9][0-9]?)$")


class PlateFormat(NamedTuple):
    """How many wells a plate has, by row and column."""

    rows: int
    columns: int

    @property
    def size(self) -> int:
        return self.rows * self.columns


FORMATS = {6: PlateFormat(2, 3), 12: PlateFormat(3, 4), 24: PlateFormat(4, 6), 48: PlateFormat(6, 8), 96: PlateFormat(8, 12), 384: PlateFormat(16, 24)}


def row_name(row: int) -> str:
    """0 → A, 25 → Z, 26 → AA."""
    return chr(65 + row) if row < 26 else chr(64 + row // 26) + chr(65 + row % 26)


def well_name(row: int, column: int) -> str:
    """Zero-based row and column to a name: (0, 0) → A1."""
    return f"{row_name(row)}{column + 1}"


def all_wells(plate: PlateFormat) -> tuple[str, ...]:
    """Every well, row by row."""
    return tuple(well_name(row, column) for row in range(plate.rows) for column in range(plate.columns))


def inner_wells(plate: PlateFormat) -> tuple[str, ...]:
    """The wells that do not lie on the plate's edge, row by row."""
    return tuple(well_name(row, column) for row in range(1, plate.rows - 1) for column in range(1, plate.columns - 1))


def parse_well(name: str, plate: PlateFormat) -> str:
    """The canonical name (`a01` → `A1`).

    Raises:
        ProtocolError: no such well on this plate.
    """
    match = _WELL.match(str(name).strip().upper())
    if match is None:
        raise ProtocolError(f"Expected a well such as A1, found {name!r}.")
    letters, number = match.group(1), int(match.group(2))
    row = ord(letters[0]) - 65 if len(letters) == 1 else 26 * (ord(letters[0]) - 64) + ord(letters[1]) - 65
    if row >= plate.rows or number > plate.columns:
        raise ProtocolError(f"Expected a well from A1 to {well_name(plate.rows - 1, plate.columns - 1)}, found {name!r}.")
    return well_name(row, number - 1)
