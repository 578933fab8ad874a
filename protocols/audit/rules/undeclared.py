"""A source of which the file never says what it holds: nothing can be said about its running dry."""

from __future__ import annotations

from collections.abc import Iterator

from ...finding import Finding
from ..contents import TOLERANCE_UL
from ..moment import Walk

RULE = "source never declared"


def find(walk: Walk) -> Iterator[Finding]:
    """A warning once a well, with what is drawn in all. Where the file declares other liquids it is an error of `overdraw`."""
    if walk.declares:
        return
    drawn = {place: well.drawn_from_nothing_ul for place, well in walk.wells.items() if not well.declared and well.drawn_from_nothing_ul > TOLERANCE_UL}
    for place, volume in drawn.items():
        yield Finding(
            rule=RULE, severity="warning", where=walk.deck.name(place), observed=f"{volume:g} µL drawn in all, nothing declared",
            limit="load_liquid before the first draw", mend="Declare it: then overdraws, overfills and mix-ups can be told.",
        )  # fmt: skip
