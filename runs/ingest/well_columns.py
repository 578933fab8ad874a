"""Kinetics as many readers write them: a column of times beside one column a well.

    plate,R01-P1
    measurement,OD600
    unit,OD600
    Time [s],A1,A2,A3, …
    0,0.051,0.049,0.050, …
    600,0.053,0.050,0.052, …

The lines above are `key,value` as in the plate-shaped dialect (`plate`, `measurement`, `unit`) and hold until a line says
otherwise; a line with a measurement's name alone, right above a header, says the same. The first column is the time: its title carries the unit (`time_h`, `Time [min]`, `Time (s)`), or its cells are
written h:mm:ss. Times must increase. Each header row begins a new block. A column that is no well (a temperature) is unread.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from world_model.terms.errors import ProtocolError
from world_model.terms.plates import FORMATS, parse_well

from .cells import UnreadableCell, read_number
from .entries import Entries, Entry, UnreadCell
from .problems import CellProblem
from .raw_text import Row

_TITLE = re.compile(r"(?:elapsed |cycle )?time\s*(?:_|\s|\[|\()?\s*(?P<unit>h|hours?|hr|min|minutes?|s|sec|seconds?|ms)?\s*[\])]?", re.IGNORECASE)
_PER_HOUR = {"h": 1.0, "m": 1 / 60, "s": 1 / 3600}
_CLOCK = re.compile(r"(?P<h>\d+):(?P<m>[0-5]?\d):(?P<s>[0-5]?\d(?:[.,]\d+)?)")
KEYS = ("plate", "measurement", "unit")


@dataclass(frozen=True)
class _Block:
    """One header row with what stands above it."""

    row: Row
    above: dict[str, str]
    body: list[Row]


def is_well_columns(rows: Sequence[Row]) -> bool:
    """Whether some row is a time's title followed by wells."""
    return any(_is_header(row) for row in rows[:200])


def read_well_columns(rows: Sequence[Row], *, separator: str, measured: Sequence[str]) -> Entries:
    """The entries of such a file, block by block."""
    entries = Entries("wells in columns")
    points = (re.fullmatch(r"[+-]?\d*\.\d+.*", cell) for row in rows for cell in row.cells)
    entries.decimal_comma = separator not in (",", "") and not any(points)
    above: dict[str, str] = {}
    blocks: list[_Block] = []
    for i, row in enumerate(rows):
        if _is_header(row):
            blocks.append(_Block(row, dict(above), []))
        elif (key := row.cells[0].lower().rstrip(":").strip()) in KEYS and sum(map(bool, row.cells)) <= 2:
            above[key] = next((cell for cell in row.cells[1:] if cell), "")
            if key == "measurement":
                above.pop("unit", None)
        elif (title := title_above(row, measured)) is not None and i + 1 < len(rows) and _is_header(rows[i + 1]):
            above["measurement"] = title
            above.pop("unit", None)
        elif blocks:
            blocks[-1].body.append(row)
        else:
            entries.unread += [UnreadCell(row.line, str(i + 1), cell, "no line of this dialect") for i, cell in enumerate(row.cells) if cell]
    for block in blocks:
        _read_block(block, entries, measured)
    return entries


def title_above(row: Row, measured: Sequence[str]) -> str | None:
    """The measurement that a line of one cell names: one that is planned, or any where nothing is; None where it names none."""
    filled = [cell for cell in row.cells if cell]
    return filled[0] if len(filled) == 1 and (filled[0] in measured or not measured) else None


def _is_header(row: Row) -> bool:
    titles = [cell for cell in row.cells if cell]
    return len(titles) > 2 and bool(_TITLE.fullmatch(row.cells[0])) and sum(_well(cell) is not None for cell in titles[1:]) >= 0.8 * (len(titles) - 1)


def _well(text: str) -> str | None:
    try:
        return parse_well(text, FORMATS[384])
    except ProtocolError:
        return None


def _read_block(block: _Block, entries: Entries, measured: Sequence[str]) -> None:
    header = block.row

    def refuse(line: int, column: str, expected: str, found: str, mend: str = "") -> None:
        entries.problems.append(CellProblem(line, column, expected, found, mend))

    wells = {i: well for i, cell in enumerate(header.cells) if i and (well := _well(cell)) is not None}
    for i, cell in enumerate(header.cells):
        if i and i not in wells and cell:
            looks = re.fullmatch(r"[A-Za-z]{1,2}\d+", cell)
            if looks:
                refuse(header.line, cell, "a well", repr(cell))
            entries.unread.append(UnreadCell(header.line, cell, cell, "the column's title is no well"))
    for well in sorted({well for well in wells.values() if list(wells.values()).count(well) > 1}):
        refuse(header.line, well, "each well once", f"{list(wells.values()).count(well)} columns of it")
    measurement = block.above.get("measurement") or (measured[0] if len(measured) == 1 else "" if measured else "reading")
    if not measurement:
        refuse(header.line, "measurement", f"a line 'measurement,{measured[0]}' above the block", "none", f"Measured here: {', '.join(measured)}.")
        return
    if not block.body:
        refuse(header.line, "", "rows below the header", "none", "The file may be cut.")
    times: list[tuple[int, float]] = []
    for row in block.body:
        if len(row.cells) != len(header.cells):
            mend = "The row is cut: export the file again." if len(row.cells) < len(header.cells) else "Write decimals with a point, or separate columns with semicolons."
            refuse(row.line, "", f"{len(header.cells)} cells", str(len(row.cells)), mend)
            entries.spoilt += [Entry(row=row.line, column="", text="", measurement="", plate=block.above.get("plate"), well=well) for well in wells.values()]
            continue
        try:
            time_h = time_of(row.cells[0], header.cells[0], decimal_comma=entries.decimal_comma)
        except UnreadableCell as fault:
            refuse(row.line, header.cells[0], "a time", str(fault), "Say the unit in the title: Time [s], Time [min] or time_h.")
            entries.spoilt += [Entry(row=row.line, column="", text="", measurement="", plate=block.above.get("plate"), well=well) for well in wells.values()]
            continue
        times.append((row.line, time_h))
        for i, text in enumerate(row.cells):
            if i in wells:
                entries.found.append(
                    Entry(row=row.line, column=wells[i], text=text, measurement=measurement, plate=block.above.get("plate"), well=wells[i], time_h=time_h, unit=block.above.get("unit"))
                )  # fmt: skip
            elif i and text:
                entries.unread.append(UnreadCell(row.line, header.cells[i], text, "the column's title is no well"))
    for (_, before), (line, after) in pairwise(times):
        if after <= before:
            refuse(line, header.cells[0], f"a time after {before:g} h", f"{after:g} h", "A reader writes its times in order: the column may have been sorted or edited.")


def time_of(text: str, title: str, *, decimal_comma: bool) -> float:
    """Hours of a time cell, by the unit in the column's title or as h:mm:ss.

    Raises:
        UnreadableCell: no time, or a number whose unit nobody says.
    """
    if clock := _CLOCK.fullmatch(text):
        return int(clock["h"]) + int(clock["m"]) / 60 + float(clock["s"].replace(",", ".")) / 3600
    value = read_number(text, decimal_comma=decimal_comma)
    named = _TITLE.fullmatch(title)
    unit = (named["unit"] or "").lower() if named else ""
    if unit == "ms":
        return value / 3_600_000
    if not unit:
        raise UnreadableCell(f"{text!r} without a unit")
    return value * _PER_HOUR[unit[0]]
