"""A well that runs over, at any moment and not only at the end."""

from __future__ import annotations

from collections.abc import Iterator

from ...finding import Finding
from ..contents import TOLERANCE_UL
from ..deck import Place
from ..moment import Walk

RULE = "overfilled well"


def find(walk: Walk) -> Iterator[Finding]:
    """Told once a well, at its worst moment."""
    worst: dict[Place, Finding] = {}
    most: dict[Place, float] = {}
    for moment in walk.moments:
        if moment.action not in ("dispense", "blow_out"):
            continue
        for contact in moment.contacts:
            if contact.well is None or contact.after_ul <= contact.capacity_ul + TOLERANCE_UL or contact.after_ul <= most.get(contact.well, 0.0):
                continue
            most[contact.well] = contact.after_ul
            worst[contact.well] = Finding(
                rule=RULE, severity="error", where=moment.at(contact), observed=f"{contact.after_ul:g} µL in it",
                limit=f"at most {contact.capacity_ul:g} µL", mend="Give less, or take some out before.",
            )  # fmt: skip
    yield from worst.values()
