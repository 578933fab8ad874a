"""A volume below what the pipette can measure in the mode that it is in."""

from __future__ import annotations

from collections.abc import Iterator

from ...finding import Finding
from ..contents import TOLERANCE_UL
from ..moment import Moment, Walk

RULE = "below the pipette"


def find(walk: Walk) -> Iterator[Finding]:
    """Limits are the maker's, by mode. Giving the last rest of a tip is not measuring, and is let through."""
    for moment in walk.moments:
        if moment.pipette is None or not moment.volume_ul or not moment.volume_ul > 0 or moment.to_trash:
            continue
        least = moment.pipette.modes.get(moment.mode, moment.pipette.modes["default"])[0]
        if moment.volume_ul >= least - TOLERANCE_UL:
            continue
        if moment.action == "aspirate" or (moment.action == "dispense" and not _empties(moment)):
            lower = min(limits[0] for limits in moment.pipette.modes.values())
            mode = f" Or call configure_for_volume: its low-volume mode measures from {lower:g} µL." if lower <= moment.volume_ul else ""
            yield Finding(
                rule=RULE, severity="error", where=moment.where, observed=f"{moment.action} {moment.volume_ul:g} µL",
                limit=f"at least {least:g} µL of {moment.pipette.name}", mend=f"Take a smaller pipette, or a weaker stock and more of it.{mode}",
            )  # fmt: skip


def _empties(moment: Moment) -> bool:
    return moment.volume_ul is not None and all(contact.tip_held_ul <= moment.volume_ul + TOLERANCE_UL for contact in moment.contacts)
