"""A tip that is still on when the run ends: the next run starts with it."""

from __future__ import annotations

from collections.abc import Iterator

from ...finding import Finding
from ..moment import Walk

RULE = "tip left on"


def find(walk: Walk) -> Iterator[Finding]:
    """Judged where the run came to its end; after an engine's error nobody knows what would have followed."""
    if walk.trace.faults:
        return
    for name, tips in walk.tips_on.items():
        pipette = walk.trace.pipettes[name]
        yield Finding(
            rule=RULE, severity="error", where="end of the run", observed=f"{len(tips)} tip{'s' if len(tips) > 1 else ''} on {pipette.name} ({pipette.mount})",
            limit="no tip", mend="End with drop_tip() or return_tip().",
        )  # fmt: skip
