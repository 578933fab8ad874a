"""The plate-shaped dialect: blocks that look like the plate, each below lines that say what it holds.

    plate,R01-P1
    measurement,OD600
    unit,OD600
    time_h,0
    ,1,2,3,4,5,6,7,8,9,10,11,12
    A,,,,,,,,,,,,
    B,,0.051,0.049, …
    …
    H,,,,,,,,,,,,
    time_h,1
    ,1,2, …

A line above a block is `key,value`, or `key: value` in one cell: `plate`, `measurement`, `unit`, and `time_h`, `time_min` or
`time_s` (none for an end point). Plate, measurement and unit hold until a line says otherwise (a new measurement ends the
unit); a time holds for one block. A title of a planned measurement (`OD600`, or `OD600,2 h` in two cells) says the same. A block has the numbers of all columns above it and one row for each row of the plate, A
first; 6 to 384 wells. Wells may be empty. Separators and decimal commas are those of the tidy dialect. Any other line is
listed as unread.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from world_model.terms.plates import PlateFormat, row_name

from .cells import UnreadableCell, read_number
from .entries import Entries, Entry, UnreadCell
from .problems import CellProblem
from .raw_text import Row
from .tidy import HOURS

KEYS = ("plate", "measurement", "unit", *HOURS)
_HOURS = {"h": 1.0, "min": 1 / 60, "s": 1 / 3600}
_TIME = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>h|min|s)")


@dataclass(frozen=True)
class _Above:
    """What the lines so far say of the next block."""

    plate: str | None = None
    measurement: str = ""
    unit: str | None = None
    time_h: float | None = None


def is_plate_shaped(rows: Sequence[Row]) -> bool:
    """Whether some row is the column numbers above a block."""
    return any(_columns(row) > 1 for row in rows)


def read_plate_shaped(rows: Sequence[Row], *, separator: str, plate: PlateFormat, measured: Sequence[str] = ()) -> Entries:
    """The entries of a plate-shaped file, block by block."""
    entries = Entries("plate-shaped")
    points = (re.fullmatch(r"[+-]?\d*\.\d+.*", cell) for row in rows for cell in row.cells)
    entries.decimal_comma = separator != "," and not any(points)
    above, at = _Above(), 0
    while at < len(rows):
        row = rows[at]
        count = _columns(row)
        if not count:
            titled = _titled(row, measured, entries)
            above = _read_line(row, above, entries) if titled is None else replace(above, **titled)
            at += 1
        elif count != plate.columns:
            entries.problems.append(CellProblem(row.line, "", f"the column numbers 1 to {plate.columns}", f"1 to {count}", "The file is of another plate format, or cut."))
            at += 1
            while at < len(rows) and _is_grid_row(rows[at]):
                at += 1
        else:
            at = _read_block(rows, at, above, entries, plate)
            above = replace(above, time_h=None)
    return entries


def _columns(row: Row) -> int:
    """How many columns a row of column numbers counts, 0 where it is no such row."""
    cells = list(row.cells)
    while cells and not cells[-1]:
        cells.pop()
    counts = cells[1:]
    return len(counts) if len(counts) > 1 and not cells[0].isalnum() and counts == [str(i + 1) for i in range(len(counts))] else 0


def _is_grid_row(row: Row) -> bool:
    return bool(re.fullmatch(r"[A-Z]{1,2}", row.cells[0].upper())) and row.cells[0].lower() not in KEYS


def _titled(row: Row, measured: Sequence[str], entries: Entries) -> dict[str, Any] | None:
    """What a title of a block says: a planned measurement's name, alone or beside a time with its unit (`OD600`, `2 h`); else None.

    Where nothing is planned the time tells that it is a title.
    """
    filled = [cell for cell in row.cells if cell]
    timed = _TIME.fullmatch(filled[1]) if len(filled) == 2 else None
    if len(filled) > 2 or (len(filled) == 2 and timed is None) or filled[0].lower() in KEYS or not (filled[0] in measured or (timed and not measured)):
        return None
    said: dict[str, Any] = {"measurement": filled[0], "unit": None}
    if timed is not None:
        said["time_h"] = read_number(timed["number"], decimal_comma=entries.decimal_comma) * _HOURS[timed["unit"]]
    return said


def _read_line(row: Row, above: _Above, entries: Entries) -> _Above:
    """What one line above a block changes."""
    filled = [cell for cell in row.cells if cell]
    if len(filled) == 1 and ":" in filled[0]:
        key, value = (part.strip() for part in filled[0].split(":", 1))
    elif len(filled) == 2:
        key, value = filled[0].rstrip(":").strip(), filled[1]
    elif filled[0].lower().rstrip(":") in KEYS and len(filled) == 1:
        key, value = filled[0].lower().rstrip(":"), ""
    else:
        key, value = "", ""
    key = key.lower()
    if key in HOURS:
        try:
            return replace(above, time_h=read_number(value, decimal_comma=entries.decimal_comma) * HOURS[key])
        except UnreadableCell as fault:
            entries.problems.append(CellProblem(row.line, key, "a time", str(fault)))
            return above
    match key:
        case "plate":
            return replace(above, plate=value)
        case "measurement":
            return replace(above, measurement=value, unit=above.unit if value == above.measurement else None)
        case "unit":
            return replace(above, unit=value)
    if _is_grid_row(row):
        entries.problems.append(CellProblem(row.line, "", "a block's column numbers above its rows", f"row {row.cells[0]!r} without them", "The file may be cut."))
    else:
        entries.unread += [UnreadCell(row.line, str(i + 1), cell, "no line of the plate-shaped dialect") for i, cell in enumerate(row.cells) if cell]
    return above


def _read_block(rows: Sequence[Row], start: int, above: _Above, entries: Entries, plate: PlateFormat) -> int:
    """Read the block whose column numbers stand in `rows[start]`; returns the position after it."""
    for i in range(plate.rows):
        at, letter = start + 1 + i, row_name(i)
        row = rows[at] if at < len(rows) else None
        if row is None or row.cells[0].upper() != letter:
            found = "the end of the file" if row is None else repr(row.cells[0])
            line = rows[-1].line if row is None else row.line
            entries.problems.append(CellProblem(line, "", f"row {letter} of the block that begins in line {rows[start].line}", found, "The file may be cut."))
            return at
        # an empty cell too many is no padding: 0,151 among commas moves every later cell one to the right
        if len(row.cells) != (width := len(rows[start].cells)):
            mend = "The row is cut: export the file again." if len(row.cells) < width else "Write decimals with a point, or separate columns with semicolons."
            entries.problems.append(CellProblem(row.line, letter, f"{width - 1} cells after the row's letter, as above", str(len(row.cells) - 1), mend))
            wells = (f"{letter}{column}" for column in range(1, plate.columns + 1))
            entries.spoilt += [Entry(row=row.line, column="", text="", measurement="", plate=above.plate, well=well) for well in wells]
            continue
        for column in range(1, plate.columns + 1):
            if text := row.cells[column]:
                entries.found.append(
                    Entry(
                        row=row.line, column=str(column), text=text, measurement=above.measurement, plate=above.plate,
                        well=f"{letter}{column}", time_h=above.time_h, unit=above.unit,
                    )
                )  # fmt: skip
    return start + 1 + plate.rows
