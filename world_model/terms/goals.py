"""What is measured, and what is wanted of it."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from world_model.terms.errors import NextwellError
from world_model.terms.functionals import Functional, unless_given
from world_model.terms.units import check_unit
from world_model.terms.word import Name, NonNegative, Word

Direction = Literal["max", "min", "match", "range", "hits", "level set", "information", "discriminate"]
_THRESHOLDS = ("at_least", "at_most", "size_at_least")
_DIRECTIONS = {"max": "max", "maximise": "max", "maximize": "max", "min": "min", "minimise": "min", "minimize": "min"}


_VERBS: dict[Direction, str] = {
    "max": "maximise", "min": "minimise", "match": "bring", "range": "keep", "hits": "find hits, where", "level set": "learn where",
    "information": "learn", "discriminate": "tell apart",
}  # fmt: skip


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

    What is wanted may be something else than one best experiment. `hits`: as many experiments as can be whose number is `at_least` or
    `at_most` a threshold, or whose size without its sign is (`size_at_least`). `level set`: to know of every experiment on which side of
    the threshold its number lies. `information`: to know the number itself, all over the space. `discriminate`: to know which of
    several world models (`between`) foretells what will be read.
    """

    direction: Direction = "max"
    target: float | None = unless_given("match: the value that is wanted")
    low: float | None = unless_given("range: its lower end; where goals are joined: the lower end of the ramp")
    high: float | None = unless_given("range: its upper end; where goals are joined: the upper end of the ramp")
    worst: float | None = unless_given("the worst value that still counts: the reference of the hypervolume")
    at_least: float | None = unless_given("hits, level set: the threshold, in the number's unit")
    at_most: float | None = unless_given("hits, level set: the threshold, in the number's unit")
    size_at_least: float | None = unless_given("hits, level set: the threshold on the number's size, whatever its sign", gt=0)
    between: tuple[Name, ...] | None = unless_given("discriminate: the world models that are to be told apart, by name")
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

    @model_validator(mode="after")
    def _keys_of_what_is_learned(self) -> Goal:
        given = [key for key in _THRESHOLDS if getattr(self, key) is not None]
        if self.direction in ("hits", "level set"):
            if len(given) != 1:
                raise ValueError(f"expected one threshold with direction = {self.direction!r}: at_least, at_most or size_at_least, found {' and '.join(given) or 'none'}")
        elif given:
            raise ValueError(f"expected {given[0]} with direction = 'hits' or 'level set' only, found direction = {self.direction!r}")
        if self.direction == "discriminate" and len(set(self.between or ())) < 2:
            raise ValueError("expected between = [two world models or more, by name] with direction = 'discriminate', found fewer")
        if self.between is not None and self.direction != "discriminate":
            raise ValueError(f"expected between with direction = 'discriminate' only, found direction = {self.direction!r}")
        return self

    @property
    def seeks_best(self) -> bool:
        """True where one experiment can be better than all others; False where all that is wanted is to know."""
        return self.direction not in ("level set", "information", "discriminate")

    @property
    def threshold(self) -> float:
        """Of hits or of a level set, on the scale of `past_threshold`'s argument.

        Raises:
            NextwellError: this goal has none.
        """
        given = [value for key in _THRESHOLDS if (value := getattr(self, key)) is not None]
        if not given:
            raise NextwellError(f"Expected a goal with a threshold, found {str(self)!r}.")
        return float(given[0])

    def past_threshold(self, readout: Any) -> Any:
        """By how much the number lies on the wanted side of the threshold, in its own unit; negative on the other side."""
        if self.size_at_least is not None:
            return abs(readout) - self.size_at_least
        return self.threshold - readout if self.at_most is not None else readout - self.threshold

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
            readout: a number, or an array or tensor of any shape; nan stays nan. Where all that is wanted is to know, no number is
                better than another: all score 0.
        """
        if self.direction == "hits":
            return self.past_threshold(readout)
        if not self.seeks_best:
            return 0.0 * readout
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
        verb = _VERBS[self.direction]
        if self.direction in ("hits", "level set"):
            side = "at least" if self.at_most is None else "at most"
            size = "" if self.size_at_least is None else " in size"
            return f"{verb} {self.what} is {side} {self.threshold:g}{size}"
        if self.direction == "discriminate":
            return f"{verb} {' and '.join(self.between or ())} by {self.what}"
        if self.direction == "match":
            return f"{verb} {self.what} to {self.target:g}"
        if self.direction == "range":
            return f"{verb} {self.what} from {self.low:g} to {self.high:g}"
        return f"{verb} {self.what}"

    @property
    def in_full(self) -> str:
        """With how it is weighed against other goals."""
        ramp = "" if self.low is None or self.high is None or self.direction == "range" else f"worth something from {self.low:g} to {self.high:g}"
        told = [ramp, f"weight {self.weight:g}" if self.weight != 1.0 else "", f"from {self.worst:g} on" if self.worst is not None else ""]
        extra = ", ".join(part for part in told if part)
        return f"{self} ({extra})" if extra else str(self)


def _above_zero(number: Any) -> Any:
    """`max(number, 0)` of numbers, arrays and tensors alike."""
    return (number + abs(number)) / 2


def _smaller(one: Any, other: Any) -> Any:
    return one - _above_zero(one - other)
