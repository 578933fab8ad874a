"""From the bytes of a results file to rows of cells: encoding, separator, and the line of every row."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from dataclasses import dataclass
from pathlib import Path

from .problems import CellProblem, RefusedFile

SEPARATORS = {";": "semicolons", "\t": "tabs", ",": "commas"}
# a plate of 384 wells at 1,000 times in two measurements is 30 MB
MOST_BYTES = 200_000_000
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True)
class Row:
    """The cells of one row, without outer blanks; `line` is the 1-based line that it begins on."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class RawText:
    """A file as text. `sha256` is over its bytes as they came."""

    name: str
    text: str
    sha256: str
    encoding: str

    def rows(self, separator: str) -> tuple[Row, ...]:
        """Every row that holds something.

        Raises:
            RefusedFile: a quote that is opened and never closed.
        """
        reader = csv.reader(io.StringIO(self.text, newline=""), delimiter=separator, strict=True)
        found, start = [], 1
        try:
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    found.append(Row(start, tuple(cell.strip() for cell in cells)))
                start = reader.line_num + 1
        except csv.Error as fault:
            raise RefusedFile(self.name, [CellProblem(reader.line_num, "", "a table", str(fault), "The file may be cut.")]) from fault
        return tuple(found)


def read_raw(source: Path | str | bytes, *, name: str | None = None) -> RawText:
    """Bytes, or a file, as text: UTF-8 (with or without mark), UTF-16 with its mark, else Windows' Latin-1.

    Raises:
        RefusedFile: the file can't be read, is empty, or holds bytes that no text holds.
    """
    data, name = read_bytes(source, name)
    text, encoding = decode_text(name, data)
    return RawText(name=name, text=text, sha256=hashlib.sha256(data).hexdigest(), encoding=encoding)


def read_bytes(source: Path | str | bytes, name: str | None) -> tuple[bytes, str]:
    """The bytes of a file, or those given, and what they are called.

    Raises:
        RefusedFile: there is no such file, or it is too large.
    """
    if isinstance(source, bytes):
        data, name = source, name or "results"
    else:
        name = name or Path(source).name
        try:
            data = Path(source).read_bytes()
        except OSError as fault:
            raise RefusedFile(name, [CellProblem(None, "", "a results file", f"none at {source} ({fault.strerror})")]) from fault
    if len(data) > MOST_BYTES:
        raise RefusedFile(name, [CellProblem(None, "", f"at most {MOST_BYTES:,} bytes", f"{len(data):,}")])
    return data, name


def decode_text(name: str, data: bytes) -> tuple[str, str]:
    """The text of a file's bytes, and its encoding.

    Raises:
        RefusedFile: the file is empty, or holds bytes that no text holds.
    """
    text, encoding = _decode(name, data)
    if not text.strip():
        raise RefusedFile(name, [CellProblem(None, "", "a results file", "an empty file")])
    for number, line in enumerate(text.split("\n"), start=1):
        if _CONTROL.search(line):
            raise RefusedFile(name, [CellProblem(number, "", "text", "control characters", "The file is damaged, or no CSV: export it again.")])
    return text, encoding


def _decode(name: str, data: bytes) -> tuple[str, str]:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        try:
            return data.decode("utf-16"), "utf-16"
        except UnicodeDecodeError as fault:
            raise RefusedFile(name, [CellProblem(None, "", "whole UTF-16 text", "a file that is cut")]) from fault
    try:
        return data.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        # µ and ° of older readers' software; 1252 leaves five bytes undefined, Latin-1 none
        try:
            return data.decode("cp1252"), "cp1252"
        except UnicodeDecodeError:
            return data.decode("latin-1"), "latin-1"
