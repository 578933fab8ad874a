"""The tidy dialect: one row a reading, or one row a well and time with a column for each measurement.

Columns, in any order: `plate` and `well`, or `experiment_id`; `time_h` (or `time_min`, `time_s`; empty or absent for an end
point); then either `measurement`, `value`, `unit`, or one column a measurement, named `OD600` or `OD600 [unit]`; where the sd of a
reading is known, `sd` beside `value`, or `OD600_sd` beside `OD600`, in the reading's unit. Separated by
commas, semicolons or tabs; with semicolons or tabs a number may have a decimal comma. Any other column is listed as unread.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from world_model.terms.errors import nearest

from .cells import UnreadableCell, read_cell, read_number
from .entries import Entries, Entry, UnreadCell
from .problems import CellProblem
from .raw_text import Row

PLACES = ("plate", "well", "experiment_id")
HOURS = {"time_h": 1.0, "time_min": 1 / 60, "time_s": 1 / 3600}
LONG = ("measurement", "value", "unit", "sd")
SD = "_sd"  # after the name of a measurement's column
WITH_UNIT = re.compile(r"^(?P<name>.+?)\s*[\[(](?P<unit>[^\[\]()]*)[\])]$")


def is_tidy(row: Row) -> bool:
    """Whether a row is the header of this dialect."""
    titles = {cell.lower() for cell in row.cells}
    return bool(titles & {"well", "experiment_id"}) and len(row.cells) > 1


def read_tidy(rows: Sequence[Row], *, separator: str, measured: Sequence[str]) -> Entries:
    """The entries of a tidy file whose first row is the header."""
    entries = Entries("tidy")
    measured = measured or _numeric_columns(rows)
    header = _header(rows[0], entries, measured)
    if entries.problems:
        return entries
    if len(rows) == 1:
        entries.problems.append(CellProblem(rows[0].line, "", "rows below the header", "none", "The file may be cut."))
        return entries
    width = len(header)
    wide = {title: split for title in header if (split := _measurement_of(title, measured)) is not None} if "value" not in header else {}
    sds = {f"{measurement}{SD}" for measurement, _ in wide.values()} | {"sd"}
    numbers = [title for title in header if title in HOURS or title == "value" or title in wide or title in sds]
    entries.decimal_comma = separator != "," and not any(
        re.fullmatch(r"[+-]?\d*\.\d+.*", row.cells[header.index(title)]) for row in rows[1:] for title in numbers if header.index(title) < len(row.cells)
    )
    for row in rows[1:]:
        # an empty cell too many is no padding: 0,151 among commas moves every later cell one to the right
        if len(row.cells) != width:
            mend = "The row is cut: export the file again." if len(row.cells) < width else "Write decimals with a point, or separate columns with semicolons."
            entries.problems.append(CellProblem(row.line, "", f"{width} cells", str(len(row.cells)), mend))
            entries.spoilt.append(_entry(row, dict(zip(header, row.cells, strict=False))))
            continue
        _read_row(row, header, wide, entries)
    return entries


def _numeric_columns(rows: Sequence[Row]) -> list[str]:
    """Where nothing is planned: the names of the columns that hold numbers or marks alone."""
    known = {*PLACES, *HOURS, *LONG}
    names = []
    for i, title in enumerate(rows[0].cells):
        cells = [row.cells[i] for row in rows[1:] if len(row.cells) > i and row.cells[i]]
        if title and title.lower() not in known and cells and all(_reads(cell) for cell in cells):
            match = WITH_UNIT.match(title)
            names.append(match["name"] if match else title)
    return names


def _reads(text: str) -> bool:
    try:
        read_cell(text, decimal_comma=True)
    except UnreadableCell:
        return False
    return True


def _header(row: Row, entries: Entries, measured: Sequence[str]) -> list[str]:
    """The titles, known ones in lower case; what is wrong with them becomes problems."""
    known = (*PLACES, *HOURS, *LONG)
    titles = [cell.lower() if cell.lower() in known else cell for cell in row.cells]

    def refuse(column: str, expected: str, found: str, mend: str = "") -> None:
        entries.problems.append(CellProblem(row.line, column, expected, found, mend))

    for title in sorted({title for title in titles if title and titles.count(title) > 1}):
        refuse(title, "each column once", f"{titles.count(title)} of that name", "Rename or remove one.")
    if sum(title in HOURS for title in titles) > 1:
        refuse("", f"one of the columns {', '.join(HOURS)}", "several")
    for title in ("measurement", "value"):
        other = "value" if title == "measurement" else "measurement"
        if title not in titles and other in titles:
            refuse(title, f"a column {title!r} beside {other!r}", "none", nearest(title, [name for name in titles if name not in known]))
    if "value" not in titles and not any(_measurement_of(title, measured) for title in titles):
        wanted = " or ".join(repr(name) for name in measured)
        refuse("", f"the columns 'measurement' and 'value', or a column {wanted}", ", ".join(repr(title) for title in titles))
    return titles


def _measurement_of(title: str, measured: Sequence[str]) -> tuple[str, str | None] | None:
    """Measurement and unit of a wide column, None where it is no measurement's."""
    if title in measured:
        return title, None
    match = WITH_UNIT.match(title)
    return (match["name"], match["unit"].strip()) if match and match["name"] in measured else None


def _entry(
    row: Row, cell: dict[str, str], *, column: str = "", measurement: str = "", time_h: float | None = None, unit: str | None = None, sd: str | None = None
) -> Entry:
    """One cell of a row with its place; without a column, the place alone."""
    return Entry(
        row=row.line, column=column, text=cell[column] if column else "", measurement=measurement, time_h=time_h, unit=unit,
        sd=sd or None, plate=cell.get("plate") or None, well=cell.get("well") or None, experiment=cell.get("experiment_id") or None,
    )  # fmt: skip


def _read_row(row: Row, header: list[str], wide: dict[str, tuple[str, str | None]], entries: Entries) -> None:
    cell = dict(zip(header, row.cells, strict=False))
    clock = next((title for title in header if title in HOURS), None)
    time_h = None
    if clock is not None and cell[clock]:
        try:
            time_h = read_number(cell[clock], decimal_comma=entries.decimal_comma) * HOURS[clock]
        except UnreadableCell as fault:
            entries.problems.append(CellProblem(row.line, clock, "a time", str(fault)))
            entries.spoilt.append(_entry(row, cell))
            return
    if "value" in cell:
        entries.found.append(_entry(row, cell, column="value", measurement=cell["measurement"], time_h=time_h, unit=cell.get("unit"), sd=cell.get("sd")))
    for title, (measurement, unit) in wide.items():
        entries.found.append(_entry(row, cell, column=title, measurement=measurement, time_h=time_h, unit=unit, sd=cell.get(f"{measurement}{SD}")))
    used = {*PLACES, *HOURS, *wide, *(f"{measurement}{SD}" for measurement, _ in wide.values())} | (set(LONG) if "value" in cell else set())
    for i, (title, text) in enumerate(zip(header, row.cells, strict=False)):
        if title not in used and text:
            entries.unread.append(UnreadCell(row.line, title or str(i + 1), text, "no column of this name is expected"))
