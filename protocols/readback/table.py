"""A CSV table of an exact header, read strictly."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass

from ..emitters.plain_text import csv_rows


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows with their line numbers; `faults` where the header or a row's length is wrong (such rows are left out)."""

    rows: tuple[tuple[int, list[str]], ...]
    faults: tuple[str, ...]


def read_table(text: str, header: Sequence[str]) -> Table:
    """The rows below an exact header."""
    try:
        rows = csv_rows(text)
    except csv.Error as fault:
        return Table(rows=(), faults=(f"not a CSV table: {fault}",))
    if not rows or rows[0] != list(header):
        return Table(rows=(), faults=(f"header {rows[0] if rows else []!r} instead of {list(header)!r}",))
    numbered = list(enumerate(rows[1:], start=2))
    faults = [f"line {number}: expected {len(header)} fields, found {len(row)}" for number, row in numbered if len(row) != len(header)]
    return Table(rows=tuple((number, row) for number, row in numbered if len(row) == len(header)), faults=tuple(faults))
