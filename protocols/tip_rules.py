"""A tip is the set of liquids that it has touched. What it may do next follows from that, for planning and for checking alike.

A stock stays clean when nothing but tips that touched this stock alone go into it. A well stays right when nothing but the
liquid that is dispensed gets there. Air and dry plastic leave a tip as it was.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

from .plan import Manner

# A smaller drop hangs on the tip instead of falling; dispensed into liquid instead, with a tip of its own.
CONTACT_FREE_NL = 10_000
# From above: the tip's end 1 mm below the rim, and at least 1 mm above the liquid.
ABOVE_MM = -1.0
CLEARANCE_MM = 1.0


@dataclass(frozen=True)
class Tip:
    """One tip on one nozzle."""

    touched: frozenset[str] = frozenset()

    def why_not_draw(self, liquid: str) -> str:
        """Why this tip may not go into a stock of `liquid`; empty where it may."""
        foreign = self.touched - {liquid}
        return f"a tip that met {', '.join(sorted(foreign))}" if foreign else ""

    def why_not_dispense(self, liquid: str, holds: Set[str], manner: Manner) -> str:
        """Why it may not dispense `liquid` in this manner into a well that holds `holds`; empty where it may."""
        foreign = self.touched - {liquid}
        if foreign:
            return f"a tip that met {', '.join(sorted(foreign))}"
        there = set(holds) - {liquid}
        if manner == "dry" and there:
            return f"a tip at the bottom of a well with {', '.join(sorted(there))}, to be used again"
        return ""

    def drew(self, liquid: str) -> Tip:
        """After it was in a stock."""
        return Tip(self.touched | {liquid})

    def dispensed(self, holds: Set[str], manner: Manner) -> Tip:
        """After a dispense into a well that held `holds`; mixing there touches no more than that."""
        return Tip(self.touched | set(holds)) if manner == "liquid" else self


FRESH = Tip()


def manner_for(liquid: str, holds: Set[str], *, least_part_nl: int, gap_mm: float) -> Manner:
    """The manner that leaves the tip cleanest: dry where nothing else is, from above where drops fall and the liquid stays
    clear of the tip, else into the liquid.

    Args:
        least_part_nl: the smallest of the parts that the volume is dispensed in.
        gap_mm: between the tip's end at `ABOVE_MM` and the liquid, after the dispense.
    """
    if set(holds) <= {liquid}:
        return "dry"
    return "air" if least_part_nl >= CONTACT_FREE_NL and gap_mm >= CLEARANCE_MM else "liquid"
