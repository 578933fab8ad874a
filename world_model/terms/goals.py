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
    value that is believed; `noise` the reader's sd, so that small negative values are known to be noise.
    """

    name: Name
    unit: str = ""
    at_h: tuple[NonNegative, ...] = ()
    floor: float | None = None
    noise: float | None = Field(None, gt=0)
    subtract_blank: bool = False

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
