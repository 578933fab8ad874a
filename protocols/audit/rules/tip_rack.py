"""Tips that were not made for the pipette: they leak, fall off, or end elsewhere than the robot thinks."""

from __future__ import annotations

from collections.abc import Iterator

from ...finding import Finding
from ..moment import Walk

RULE = "wrong tip rack"


def find(walk: Walk) -> Iterator[Finding]:
    """The maker's data name the racks of each pipette. A rack that they don't know is judged by its capacity, with a warning."""
    told: set[tuple[str, str]] = set()
    for moment in walk.moments:
        if moment.action != "pick" or moment.pipette is None:
            continue
        rack = walk.deck.labware[moment.command.params["labwareId"]]
        if (moment.pipette.id, rack.uri) in told:
            continue
        told.add((moment.pipette.id, rack.uri))
        known = {uri.rsplit("/", 1)[0] for uri in moment.pipette.racks}
        if rack.uri.rsplit("/", 1)[0] in known:
            continue
        sizes = {round(well.capacity_ul) for well in rack.wells.values()}
        makers = rack.uri.startswith("opentrons/opentrons_")
        fits = rack.is_tip_rack and bool(sizes & set(moment.pipette.tips_ul)) and not makers
        yield Finding(
            rule=RULE, severity="warning" if fits else "error", where=moment.where, observed=f"{rack.load_name} on {moment.pipette.name}",
            limit="a rack made for it: " + ", ".join(sorted({uri.split("/")[1] for uri in moment.pipette.racks})[:4]),
            mend="Check that these tips fit." if fits else "Load a rack that is made for this pipette.",
        )  # fmt: skip
