"""Looking for liquid where there is none: the robot stops there with an error."""

from __future__ import annotations

from collections.abc import Iterator

from ...finding import Finding
from ..contents import TOLERANCE_UL
from ..moment import Walk

RULE = "probe of an empty well"


def find(walk: Walk) -> Iterator[Finding]:
    """Only where the file tells that the well is empty, and only for probes that must find liquid."""
    for moment in walk.moments:
        if moment.command.kind != "liquidProbe":
            continue
        for contact in moment.contacts:
            if contact.well is not None and (contact.declared or walk.declares) and contact.before_ul <= TOLERANCE_UL:
                yield Finding(
                    rule=RULE, severity="error", where=moment.at(contact), observed="no liquid in it", limit="liquid to be found",
                    mend="Fill it before, or use detect_liquid_presence, which only asks.",
                )  # fmt: skip
