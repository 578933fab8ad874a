"""A nozzle that stands over no well: off the plate, between wells of another pitch, in the wall of a tube rack."""

from __future__ import annotations

from collections.abc import Iterator

from ...finding import Finding
from ..moment import Walk

RULE = "nozzle off the well"


def find(walk: Walk) -> Iterator[Finding]:
    """From the nozzles' places and the wells' places and openings, both the maker's. Told once a target."""
    told: set[tuple[str, str, str]] = set()
    for moment in walk.moments:
        if moment.to_trash or moment.action not in ("aspirate", "dispense", "blow_out", "visit", "probe"):
            continue
        off = [contact for contact in moment.contacts if contact.well is None]
        # a move high above needs no well below it
        if not off or (moment.action == "visit" and all(contact.height_mm is not None and contact.height_mm >= contact.depth_mm for contact in off)):
            continue
        params = moment.command.params
        key = (str(params.get("pipetteId")), off[0].name, ",".join(contact.nozzle for contact in off))
        if key in told:
            continue
        told.add(key)
        nozzles = ", ".join(contact.nozzle for contact in off[:3]) + (f" and {len(off) - 3} more" if len(off) > 3 else "")
        yield Finding(
            rule=RULE, severity="error", where=moment.at(off[0]), observed=f"nozzle {nozzles} over no well", limit="a well under each nozzle with a tip",
            mend="Name a well of the first row, use fewer nozzles (configure_nozzle_layout), or a one-channel pipette.",
        )  # fmt: skip
