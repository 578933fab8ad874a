"""What is measured, and what is wanted of it."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

from pydantic import Field, field_validator, model_validator

from world_model.terms.units import check_unit
from world_model.terms.word import Name, NonNegative, Word

Direction = Literal["max", "min"]
_DIRECTIONS = {"max": "max", "maximise": "max", "maximize": "max", "min": "min", "minimise": "min", "minimize": "min"}


class Measurement(Word):
    """One observable: its unit, when it is read, and what a reading may be.

    `at_h` are hours after the campaign's zero; empty for an end point read once, at the end. `floor` is the lowest blanked
    value that is believed; `noise` the reader's sd, so that small negative values are known to be noise. `path_length_cm`, for an
    absorbance whose blank is subtracted, brings it to 1 cm: the blanked value is divided by it.
    """

    name: Name
    unit: str = ""
    at_h: tuple[NonNegative, ...] = ()
    floor: float | None = None
    noise: float | None = Field(None, gt=0)
    subtract_blank: bool = False
    path_length_cm: float | None = Field(None, gt=0, le=5)

    @field_validator("unit")
    @classmethod
    def _known_unit(cls, unit: str) -> str:
        return check_unit(unit)

    @field_validator("at_h")
    @classmethod
    def _increasing(cls, times: tuple[float, ...]) -> tuple[float, ...]:
        if any(later <= earlier for earlier, later in pairwise(times)):
            raise ValueError(f"expected strictly increasing hours, found {list(times)}")
        return times

    @model_validator(mode="after")
    def _path_of_a_blanked_absorbance(self) -> Measurement:
        if self.path_length_cm is not None and (not self.subtract_blank or self.unit not in ("OD600", "AU")):
            found = f"unit {self.unit!r}, subtract_blank = {str(self.subtract_blank).lower()}"
            raise ValueError(f"expected path_length_cm on an absorbance (OD600, AU) with subtract_blank = true, found {found}: the plate's own absorbance does not follow the liquid's height")
        return self


class Goal(Word):
    """A readout of one measurement, to be made large or small.

    `take` = `end` (the last reading, or the one at `at_h`), `area` (under the curve, unit times hours) or `peak` (the
    largest value). On an end point all three are the value itself.
    """

    readout: Name = Field(description="the measurement's name")
    direction: Direction = "max"
    take: Literal["end", "area", "peak"] = "end"
    at_h: NonNegative | None = None

    @field_validator("direction", mode="before")
    @classmethod
    def _spelling(cls, given: object) -> object:
        return _DIRECTIONS.get(given, given) if isinstance(given, str) else given

    @model_validator(mode="after")
    def _one_time(self) -> Goal:
        if self.at_h is not None and self.take != "end":
            raise ValueError(f"expected at_h with take = 'end' only, found take = {self.take!r}")
        return self

    @property
    def sign(self) -> float:
        """+1 where more is better, -1 where less is."""
        return 1.0 if self.direction == "max" else -1.0

    def __str__(self) -> str:
        how = {"end": f"at {self.at_h:g} h" if self.at_h is not None else "at the end", "area": "area under the curve of", "peak": "peak of"}
        verb = "maximise" if self.direction == "max" else "minimise"
        return f"{verb} {self.readout} {how['end']}" if self.take == "end" else f"{verb} the {how[self.take]} {self.readout}"
