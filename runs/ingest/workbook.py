"""XLSX workbooks as rows of text cells: numbers as they are stored, formulas by their last computed value or not at all."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from .problems import CellProblem, RefusedFile
from .raw_text import Row

ZIP_SIGN, OLE_SIGN = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
# a plate of 384 wells at 1,000 times is 400,000 cells and some 30 MB of XML
MOST_UNPACKED_BYTES, MOST_CELLS = 500_000_000, 5_000_000


@dataclass(frozen=True)
class Sheet:
    """One sheet: rows that hold something, padded to one width, without empty columns to the right."""

    name: str
    rows: tuple[Row, ...]
    problems: tuple[CellProblem, ...] = ()


@dataclass(frozen=True)
class Workbook:
    """The sheets that hold something, and what a person should know of how they were read."""

    sheets: tuple[Sheet, ...]
    notes: tuple[str, ...] = field(default=())


def is_workbook(data: bytes) -> bool:
    """Whether the bytes are a zip that holds an XLSX workbook."""
    if data[:4] != ZIP_SIGN:
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            return "xl/workbook.xml" in packed.namelist()
    # a directory that is cut or overwritten answers with BadZipFile, UnicodeDecodeError, NotImplementedError, …: read_workbook says so
    except Exception:
        return b"xl/" in data[:4000] or b"[Content_Types].xml" in data[:4000]


def read_workbook(data: bytes, *, name: str) -> Workbook:
    """Every sheet of a workbook.

    Raises:
        RefusedFile: damaged, too large unpacked, or with formulas that were never computed.
    """

    def refuse(expected: str, found: str, mend: str = "") -> RefusedFile:
        return RefusedFile(name, [CellProblem(None, "", expected, found, mend)])

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            unpacked = sum(entry.file_size for entry in packed.infolist())
            if unpacked > MOST_UNPACKED_BYTES:
                raise refuse(f"a workbook of at most {MOST_UNPACKED_BYTES:,} bytes unpacked", f"{unpacked:,}")
            parts = [entry for entry in packed.namelist() if re.fullmatch(r"xl/worksheets/[^/]+\.xml", entry)]
            computed = any(re.search(rb"<f[ >/]", packed.read(part)) for part in parts)
        books = _load(data, values=True), _load(data, values=False) if computed else None
    except RefusedFile:
        raise
    # openpyxl answers damaged XML with whatever its parser meets: KeyError, ParseError, zlib.error, ValueError, …
    except Exception as fault:
        raise refuse("a whole XLSX workbook", f"one that can't be opened ({type(fault).__name__})", "The file is damaged or protected: save it again as XLSX or CSV.") from fault
    sheets, formulas = [], 0
    for sheet in books[0].worksheets:
        told = books[1][sheet.title] if books[1] is not None else None
        read, counted = _sheet(sheet, told)
        formulas += counted
        if read.rows:
            sheets.append(read)
    if not sheets:
        raise refuse("a sheet with cells", "none")
    notes = (f"{formulas} cells hold formulas; the values that the spreadsheet last computed are read.",) if formulas else ()
    return Workbook(sheets=tuple(sheets), notes=notes)


def _load(data: bytes, *, values: bool) -> Any:
    # a lazy door: openpyxl costs 0.3 s and is needed for workbooks alone
    import openpyxl

    return openpyxl.load_workbook(io.BytesIO(data), data_only=values)


def _sheet(sheet: Any, formulas: Any) -> tuple[Sheet, int]:
    problems: list[CellProblem] = []
    if (size := (sheet.max_row or 0) * (sheet.max_column or 0)) > MOST_CELLS:
        return Sheet(sheet.title, (), (CellProblem(None, "", f"at most {MOST_CELLS:,} cells", f"{size:,} in sheet {sheet.title!r}"),)), 0
    rows, counted = [], 0
    for line, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
        texts = tuple(cell_text(value) for value in cells)
        if any(texts):
            rows.append(Row(line, texts))
    for cell in _formula_cells(formulas):
        counted += 1
        if sheet[cell.coordinate].value is None:
            problems.append(CellProblem(cell.row, cell.column_letter, "a value", f"a formula that was never computed ({str(cell.value)[:40]})", "Open the file in a spreadsheet program and save it, or paste values."))
    for merged in sheet.merged_cells.ranges:
        value = sheet.cell(merged.min_row, merged.min_col).value
        if isinstance(value, int | float) and not isinstance(value, bool):
            problems.append(CellProblem(merged.min_row, merged.coord, "one cell for each value", f"{value:g} in cells that are merged", "Unmerge them: it is not known which cell the value belongs to."))
    width = max((max(i for i, text in enumerate(row.cells) if text) + 1 for row in rows), default=0)
    return Sheet(sheet.title, tuple(Row(row.line, row.cells[:width]) for row in rows), tuple(problems)), counted


def _formula_cells(sheet: Any) -> Iterator[Any]:
    if sheet is None:
        return
    for cells in sheet.iter_rows():
        yield from (cell for cell in cells if cell.data_type == "f")


def cell_text(value: object) -> str:
    """A cell's value as the text that a CSV would hold; a date stays a date, so that it is never taken for a number or a well."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).upper()
        case int():
            return str(value)
        case float():
            return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
        case datetime():
            return value.isoformat(sep=" ")
        case timedelta():
            return _clock(value.total_seconds())
        case time():
            return _clock(value.hour * 3600 + value.minute * 60 + value.second + value.microsecond / 1e6)
        case date():
            return value.isoformat()
    return str(value).strip()


def _clock(seconds: float) -> str:
    whole = int(seconds)
    rest = f"{seconds - whole:.6f}".rstrip("0")[1:].rstrip(".") if seconds != whole else ""
    return f"{whole // 3600}:{whole % 3600 // 60:02d}:{whole % 60:02d}{rest}"
