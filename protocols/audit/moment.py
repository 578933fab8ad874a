"""One command as the ledger saw it: who stood over what, and what was there before and after. Rules read these alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ..engine.trace import Command, PipetteKind, Trace
from .contents import Tip, Well
from .deck import Deck, Place

Action = Literal["pick", "drop", "aspirate", "dispense", "blow_out", "air", "visit", "probe", "declare", "other"]


@dataclass(frozen=True, kw_only=True)
class Contact:
    """One nozzle at one moment.

    `well` is None where it stands over no opening. `height_mm` is the tip's end above the bottom, None where it follows the liquid
    or is not told. Volumes are the well's, before and after; `short_ul` is what it lacked. `known` says that the file told what
    was in the well. `foreign` are liquids that the tip brings and that are neither given on purpose nor in the well already.
    """

    nozzle: str
    well: Place | None
    name: str
    height_mm: float | None = None
    depth_mm: float = 0.0
    level_mm: float = 0.0
    flat: bool = False
    before_ul: float = 0.0
    after_ul: float = 0.0
    capacity_ul: float = 0.0
    short_ul: float = 0.0
    known: bool = True
    declared: bool = True
    in_liquid: bool = False
    foreign: frozenset[str] = frozenset()
    liquids: frozenset[str] = frozenset()
    tip_capacity_ul: float = 0.0
    tip_held_ul: float = 0.0
    tip_place: str = ""


@dataclass(frozen=True, kw_only=True)
class Moment:
    """One command. `volume_ul` is what was asked for each nozzle; `mode` is the pipette's volume mode at that time."""

    command: Command
    action: Action
    pipette: PipetteKind | None = None
    mode: str = "default"
    volume_ul: float | None = None
    to_trash: bool = False
    contacts: tuple[Contact, ...] = ()

    @property
    def where(self) -> str:
        line = f", line {self.command.line}" if self.command.line is not None else ""
        return f"command {self.command.number}{line}"

    def at(self, contact: Contact) -> str:
        return f"{self.where}: {contact.name}"


@dataclass(frozen=True, kw_only=True)
class Walk:
    """A whole run, walked. `declares` says that the file declares liquids at all, so that silence means something."""

    trace: Trace
    moments: tuple[Moment, ...]
    deck: Deck
    wells: dict[Place, Well]
    tips_on: dict[str, dict[str, Tip]]
    tips_used: dict[str, int]
    declares: bool
    in_trash_ul: float
    lost_ul: float
    loaded_ul: float
    # wells where the engine's ledger is known to count otherwise, and why
    engine_differs: dict[Place, str] = field(default_factory=dict)
    unfollowed: tuple[Moment, ...] = ()
