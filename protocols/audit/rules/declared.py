"""Declarations that can't be true: more than the well holds, negative, or twice with different words."""

from __future__ import annotations

from collections.abc import Iterator

from ...finding import Finding
from ..contents import TOLERANCE_UL
from ..deck import Place
from ..moment import Walk

RULE = "declared too much"
TWICE = "declared twice"


def find(walk: Walk) -> Iterator[Finding]:
    """The engine takes any volume, and of two declarations the later one."""
    seen: dict[Place, tuple[str, float]] = {}
    for moment in walk.moments:
        if moment.action != "declare":
            continue
        liquid = walk.trace.liquids.get(moment.command.params.get("liquidId", ""), "")
        for contact in moment.contacts:
            if contact.well is None:
                continue
            if contact.after_ul > contact.capacity_ul + TOLERANCE_UL or contact.after_ul < 0:
                yield Finding(
                    rule=RULE, severity="error", where=moment.at(contact), observed=f"{contact.after_ul:g} µL of {liquid or 'nothing'} declared",
                    limit=f"0 to {contact.capacity_ul:g} µL", mend="Declare what is in it, in µL.",
                )  # fmt: skip
            before = seen.get(contact.well)
            now = (liquid, contact.after_ul)
            if before is not None and before[1] > 0 and before != now:
                yield Finding(
                    rule=TWICE, severity="error", where=moment.at(contact), observed=f"{before[1]:g} µL of {before[0]}, then {now[1]:g} µL of {now[0] or 'nothing'}",
                    limit="one declaration a well", mend="Keep one: the engine forgets the earlier.",
                )  # fmt: skip
            seen[contact.well] = now
