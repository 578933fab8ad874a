"""A tip carries a liquid from one well into another that should not get it."""

from __future__ import annotations

from collections.abc import Iterator

from ...finding import Finding
from ..moment import Walk

RULE = "carry-over"


def find(walk: Walk) -> Iterator[Finding]:
    """What a tip gives on purpose is not counted, nor a drop from above the liquid; told once a well and set of foreign liquids."""
    told: set[tuple[tuple[str, str], frozenset[str]]] = set()
    for moment in walk.moments:
        if moment.action not in ("dispense", "blow_out", "visit"):
            continue
        for contact in moment.contacts:
            if contact.well is None or not contact.foreign or (contact.well, contact.foreign) in told:
                continue
            told.add((contact.well, contact.foreign))
            unknown = all(liquid.startswith("unknown liquid") for liquid in contact.foreign)
            listed = sorted(contact.foreign)
            brought = ", ".join(listed[:3]) + (f" and {len(listed) - 3} more" if len(listed) > 3 else "")
            yield Finding(
                rule=RULE, severity="warning" if unknown else "error", where=moment.at(contact), observed=f"a tip that also touched {brought}",
                limit="a tip that touched only what is given and what the well holds", mend="Change the tip, or let the drops fall from above the liquid.",
            )  # fmt: skip
