"""Doses that come when nothing is read any more: an effect that nobody sees."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from world_model.terms.factors import Categorical, Factor
from world_model.terms.goals import Measurement


@dataclass(frozen=True, kw_only=True)
class LateDose:
    """A factor whose dose, or whose time of a dose, may come at `hour`, while the last reading is at `last_h`. `key` holds the hour."""

    factor: str
    key: str
    hour: float
    last_h: float

    @property
    def expected(self) -> str:
        return f"an hour before the last reading at {self.last_h:g} h"

    @property
    def found(self) -> str:
        return f"{self.hour:g} h"

    @property
    def mend(self) -> str:
        return "Dose earlier, or read longer: give the measurements later hours in at_h."


def last_reading_h(measurements: Sequence[Measurement]) -> float | None:
    """The hour of the last reading; None where any measurement is an end point, for when that is read nobody said."""
    if not measurements or not all(measurement.at_h for measurement in measurements):
        return None
    return max(measurement.at_h[-1] for measurement in measurements)


def late_doses(factors: Iterable[Factor], measurements: Sequence[Measurement]) -> tuple[LateDose, ...]:
    """Every factor that is dosed, or lets another be dosed, at or after the last reading."""
    last = last_reading_h(measurements)
    if last is None:
        return ()
    found = []
    for factor in factors:
        if isinstance(factor, Categorical):
            continue
        literal = factor.at if factor.acts == "dose" and not isinstance(factor.at, str) else None
        hour = factor.bounds[1] if factor.acts == "time" else literal
        if hour is not None and hour >= last:
            key = "at" if factor.acts == "dose" else "values" if factor.kind == "discrete" else "high"
            found.append(LateDose(factor=factor.name, key=key, hour=float(hour), last_h=last))
    return tuple(found)
