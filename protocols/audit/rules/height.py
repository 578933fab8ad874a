"""A tip that is sent below a well's bottom."""

from __future__ import annotations

from collections.abc import Iterator

from ...finding import Finding
from ..moment import Walk

RULE = "below the bottom"
_ROUNDING_MM = 0.05


def find(walk: Walk) -> Iterator[Finding]:
    """The engine plans any path; the tip would hit the bottom, bend or break."""
    told: set[tuple[tuple[str, str], float]] = set()
    for moment in walk.moments:
        if moment.action in ("pick", "drop", "declare", "other"):
            continue
        for contact in moment.contacts:
            if contact.height_mm is None or contact.height_mm >= -_ROUNDING_MM or contact.well is None:
                continue
            if (contact.well, contact.height_mm) in told:
                continue
            told.add((contact.well, contact.height_mm))
            yield Finding(
                rule=RULE, severity="error", where=moment.at(contact), observed=f"the tip {-contact.height_mm:.3g} mm below the bottom",
                limit="a height above the bottom", mend="Use well.bottom(z) with z of at least 0.5.",
            )  # fmt: skip
