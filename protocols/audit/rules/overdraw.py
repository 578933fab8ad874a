"""A source that is empty, or holds less than is drawn."""

from __future__ import annotations

from collections.abc import Iterator

from ...finding import Finding
from ..contents import TOLERANCE_UL
from ..moment import Walk

RULE = "overdrawn source"


def find(walk: Walk) -> Iterator[Finding]:
    """Counted where the file tells what was in the well, or where it declares others and this one was never filled."""
    told: set[tuple[str, str]] = set()
    for moment in walk.moments:
        if moment.action != "aspirate":
            continue
        for contact in moment.contacts:
            if contact.well is None or contact.short_ul <= TOLERANCE_UL or contact.well in told:
                continue
            if not contact.declared and not walk.declares:
                continue
            told.add(contact.well)
            # several nozzles may draw from one well: what they take together is held against what it had before
            same = [other for other in moment.contacts if other.well == contact.well]
            held, drawn = max(same[0].before_ul, 0.0), (moment.volume_ul or 0.0) * len(same)
            yield Finding(
                rule=RULE, severity="error", where=moment.at(contact), observed=f"{drawn:g} µL drawn from {held:g} µL",
                limit="at most what it holds" if held else "a source that was filled",
                mend="Declare more (load_liquid), fill it before, or draw less." if contact.declared else "Declare it with load_liquid, as the others are, or fill it before.",
            )  # fmt: skip
