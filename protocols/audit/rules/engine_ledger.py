"""The engine's own account of each well at the end, held against ours."""

from __future__ import annotations

from collections.abc import Iterator

from ...finding import Finding
from ..moment import Walk

RULE = "ledgers differ"
_TOLERANCE_UL = 0.01


def find(walk: Walk) -> Iterator[Finding]:
    """Where the engine is known to count otherwise (blow-outs, air above the rim, nozzles over no well) it is not asked."""
    if walk.lost_ul > 0 or any(contact.well is None for moment in walk.moments if not moment.to_trash for contact in moment.contacts):
        return
    for place, volume in walk.trace.final_ul.items():
        well = walk.wells.get(place)
        if well is None or volume is None or place in walk.engine_differs or walk.deck.is_trash(place[0]):
            continue
        if abs(well.balance_ul - volume) > _TOLERANCE_UL:
            yield Finding(
                rule=RULE, severity="error", where=walk.deck.name(place), observed=f"{well.balance_ul:g} µL by our ledger at the end",
                limit=f"{volume:g} µL, as the engine counts", mend="One of the two missed a step: look at every step of this well.",
            )  # fmt: skip
