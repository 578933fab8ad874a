"""A tip that touched one liquid goes into another to draw: what it brings stays in the source."""

from __future__ import annotations

from collections.abc import Iterator

from ...finding import Finding
from ..moment import Walk

RULE = "contaminated source"


def find(walk: Walk) -> Iterator[Finding]:
    """Told once a well and set of foreign liquids. Where neither side was declared it may be the same liquid: a warning."""
    told: set[tuple[tuple[str, str], frozenset[str]]] = set()
    for moment in walk.moments:
        if moment.action not in ("aspirate", "probe"):
            continue
        for contact in moment.contacts:
            if contact.well is None or not contact.foreign or (contact.well, contact.foreign) in told:
                continue
            told.add((contact.well, contact.foreign))
            unknown = not contact.known or all(liquid.startswith("unknown liquid") for liquid in contact.foreign)
            yield Finding(
                rule=RULE, severity="warning" if unknown else "error", where=moment.at(contact),
                observed=f"a tip that touched {_names(contact.foreign)}", limit="a tip that touched nothing else than the well holds",
                mend="Change the tip before this draw.",
            )  # fmt: skip


def _names(liquids: frozenset[str]) -> str:
    listed = sorted(liquids)
    return ", ".join(listed[:3]) + (f" and {len(listed) - 3} more" if len(listed) > 3 else "")
