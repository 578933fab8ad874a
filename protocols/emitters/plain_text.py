"""Names in files of lines and fields: whatever a name holds, it stays inside its field, and it can be read back.

Names of a lab file hold plain characters only (`world_model.terms.word.Name`) and are written as they are. What the robots'
own software calls its labware may hold anything; there, a character that could end a line or a field is written as `\\u003b`.
Spreadsheets take a cell that begins with = + - @ for a formula: such a cell gets an apostrophe in front.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Sequence

_CODE = re.compile(r"\\(\\|u[0-9a-f]{4}|U[0-9a-f]{8})")
_FORMULA = re.compile(r"'*[=+\-@]")
_PLAIN = re.compile(r"[A-Za-z0-9_.()%/+\-]([A-Za-z0-9 _+\-./%()]*[A-Za-z0-9_.()%/+\-])?")
_TAIL = 9


def one_line(text: str, *, forbidden: str = "", ascii_only: bool = False, most: int | None = None) -> str:
    """`text` without any character that ends a line or a field; `decoded` is its inverse unless it was cut.

    Args:
        forbidden: the format's own separators.
        most: the format's limit; a longer text is cut and ends in `~` and eight digits of its SHA-256, so that two never
            become one.
    """
    if _PLAIN.fullmatch(text):
        written = text
    else:
        last = len(text) - 1
        written = "".join(
            _coded(c) if c == "\\" or c in forbidden or not c.isprintable() or (ascii_only and ord(c) > 126) or (c == " " and i in (0, last)) else c
            for i, c in enumerate(text)
        )
    if most is not None and len(written) > most:
        return f"{written[: most - _TAIL]}~{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[: _TAIL - 1]}"
    return written


def decoded(written: str) -> str:
    """What `one_line` was given."""
    return _CODE.sub(lambda match: "\\" if match[1] == "\\" else chr(int(match[1][1:], 16)), written)


def is_plain(text: str, *, most: int, forbidden: str = "") -> bool:
    """Whether `one_line` would write it as it is."""
    return one_line(text, forbidden=forbidden, ascii_only=True, most=most) == text


def csv_text(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table, one row a line. Cells of text are safe to open in a spreadsheet; numbers are written as they are."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([_cell(column) for column in columns])
    writer.writerows([_cell(value) if isinstance(value, str) else value for value in row] for row in rows)
    return out.getvalue()


def csv_rows(text: str) -> list[list[str]]:
    """The rows of `csv_text`, header first, each cell as text."""
    return [[_uncelled(cell) for cell in row] for row in csv.reader(io.StringIO(text))]


def _cell(text: str) -> str:
    written = one_line(text)
    return f"'{written}" if _FORMULA.match(written) else written


def _uncelled(cell: str) -> str:
    return decoded(cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell)


def _coded(character: str) -> str:
    code = ord(character)
    if character == "\\":
        return "\\\\"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
