"""Doses, holds and ramps that come when nothing is read any more: an effect that nobody sees."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from world_model.terms.factors import Categorical, Factor
from world_model.terms.goals import Measurement
from world_model.terms.times import only_ends


@dataclass(frozen=True, kw_only=True)
class LateDose:
    """A factor that may come (or whose time may be) at `hour`, while the last reading is at `last_h`. `key` holds the hour."""

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


def late_doses(factors: Iterable[Factor], measurements: Sequence[Measurement], *, ends: Collection[str] | None = None) -> tuple[LateDose, ...]:
    """Every factor that is dosed or begins to be held, or lets another be, at or after the last reading.

    Args:
        ends: times that only end a hold, which may be as late as they like; those among `factors` where None.
    """
    last = last_reading_h(measurements)
    if last is None:
        return ()
    factors = tuple(factors)
    ends = only_ends(factors) if ends is None else ends
    found = []
    for factor in factors:
        if isinstance(factor, Categorical) or factor.name in ends:
            continue
        begins = factor.at if factor.acts == "dose" else factor.from_h
        literal = begins if not isinstance(begins, str) else None
        hour = factor.bounds[1] if factor.acts == "time" else literal
        if hour is not None and hour >= last:
            key = "at" if factor.acts == "dose" else "from_h" if factor.from_h is not None else "values" if factor.kind == "discrete" else "high"
            found.append(LateDose(factor=factor.name, key=key, hour=float(hour), last_h=last))
    return tuple(found)
