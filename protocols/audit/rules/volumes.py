"""A volume that is no volume: zero, negative, or not a number."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ...finding import Finding
from ..moment import Walk

RULE = "no volume"


def find(walk: Walk) -> Iterator[Finding]:
    """Engine 9.0 accepts 0 µL and does nothing; up to API 2.16 the robot reads it as "everything"."""
    for moment in walk.moments:
        if moment.action in ("aspirate", "dispense", "air") and moment.volume_ul is not None:
            # the API asks for 0 µL of air itself, where a liquid class has none
            if (moment.action == "air" and moment.volume_ul == 0) or moment.to_trash:
                continue
            if not math.isfinite(moment.volume_ul) or moment.volume_ul <= 0:
                yield Finding(
                    rule=RULE, severity="error", where=moment.where, observed=f"{moment.action} {moment.volume_ul:g} µL", limit="a volume above 0 µL",
                    mend="Give the volume, or leave the step out.",
                )  # fmt: skip
