"""What each column of a table of past results is: a factor, a measurement, a time, a name, or nothing that is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from world_model.terms.errors import UnitError, nearest
from world_model.terms.factors import Categorical
from world_model.terms.goals import Measurement
from world_model.terms.space import SearchSpace
from world_model.terms.units import conversion_factor

from .problems import CellProblem
from .raw_text import Row
from .tidy import HOURS, LONG, WITH_UNIT

LABEL = "experiment_id"


@dataclass
class Columns:
    """Positions of the columns; numbers in `factors` and `wide` are multiplied by their factor to be in the campaign's unit."""

    width: int
    factors: dict[str, tuple[int, float]] = field(default_factory=dict)
    wide: dict[str, tuple[int, float]] = field(default_factory=dict)
    long: dict[str, int] = field(default_factory=dict)
    clock: tuple[int, float] | None = None
    label: int | None = None
    unread: dict[int, str] = field(default_factory=dict)


def read_columns(header: Row, space: SearchSpace, measurements: Sequence[Measurement], problems: list[CellProblem]) -> Columns:
    """The columns of a header; every factor must be there, and at least one measurement."""
    found = Columns(width=len(header.cells))
    measured = {measurement.name: measurement for measurement in measurements}
    seen: set[str] = set()
    for position, title in enumerate(header.cells):
        low = title.lower()
        name, unit = _split(title, (*space.names, *measured))
        key = name if name in space.names or name in measured else low
        if key in seen and title:
            problems.append(CellProblem(header.line, title, "each column once", f"{key!r} again"))
        seen.add(key)
        if name in space.names:
            factor = space[name]
            target = "" if isinstance(factor, Categorical) else factor.unit
            found.factors[name] = (position, _conversion(header, title, unit, target, name, problems))
        elif name in measured:
            found.wide[name] = (position, _conversion(header, title, unit, measured[name].unit, name, problems))
        elif low in HOURS:
            found.clock = (position, HOURS[low])
        elif low == LABEL:
            found.label = position
        elif low in LONG:
            found.long[low] = position
        elif title:
            found.unread[position] = title
    known = list(found.unread.values())
    for name in space.names:
        if name not in found.factors:
            problems.append(CellProblem(header.line, name, f"a column for the factor {name!r}", "none", nearest(name, known)))
    if not found.wide and not {"measurement", "value"} <= set(found.long):
        wanted = " or ".join(repr(name) for name in measured)
        problems.append(CellProblem(header.line, "", f"a column {wanted}, or the columns 'measurement' and 'value'", "none", nearest(next(iter(measured)), known)))
    if found.wide and "value" in found.long:
        problems.append(CellProblem(header.line, "value", "either a column for each measurement, or 'measurement' and 'value'", "both"))
    return found


def _split(title: str, known: Sequence[str]) -> tuple[str, str | None]:
    if title in known:
        return title, None
    match = WITH_UNIT.match(title)
    return (match["name"], match["unit"].strip()) if match and match["name"] in known else (title, None)


def _conversion(header: Row, title: str, unit: str | None, target: str, name: str, problems: list[CellProblem]) -> float:
    if unit is None:
        return 1.0
    try:
        return conversion_factor(unit, target, of=name)
    except UnitError:
        problems.append(CellProblem(header.line, title, target or "no unit", repr(unit), "Values are converted only within one dimension, and OD or RFU never."))
        return 1.0
