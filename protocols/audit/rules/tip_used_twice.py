"""A tip is picked up where none is any more."""

from __future__ import annotations

from collections.abc import Iterator

from ...finding import Finding
from ..moment import Walk

RULE = "tip used twice"
MISSED = "nozzle misses the rack"


def find(walk: Walk) -> Iterator[Finding]:
    """A place whose tip went to the trash is empty until a pause lets a person refill it. A returned tip may be used again:
    what it touched is remembered, and judged where it goes."""
    for moment in walk.moments:
        if moment.action != "pick":
            continue
        for contact in moment.contacts:
            if contact.well is None:
                yield Finding(
                    rule=MISSED, severity="error", where=moment.at(contact), observed=f"nozzle {contact.nozzle} over no tip", limit="a tip under each nozzle in use",
                    mend="Start at the first row, or configure fewer nozzles.",
                )  # fmt: skip
            elif contact.tip_place == "gone":
                yield Finding(
                    rule=RULE, severity="error", where=moment.at(contact), observed="the tip was used and thrown away", limit="a place with a tip",
                    mend="Take the next tip, or pause for a new rack.",
                )  # fmt: skip
