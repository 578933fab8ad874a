"""What a dialect finds in a file before anybody judges it: one entry for each value cell, and what it could not place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from .problems import CellProblem, rows


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
    sd: str | None = None


@dataclass(frozen=True)
class UnreadCell:
    """A cell that holds something and was not taken, with the reason."""

    row: int
    column: str
    text: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Channel:
    """One kind of reading in an instrument's file: what was detected, at which wavelengths, in the unit that the file means.

    An instrument's file knows nothing of a campaign's measurements: `label` (`absorbance 600 nm`) is what a person maps.
    """

    label: str
    kind: str
    wavelengths_nm: tuple[float, ...] = ()
    unit: str = ""


@dataclass
class Entries:
    """A file taken apart.

    `decimal_comma` says how its numbers are written. `spoilt` are entries of which only the place could be read: the row is a
    problem already, and its well is not missing besides. `channels` (by label) are there for an instrument's own file, whose
    entries name a channel as their measurement until the channels are mapped.
    """

    dialect: str
    decimal_comma: bool = False
    found: list[Entry] = field(default_factory=list)
    spoilt: list[Entry] = field(default_factory=list)
    unread: list[UnreadCell] = field(default_factory=list)
    problems: list[CellProblem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    channels: dict[str, Channel] = field(default_factory=dict)


def told_unread(cells: Iterable[UnreadCell]) -> list[str]:
    """One line for each reason, with the rows: what a person needs to see of a list that may hold a whole plate's rim."""
    gathered: dict[str, list[UnreadCell]] = {}
    for cell in cells:
        gathered.setdefault(cell.why, []).append(cell)
    return [f"{len(same)} cell{'s' if len(same) != 1 else ''} unread ({rows([cell.row for cell in same])}): {why}" for why, same in gathered.items()]
