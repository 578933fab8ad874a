"""A layout that a person made: a CSV of wells and experiments, e.g. a plate map that another tool drew."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from world_model.terms.errors import DocumentError, Mistake

COLUMNS = ("well", "experiment_id")


def read_layout(path: Path | str) -> dict[str, str]:
    """Well, in capitals and without leading zeros → experiment id. Other columns are ignored; rows without an experiment are empty wells.

    Raises:
        DocumentError: every row that says nothing clear, with its line.
    """
    path = Path(path)
    mistakes: list[Mistake] = []

    def wrong(line: int | None, where: str, expected: str, found: str, mend: str = "") -> None:
        mistakes.append(Mistake(file=path.name, line=line, where=where, expected=expected, found=found, mend=mend))

    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as fault:
        raise DocumentError([Mistake(file=path.name, line=None, where="", expected="a CSV file in UTF-8", found=str(fault))]) from fault
    rows = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    layout: dict[str, str] = {}
    try:
        lacking = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
        if lacking:
            found = ", ".join(rows.fieldnames or ()) or "nothing"
            raise DocumentError([Mistake(file=path.name, line=1, where="", expected=f"the columns {' and '.join(COLUMNS)}", found=found, mend=f"Name the column {lacking[0]!r}.")])
        for row in rows:
            well, name = ((row[key] or "").strip() for key in COLUMNS)
            if not name:
                continue
            letters = well.rstrip("0123456789")
            plain = letters.upper() + well[len(letters) :].lstrip("0")
            if not letters.isalpha() or plain == letters.upper():
                wrong(rows.line_num, "well", "a well such as A1", repr(well))
            elif plain in layout:
                wrong(rows.line_num, "well", "each well once", f"{plain} again, with {layout[plain]!r} before")
            else:
                layout[plain] = name
    except csv.Error as fault:
        wrong(rows.line_num + 1, "", "rows of CSV", str(fault))
    if not layout and not mistakes:
        wrong(None, "", "at least one well with an experiment", "none")
    if mistakes:
        raise DocumentError(mistakes)
    return layout
