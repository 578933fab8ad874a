"""What a dialect finds in a file before anybody judges it: one entry for each value cell, and what it could not place."""

from __future__ import annotations

from dataclasses import dataclass, field

from .problems import CellProblem


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One value cell with what the file says about it. None: the file does not say."""

    row: int
    column: str
    text: str
    measurement: str
    plate: str | None = None
    well: str | None = None
    experiment: str | None = None
    time_h: float | None = None
    unit: str | None = None


@dataclass(frozen=True)
class UnreadCell:
    """A cell that holds something and was not taken, with the reason."""

    row: int
    column: str
    text: str
    why: str


@dataclass
class Entries:
    """A file taken apart. `decimal_comma` says how its numbers are written."""

    dialect: str
    decimal_comma: bool = False
    found: list[Entry] = field(default_factory=list)
    unread: list[UnreadCell] = field(default_factory=list)
    problems: list[CellProblem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
