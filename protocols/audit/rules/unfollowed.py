"""Commands that move liquid or labware in ways that our ledger does not follow: said, not guessed."""

from __future__ import annotations

from collections.abc import Iterator

from ...finding import Finding
from ..moment import Walk

RULE = "not followed"


def find(walk: Walk) -> Iterator[Finding]:
    """A warning once a kind of command; and one for protocols of API levels whose heights the engine does not tell."""
    kinds: dict[str, str] = {}
    for moment in walk.unfollowed:
        kinds.setdefault(moment.command.kind, moment.where)
    for kind, where in kinds.items():
        yield Finding(
            rule=RULE, severity="warning", where=where, observed=f"the command {kind}", limit="commands that the ledger follows", mend="Check these steps by hand.",
        )  # fmt: skip
    if (0, 0) < walk.trace.api_level < (2, 14):
        yield Finding(
            rule=RULE, severity="warning", where="whole file", observed=f"API level {walk.trace.api}", limit="2.14 or later, which can declare liquids",
            mend="Raise apiLevel: below it neither heights nor declarations are told.",
        )  # fmt: skip
