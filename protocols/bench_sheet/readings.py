"""What is read and when, in words."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from world_model.terms.goals import Measurement

_MOST_HOURS = 6


def readings(measurements: Sequence[Measurement], *, from_h: float = 0.0, until_h: float | None = None) -> str:
    """`OD600, GFP (RFU) at 0, 1, 2 … 12 h (every 60 min)`, of the hours from `from_h` up to, and without, `until_h`."""
    by_hours: dict[tuple[float, ...], list[str]] = {}
    for one in measurements:
        by_hours.setdefault(one.at_h, []).append(one.name + (f" ({one.unit})" if one.unit and one.unit != one.name else ""))
    told = []
    for hours, names in by_hours.items():
        due = tuple(hour for hour in hours if hour >= from_h - 1e-9 and (until_h is None or hour < until_h - 1e-9))
        if due or not hours:
            told.append(f"{', '.join(names)} {_at(due) if due else 'once, at the end'}")
    return "; ".join(told)


def _at(hours: Sequence[float]) -> str:
    gaps = {round((later - earlier) * 60, 3) for earlier, later in pairwise(hours)}
    even = len(gaps) == 1 and len(hours) > 2
    named = [f"{hour:.5g}" for hour in hours]
    # only an even run may be told by its ends
    short = f"{', '.join(named[:3])} … {named[-1]}" if even and len(named) > _MOST_HOURS else ", ".join(named)
    return f"at {short} h" + (f" (every {gaps.pop():g} min)" if even else "")
