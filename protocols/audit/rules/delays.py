"""Waiting that can't be meant."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ...finding import Finding
from ..moment import Walk

RULE = "delay"
_DAY_S = 86_400.0
_KEYS = ("seconds", "holdTimeSeconds", "holdSeconds")


def find(walk: Walk) -> Iterator[Finding]:
    """Negative, not a number, or over a week is wrong; over a day is worth a look."""
    for moment in walk.moments:
        params = moment.command.params
        steps = [params, *(step for key in ("profile", "profileElements") for step in params.get(key, ()) if isinstance(step, dict))]
        for step in steps:
            for key in _KEYS:
                seconds = step.get(key)
                if not isinstance(seconds, int | float) or (math.isfinite(seconds) and 0 <= seconds <= _DAY_S):
                    continue
                wrong = not math.isfinite(seconds) or seconds < 0 or seconds > 7 * _DAY_S
                yield Finding(
                    rule=RULE, severity="error" if wrong else "warning", where=moment.where, observed=f"{seconds:g} s ({seconds / 3600:.3g} h)",
                    limit="0 s to a week" if wrong else "at most a day", mend="Check the unit: delay(seconds=…, minutes=…).",
                )  # fmt: skip
