"""What is measured, and what is wanted of it."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from world_model.terms.errors import NextwellError
from world_model.terms.functionals import Functional, unless_given
from world_model.terms.units import check_unit
from world_model.terms.word import Name, NonNegative, Word

Direction = Literal["max", "min", "match", "range"]
_DIRECTIONS = {"max": "max", "maximise": "max", "maximize": "max", "min": "min", "minimise": "min", "minimize": "min"}


def _is_one(given: object) -> bool:
    return given == 1.0


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


class Goal(Functional):
    """A number read out of one measurement, and what is wanted of it.

    `direction` is `max`, `min`, `match` (as near to `target` as can be) or `range` (anywhere from `low` to `high`). All of them are in
    the number's own unit: see `Functional` for what can be read out.

    Where several goals are joined to one desirability, `low` and `high` are the ramp: a number at the bad end is worth 0, at the good
    end (at `target`, for `match`) 1, and `weight` says how much the goal counts beside the others. Where they are not joined, `worst` is
    the worst value that still counts.
    """

    direction: Direction = "max"
    target: float | None = unless_given("match: the value that is wanted")
    low: float | None = unless_given("range: its lower end; where goals are joined: the lower end of the ramp")
    high: float | None = unless_given("range: its upper end; where goals are joined: the upper end of the ramp")
    worst: float | None = unless_given("the worst value that still counts: the reference of the hypervolume")
    weight: float = Field(1.0, gt=0, description="how much it counts beside the other goals, where they are joined", exclude_if=_is_one)

    @field_validator("direction", mode="before")
    @classmethod
    def _spelling(cls, given: object) -> object:
        return _DIRECTIONS.get(given, given) if isinstance(given, str) else given

    @model_validator(mode="after")
    def _keys_of_direction(self) -> Goal:
        if (self.direction == "match") != (self.target is not None):
            found = "none" if self.target is None else f"target = {self.target:g} with direction = {self.direction!r}"
            raise ValueError(f"expected a target with direction = 'match', and only there, found {found}")
        if self.direction == "range" and (self.low is None or self.high is None):
            raise ValueError("expected low and high with direction = 'range', the ends of what is wanted, found " + ("low alone" if self.low is not None else "high alone" if self.high is not None else "neither"))
        if (self.low is None) != (self.high is None):
            raise ValueError(f"expected low and high together, found {'low' if self.high is None else 'high'} alone")
        if self.low is not None and self.high is not None:
            if self.low >= self.high:
                raise ValueError(f"expected low under high, found low = {self.low:g} and high = {self.high:g}")
            if self.target is not None and not self.low < self.target < self.high:
                raise ValueError(f"expected a target between low and high, found target = {self.target:g} with low = {self.low:g} and high = {self.high:g}: no value could be worth anything and match")
        return self

    @property
    def sign(self) -> float:
        """+1 where more is better, -1 where less is.

        Raises:
            NextwellError: neither holds (`match`, `range`): ask for the `score`.
        """
        if self.direction not in ("max", "min"):
            raise NextwellError(f"Expected a goal with a direction, max or min, found {str(self)!r}: neither more nor less is better. Compare scores.")
        return 1.0 if self.direction == "max" else -1.0

    def score(self, readout: Any) -> Any:
        """The number turned so that more is better, in its own unit: itself, its negative, or minus the distance from what is wanted.

        Args:
            readout: a number, or an array or tensor of any shape; nan stays nan.
        """
        if self.direction == "match":
            return -abs(readout - self.target)
        if self.direction == "range":
            return -(_above_zero(self.low - readout) + _above_zero(readout - self.high))
        return self.sign * readout

    def ramp(self, readout: Any) -> Any:
        """Where the number lies on the ramp: 0 at its bad end, 1 at its good end, in between and beyond in proportion.

        A range is worth 1 all over; outside it falls by 1 over a distance of its own width.

        Raises:
            NextwellError: there is no ramp.
        """
        if self.low is None or self.high is None:
            raise NextwellError(f"Expected low and high of the goal {str(self)!r}, found none: its desirability is a ramp from one to the other.")
        width = self.high - self.low
        if self.direction == "max":
            return (readout - self.low) / width
        if self.direction == "min":
            return (self.high - readout) / width
        if self.direction == "range":
            return 1.0 + self.score(readout) / width
        return _smaller((readout - self.low) / (self.target - self.low), (self.high - readout) / (self.high - self.target))  # type: ignore[operator]

    def desirability(self, readout: Any) -> Any:
        """The ramp, not under 0 and not over 1 (Derringer and Suich 1980, with straight sides)."""
        return _above_zero(_smaller(self.ramp(readout), 1.0))

    def __str__(self) -> str:
        verb = {"max": "maximise", "min": "minimise", "match": "bring", "range": "keep"}[self.direction]
        if self.direction == "match":
            return f"{verb} {self.what} to {self.target:g}"
        if self.direction == "range":
            return f"{verb} {self.what} from {self.low:g} to {self.high:g}"
        return f"{verb} {self.what}"


def _above_zero(number: Any) -> Any:
    """`max(number, 0)` of numbers, arrays and tensors alike."""
    return (number + abs(number)) / 2


def _smaller(one: Any, other: Any) -> Any:
    return one - _above_zero(one - other)
