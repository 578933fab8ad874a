"""A CSV that a person wrote, with the line of every row: header, rows, and what is wrong with its shape."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from world_model.terms.errors import Mistake

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")


@dataclass(frozen=True)
class CsvRow:
    """Cells of one row, as text without outer blanks; `line` is where the row begins."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class CsvTable:
    """A table of text cells. Every row has as many cells as the header."""

    name: str
    header: tuple[str, ...]
    rows: tuple[CsvRow, ...]

    def column(self, name: str) -> list[str]:
        """One column's cells, top to bottom."""
        position = self.header.index(name)
        return [row.cells[position] for row in self.rows]


def number(text: str) -> float | None:
    """A finite decimal number, or None. Python's own `float` also takes `1_0`, `nan` and `infinity`."""
    cleaned = text.strip()
    if not _NUMBER.fullmatch(cleaned) or not cleaned.isascii():
        return None
    value = float(cleaned)
    return value if math.isfinite(value) else None


def read_csv_table(path: Path, *, name: str | None = None, mistakes: list[Mistake]) -> CsvTable | None:
    """A comma-, semicolon- or tab-separated table; what is wrong with its shape is added to `mistakes`.

    Returns:
        The table, or None where its shape is broken (no such file, no rows, a row with too many or too few cells …).
    """
    name, before = name or path.name, len(mistakes)

    def note(line: int | None, expected: str, found: str, mend: str = "") -> None:
        mistakes.append(Mistake(file=name, line=line, where="", expected=expected, found=found, mend=mend))

    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as fault:
        note(None, "a table that can be read", f"none at {path} ({fault.strerror})", "Paths are relative to the campaign file.")
        return None
    except UnicodeDecodeError as fault:
        note(None, "UTF-8 text", f"the byte 0x{fault.object[fault.start]:02x}", "Save the table as CSV in UTF-8.")
        return None
    first = text.split("\n", 1)[0]
    # counted in the header, which rarely holds quoted text
    separator = max((";", "\t", ","), key=lambda letter: (first.count(letter), letter == ","))
    try:
        rows = _rows(text, separator)
    except csv.Error as fault:
        note(None, "a table in CSV", str(fault))
        return None
    if len(rows) < 2:
        note(None, "a header and at least one row", "an empty file" if not rows else "a header alone")
        return None
    header = rows[0].cells
    for position, title in enumerate(header):
        if not title and any(row.cells[position : position + 1] not in ((), ("",)) for row in rows[1:]):
            note(rows[0].line, f"a name for column {position + 1}", "none")
        elif title and title in header[:position]:
            note(rows[0].line, "each column's name once", f"{title!r} twice", "Rename or remove one.")
    for row in rows[1:]:
        if len(row.cells) != len(header):
            note(row.line, f"{len(header)} cells", str(len(row.cells)), "A cell that holds the separator needs quotes.")
    return CsvTable(name=name, header=header, rows=tuple(rows[1:])) if len(mistakes) == before else None


def _rows(text: str, separator: str) -> Sequence[CsvRow]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows, start = [], 1
    for cells in reader:
        if any(cell.strip() for cell in cells):
            rows.append(CsvRow(line=start, cells=tuple(cell.strip() for cell in cells)))
        start = reader.line_num + 1
    return rows
