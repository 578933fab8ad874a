"""Numbers as people read them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from world_model.terms.goals import Goal

from ..state.charter import Charter

DASH = "–"


def short(number: float | None) -> str:
    """Three to four significant digits, with thousands marked: 12,345 · 3.142 · 0.00012; a dash where there is none."""
    if number is None or not math.isfinite(number):
        return DASH
    size = abs(number)
    if size >= 1000:
        return f"{number:,.0f}".replace("-", "−")
    if 0 < size < 0.001:
        return f"{number:.2e}".replace("-", "−")
    return f"{number:.4g}".replace("-", "−")


def with_unit(number: float | None, unit: str) -> str:
    """`3.1 OD600`; a number without a unit stands alone."""
    return f"{short(number)} {unit}".rstrip() if unit else short(number)


def estimate_text(mean: float, low: float, high: float) -> str:
    """`36 (−1 to 73)`: mean and interval with as many decimals as half the interval's width bears, two digits of it."""
    half = 0.5 * (high - low)
    if not math.isfinite(half) or half <= 0 or not 1e-3 <= half < 1e6:
        return f"{short(mean)} ({short(low)} to {short(high)})"
    decimals = max(0, 1 - math.floor(math.log10(half)))
    told = [f"{number:,.{decimals}f}".replace("-", "−") for number in (mean, low, high)]
    return f"{told[0]} ({told[1]} to {told[2]})"


def percent(share: float) -> str:
    """`92 %`; a dash for a share of nothing."""
    return f"{100 * share:.0f} %" if math.isfinite(share) else DASH


def times(ratio: float) -> str:
    """`4.0×` below ten, `12×` from there."""
    return f"{ratio:.1f}×" if ratio < 10 else f"{ratio:.0f}×"


def value(cell: float | str | None) -> str:
    """A setting: a level's name as it is, a number short."""
    return cell if isinstance(cell, str) else short(cell)


def settings_text(settings: Mapping[str, float | str], units: Mapping[str, str]) -> str:
    """`glucose 12 mM, strain BL21`."""
    return ", ".join(f"{name} {value(cell)} {units.get(name, '')}".rstrip() for name, cell in settings.items())


def cut(text: str, length: int) -> str:
    """At most `length` characters, an ellipsis for what is left out of the middle: names differ at both ends."""
    if len(text) <= length:
        return text
    tail = (length - 1) // 3
    return text[: length - 1 - tail] + "…" + (text[-tail:] if tail else "")


def labels(names: Sequence[str], length: int) -> list[str]:
    """Names cut for a picture; where two would look the same they are numbered."""
    told = [cut(name, length) for name in names]
    return [f"{i + 1}: {cut(names[i], length - 3)}" if told.count(label) > 1 else label for i, label in enumerate(told)]


def unit_of(goal: Goal, charter: Charter) -> str:
    """The unit of a goal's readout: the measurement's, times hours for an area."""
    measurement = charter.measurement(goal.readout)
    return goal.unit_of(measurement.unit, is_curve=len(measurement.at_h) > 1)


def readout_name(goal: Goal, charter: Charter) -> str:
    """`GFP at 8 h`, `peak of OD600`, `yield`: a goal without its direction."""
    name = goal.readout
    if len(charter.measurement(name).at_h) < 2:
        return name
    if goal.take == "end":
        return f"{name} at {goal.at_h:g} h" if goal.at_h is not None else f"{name} at the end"
    return f"area under {name}" if goal.take == "area" else goal.what.removeprefix("the ")
