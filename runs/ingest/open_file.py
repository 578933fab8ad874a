"""From a file's bytes to entries, whatever kind of file it is: a table of ours as CSV or XLSX, or an instrument's own export."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from world_model.terms.errors import nearest
from world_model.terms.plates import PlateFormat
from world_model.terms.synthetic_marks import refuse_synthetic

from .entries import Entries, UnreadCell
from .plate_shaped import is_plate_shaped, read_plate_shaped
from .problems import CellProblem, RefusedFile
from .raw_text import SEPARATORS, Row, decode_text, read_bytes
from .tecan_workbook import is_tecan, read_tecan
from .tidy import is_tidy, read_tidy
from .vendors import VENDORS, Content, is_asm, read_asm_text, read_vendor, signed_vendors, vendor_named
from .well_columns import is_well_columns, read_well_columns
from .workbook import OLE_SIGN, Sheet, is_workbook, read_workbook

# what a file may be that is no table, by its first bytes
_OTHERS = {
    b"\x1f\x8b": "a gzip archive", b"PK\x03\x04": "a zip archive that holds no workbook", b"BZh": "a bzip2 archive", b"\xfd7zXZ": "an xz archive",
    b"7z\xbc\xaf": "a 7z archive", b"%PDF": "a PDF", b"\x89PNG": "a picture", b"\xff\xd8\xff": "a picture", OLE_SIGN: "an old or protected Office file (.xls)",
}  # fmt: skip


@dataclass(frozen=True)
class OpenedFile:
    """A file's bytes by their hash, and what it was taken apart into."""

    name: str
    sha256: str
    encoding: str
    entries: Entries


def open_results(
    source: Path | str | bytes, *, measured: Sequence[str], plate: PlateFormat, name: str | None = None, vendor: str | None = None, sheet: str | None = None
) -> OpenedFile:
    """Take a file apart.

    Args:
        measured: names of the measurements that columns may carry; empty where nothing is planned.
        plate: rows and columns of the plates.
        vendor: the program that wrote the file, where its content does not say.
        sheet: which sheet of a workbook.

    Raises:
        RefusedFile: the file can't be read as anything; what was tried is said.
    """
    data, name = read_bytes(source, name)
    sha256 = hashlib.sha256(data).hexdigest()
    forced = vendor_named(vendor) if vendor else None
    if is_workbook(data):
        book = read_workbook(data, name=name)
        content = Content(sheets=book.sheets)
        wanted = [forced] if forced else signed_vendors(content)
        entries = read_vendor(data, content, name=name, wanted=wanted) if wanted and sheet is None else _sheets(book.sheets, measured, plate, name=name, wanted=sheet)
        entries.notes[:0] = book.notes
        return OpenedFile(name, sha256, "xlsx", entries)
    if forced is not None and forced.suffix not in (".txt", ".csv", ".json"):
        return OpenedFile(name, sha256, "binary", read_vendor(data, Content(), name=name, wanted=[forced]))
    if other := next((what for sign, what in _OTHERS.items() if data.startswith(sign)), None):
        raise RefusedFile(name, [CellProblem(None, "", "a table (CSV, XLSX) or an instrument's export", other, "Unpack it, or save it as XLSX or CSV.")])
    if sheet is not None:
        raise RefusedFile(name, [CellProblem(None, "sheet", "a workbook, for --sheet", "a text file")])
    text, encoding = decode_text(name, data)
    content = Content(text=text)
    if forced is None and is_asm(content):
        return OpenedFile(name, sha256, encoding, read_asm_text(text, name=name))
    wanted = [forced] if forced else signed_vendors(content)
    if wanted:
        return OpenedFile(name, sha256, encoding, read_vendor(data, content, name=name, wanted=wanted))
    return OpenedFile(name, sha256, encoding, _text(text, measured, plate, name=name))


def _table(rows: Sequence[Row], separator: str, measured: Sequence[str], plate: PlateFormat) -> Entries | None:
    """The rows by the dialect that they show; None where they show none."""
    if not rows:
        return None
    header = [cell.lower() for cell in rows[0].cells]
    id = header.index("experiment_id") if "experiment_id" in header else len(header)
    refuse_synthetic("The file", columns=header, ids=(row.cells[id] for row in rows[1:] if len(row.cells) > id))
    if is_tecan(rows):
        return read_tecan(rows, plate_rows=plate.rows)
    if is_well_columns(rows):
        return read_well_columns(rows, separator=separator, measured=measured)
    if is_tidy(rows[0]):
        return read_tidy(rows, separator=separator, measured=measured)
    if is_plate_shaped(rows):
        return read_plate_shaped(rows, separator=separator, plate=plate, measured=measured)
    return None


def _text(text: str, measured: Sequence[str], plate: PlateFormat, *, name: str) -> Entries:
    from .raw_text import RawText

    raw = RawText(name=name, text=text, sha256="", encoding="")
    for separator in SEPARATORS:
        rows = raw.rows(separator) if separator in text else ()
        if (entries := _table(rows, separator, measured, plate)) is not None:
            return entries
    first = next(line.strip() for line in text.splitlines() if line.strip())
    wanted = f"a table with a header, or an instrument's export. {_first_lines(measured, plate)}"
    tried = f"No sign of {', '.join(vendor.program for vendor in VENDORS)}: name the program with --vendor if it is one of them."
    mend = nearest(first.split(",")[0].lower(), ("plate", "well", "experiment_id"))
    raise RefusedFile(name, [CellProblem(1, "", wanted, repr(first[:80]), f"{mend} {tried}")])


def _first_lines(measured: Sequence[str], plate: PlateFormat) -> str:
    """How a table of each kind begins."""
    name = measured[0] if measured else "OD600"
    return (
        f"A tidy table begins 'plate,well,time_h,measurement,value,unit', a kinetic table 'measurement,{name}' and then 'Time [s],A1,A2', "
        f"a plate-shaped one 'measurement,{name}' and then ',1,2' to {plate.columns}"
    )


def _sheets(sheets: Sequence[Sheet], measured: Sequence[str], plate: PlateFormat, *, name: str, wanted: str | None) -> Entries:
    """The one sheet that holds results; the cells of the others are unread."""
    names = [sheet.name for sheet in sheets]
    if wanted is not None and wanted not in names:
        raise RefusedFile(name, [CellProblem(None, "sheet", "a sheet of the workbook that holds something", repr(wanted), nearest(wanted, names))])
    read = {sheet.name: (sheet, entries) for sheet in sheets if wanted in (None, sheet.name) and (entries := _table(sheet.rows, "", measured, plate)) is not None}
    if len(read) != 1:
        found = f"{len(read)} ({', '.join(map(repr, read))})" if read else "none that is tidy, has wells in columns, is plate-shaped, or is Tecan's"
        mend = f"Say which one with --sheet. The workbook has {', '.join(map(repr, names))}." if len(names) > 1 or read else f"{_first_lines(measured, plate)}. See runs/README.md, section “Tables that are read”."
        raise RefusedFile(name, [CellProblem(None, "sheet", "one sheet of results", found, mend)])
    sheet, entries = next(iter(read.values()))
    entries.problems[:0] = sheet.problems
    for other in sheets:
        if other.name != sheet.name:
            entries.unread += [UnreadCell(row.line, f"{other.name}!{i + 1}", cell, f"another sheet than {sheet.name!r}") for row in other.rows for i, cell in enumerate(row.cells) if cell]
    return entries
