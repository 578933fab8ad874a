"""A tip that draws above the liquid: it takes air, and the volumes after it are wrong."""

from __future__ import annotations

from collections.abc import Iterator

from ...finding import Finding
from ..contents import TOLERANCE_UL
from ..moment import Walk

RULE = "tip above the liquid"


def find(walk: Walk) -> Iterator[Finding]:
    """Only in flat wells, whose level follows from their volume, and only where the tip is out of the liquid before the draw is half
    done: at the very end of a well a robot's tip draws by capillarity what geometry says it can't."""
    told: set[tuple[str, str]] = set()
    for moment in walk.moments:
        if moment.action != "aspirate":
            continue
        for contact in moment.contacts:
            if contact.well is None or contact.well in told or not contact.flat or not contact.known or contact.short_ul > TOLERANCE_UL or contact.height_mm is None:
                continue
            middle = contact.depth_mm * (contact.before_ul + contact.after_ul) / 2 / contact.capacity_ul
            if contact.height_mm > middle + 0.1:
                told.add(contact.well)
                yield Finding(
                    rule=RULE, severity="warning", where=moment.at(contact), observed=f"the tip at {contact.height_mm:.3g} mm, the liquid at {middle:.2g} mm halfway",
                    limit="a tip in the liquid", mend="Go lower, e.g. well.bottom(0.5), or leave more in the well.",
                )  # fmt: skip
