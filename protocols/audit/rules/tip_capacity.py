"""More in a tip than it, or the pipette's mode, can hold."""

from __future__ import annotations

from collections.abc import Iterator

from ...finding import Finding
from ..contents import TOLERANCE_UL
from ..moment import Walk

RULE = "above the tip"


def find(walk: Walk) -> Iterator[Finding]:
    """Liquid and air together, as the tip's definition and the maker's limit of the mode have it."""
    for moment in walk.moments:
        if moment.action not in ("aspirate", "air") or moment.pipette is None or moment.volume_ul is None:
            continue
        most_of_mode = moment.pipette.modes.get(moment.mode, moment.pipette.modes["default"])[1]
        for contact in moment.contacts:
            most = min(contact.tip_capacity_ul, most_of_mode)
            if contact.tip_held_ul + moment.volume_ul > most + TOLERANCE_UL:
                yield Finding(
                    rule=RULE, severity="error", where=moment.at(contact), observed=f"{contact.tip_held_ul + moment.volume_ul:g} µL in the tip",
                    limit=f"at most {most:g} µL", mend="Split the volume, or take larger tips.",
                )  # fmt: skip
