"""One cell of a results file: a number, an overflow mark, a mark for a lost well, or text that can't be read."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from world_model.terms.readings import Flag

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_COMMA_NUMBER = re.compile(r"[+-]?(?:\d+,\d*|,\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_LIMIT = re.compile(r"([<>])\s*([+-]?\d+(?:[.,]\d+)?)", re.ASCII)
# what readers write instead of a number, in upper case
ABOVE_MARKS = ("OVRFLW", "OVRFLOW", "OVERFLOW", "OVER", "OVR", "OVERRANGE", "#SAT", "SAT", "SATURATED")
BELOW_MARKS = ("UNDER", "UNDERFLOW", "UNDRFLW")
FAILED_MARKS = ("LOST", "FAIL", "FAILED", "MISSED", "MASKED")


@dataclass(frozen=True)
class Cell:
    """What a cell says: `value` with flag `ok`, or None with the flag that says why, and the `limit` where it is told (`>4.0`)."""

    value: float | None
    flag: Flag
    limit: float | None = None


class UnreadableCell(ValueError):
    """Text that is neither a number nor a mark; the message is what was found."""


def read_cell(text: str, *, decimal_comma: bool = False) -> Cell:
    """A cell's meaning.

    Args:
        decimal_comma: 0,25 is a quarter; only where the comma does not separate columns.

    Raises:
        UnreadableCell: neither a finite decimal number nor a known mark.
    """
    cleaned = text.strip().replace("\u2212", "-")
    mark = cleaned.upper()
    if mark in ABOVE_MARKS or re.fullmatch(r"\*{3,}", mark):
        return Cell(None, "above limit")
    if mark in BELOW_MARKS:
        return Cell(None, "below limit")
    if mark in FAILED_MARKS:
        return Cell(None, "failed")
    if limit := _LIMIT.fullmatch(cleaned):
        number = read_number(limit[2].replace(",", "."))
        return Cell(None, "above limit" if limit[1] == ">" else "below limit", number)
    return Cell(read_number(cleaned, decimal_comma=decimal_comma), "ok")


def read_number(text: str, *, decimal_comma: bool = False) -> float:
    """A finite decimal number.

    Raises:
        UnreadableCell: anything else; `nan`, `inf` and 1e999 too.
    """
    cleaned = text.strip().replace("\u2212", "-")
    if decimal_comma and _COMMA_NUMBER.fullmatch(cleaned):
        cleaned = cleaned.replace(",", ".")
    if not _NUMBER.fullmatch(cleaned):
        raise UnreadableCell(f"{text!r}" if cleaned else "an empty cell")
    value = float(cleaned)
    if not math.isfinite(value):
        raise UnreadableCell(f"{text!r}, which is beyond every finite number")
    return value
