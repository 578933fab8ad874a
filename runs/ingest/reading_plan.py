"""What a results file should hold: which experiment stands in which well, what is measured, and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from world_model.terms.goals import Measurement
from world_model.terms.plates import FORMATS, PlateFormat

# the lowest blanked OD600 that is believed where the campaign names none
OD600_FLOOR = -0.05
# no reader measures so much in a well: a file in milli-OD, or shifted by three decimals
OD600_CEILING = 100.0
# how far a time in the file may lie from the planned one: three minutes
TIME_TOLERANCE_H = 0.05


@dataclass(frozen=True, kw_only=True)
class ReadingPlan:
    """What a round expects of its results.

    Attributes:
        measurements: what is read, with unit, times, floor and whether blanks are subtracted.
        roles: experiment id → role, every experiment of the round.
        plates: plate → well (`A1`) → experiment id; empty for a lab without plates.
        sets: experiment id → the set of wells that should read alike, for experiments that are repeated.
        format: rows and columns of the plates.
    """

    measurements: tuple[Measurement, ...]
    roles: Mapping[str, str]
    plates: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    sets: Mapping[str, str] = field(default_factory=dict)
    format: PlateFormat = FORMATS[96]

    def measurement(self, name: str) -> Measurement:
        """The measurement of that name."""
        return next(measurement for measurement in self.measurements if measurement.name == name)

    def experiment(self, plate: str, well: str) -> str | None:
        """The experiment in a well; None where the plan leaves it empty."""
        return self.plates.get(plate, {}).get(well)


def floor_of(measurement: Measurement) -> float | None:
    """The lowest value that is believed: as the campaign says, else -0.05 for OD600."""
    if measurement.floor is not None:
        return measurement.floor
    return OD600_FLOOR if measurement.unit == "OD600" else None


def times_of(measurement: Measurement) -> tuple[float | None, ...]:
    """The planned times in hours; an end point has one, None."""
    return measurement.at_h or (None,)


def ceiling_of(measurement: Measurement) -> float | None:
    """The highest value of a well that can be one; None where no limit is known."""
    return OD600_CEILING if measurement.unit in ("OD600", "AU") else None
