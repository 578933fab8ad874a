"""What a bench sheet is made of. HTML and PDF are two ways to print the same blocks."""

from __future__ import annotations

from dataclasses import dataclass

from .picture import Picture
from .steps import SheetStep


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a table. `share` is its part of the width beside the others'."""

    name: str
    numeric: bool = False
    bold: bool = False
    share: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows of text, each as long as the columns. `tick`: a box to tick before each row."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    tick: bool = False


@dataclass(frozen=True, kw_only=True)
class Steps:
    """Lines to tick, with times and timers."""

    steps: tuple[SheetStep, ...]


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A picture with a caption. `share` of the page's width."""

    picture: Picture
    caption: str = ""
    share: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Paragraph:
    """A sentence or two."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Dial:
    """A pipette set once, and the wells that get this volume, each with a box."""

    setting: str
    wells: tuple[str, ...]
    tip: str


@dataclass(frozen=True, kw_only=True)
class HandRound:
    """One stock by hand: where it stands, what the plate looks like, and the wells in order."""

    title: str
    picture: Picture | None
    dials: tuple[Dial, ...]


@dataclass(frozen=True, kw_only=True)
class Sign:
    """Lines to sign, each with what is signed for."""

    lines: tuple[str, ...]


Block = Table | Steps | Shown | Paragraph | HandRound | Sign


@dataclass(frozen=True, kw_only=True)
class Section:
    """A heading and its blocks. `new_page`: begins on a page of its own."""

    title: str
    blocks: tuple[Block, ...]
    new_page: bool = False


@dataclass(frozen=True, kw_only=True)
class Note:
    """Something to know before starting."""

    severity: str
    rule: str
    text: str


@dataclass(frozen=True, kw_only=True)
class SheetPage:
    """The whole sheet. `asks` are blanks to fill at the top: date, person, OD600."""

    plate: str
    objective: str
    asks: tuple[str, ...]
    notes: tuple[Note, ...]
    sections: tuple[Section, ...]
    footer: str
    whole: str = ""
