"""What is read out of a curve: one number, in a unit of its own."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from world_model.terms.word import Name, NonNegative, Word

Take = Literal["end", "area", "peak", "time_of_peak", "time_to", "time_in", "rate"]
LINEAR: tuple[Take, ...] = ("end", "area", "rate")  # of the readings: their uncertainty is exact where the model is Gaussian
SMOOTH: tuple[Take, ...] = ("end", "area", "rate", "peak")  # followed uphill by gradients; the others jump
IN_HOURS: tuple[Take, ...] = ("time_of_peak", "time_to", "time_in")


def _is_none(given: object) -> bool:
    return given is None


def unless_given(description: str, **more: Any) -> Any:
    """A key that a document without it is no longer for: left out of what is written where nobody gave it."""
    return Field(None, description=description, exclude_if=_is_none, **more)


class Functional(Word):
    """A number read out of one measurement's curve, which is straight between readings.

    `take` is `end` (the last reading, or the value at `at_h`), `area` (under the curve, unit times hours), `peak` (the largest
    value), `time_of_peak` (its hour, the first of equals), `time_to` (the first hour at which the curve has risen to `above` or
    fallen to `below`), `time_in` (the hours that it spends over `above`, under `below`, or between the two) or `rate` (the slope of
    the least-squares line through the readings from `from_h` to `to_h`, unit per hour). A curve that never comes to its
    level counts as if it came there one reading interval after the last reading: later than all that do.
    On an end point `end`, `area` and `peak` are the value itself.
    """

    readout: Name = Field(description="the measurement's name")
    take: Take = "end"
    at_h: NonNegative | None = None
    above: float | None = unless_given("time_to: the level that is risen to; time_in: the lower end of the range")
    below: float | None = unless_given("time_to: the level that is fallen to; time_in: the upper end of the range")
    from_h: NonNegative | None = unless_given("rate: where the window begins; else at the first reading")
    to_h: NonNegative | None = unless_given("rate: where the window ends; else at the last reading")

    @model_validator(mode="after")
    def _keys_of_take(self) -> Self:
        if self.at_h is not None and self.take != "end":
            raise ValueError(f"expected at_h with take = 'end' only, found take = {self.take!r}")
        levels = [key for key in ("above", "below") if getattr(self, key) is not None]
        if levels and self.take not in ("time_to", "time_in"):
            raise ValueError(f"expected {levels[0]} with take = 'time_to' or 'time_in' only, found take = {self.take!r}")
        if self.take == "time_to" and len(levels) != 1:
            raise ValueError(f"expected take = 'time_to' with one of above and below, the level that the curve comes to, found {levels or 'none'}")
        if self.take == "time_in" and not levels:
            raise ValueError("expected take = 'time_in' with above, below or both, the range that the curve is in, found none")
        if self.above is not None and self.below is not None and self.above >= self.below:
            raise ValueError(f"expected above under below, for the curve is between the two, found above = {self.above:g} and below = {self.below:g}")
        window = [key for key in ("from_h", "to_h") if getattr(self, key) is not None]
        if window and self.take != "rate":
            raise ValueError(f"expected {window[0]} with take = 'rate' only, found take = {self.take!r}")
        if self.from_h is not None and self.to_h is not None and self.from_h >= self.to_h:
            raise ValueError(f"expected from_h before to_h, found from_h = {self.from_h:g} and to_h = {self.to_h:g}")
        return self

    @property
    def is_linear(self) -> bool:
        """True where it is a weighted sum of readings."""
        return self.take in LINEAR

    @property
    def is_smooth(self) -> bool:
        """True where small changes of the curve change it a little, so that gradients lead somewhere."""
        return self.take in SMOOTH

    @property
    def functional(self) -> tuple[object, ...]:
        """What is read, whatever is wanted of it: equal for two that read the same number."""
        return (self.readout, self.take, self.at_h, self.above, self.below, self.from_h, self.to_h)

    @property
    def what(self) -> str:
        """`GFP at 8 h`, `the peak of OD600`: without what is wanted of it."""
        name = self.readout
        if self.take == "end":
            return f"{name} at {self.at_h:g} h" if self.at_h is not None else f"{name} at the end"
        if self.take == "time_to":
            return f"the time until {name} has " + (f"risen to {self.above:g}" if self.above is not None else f"fallen to {self.below:g}")
        if self.take == "time_in":
            return f"the time that {name} spends " + self._range()
        if self.take == "rate":
            start, end = (f" from {self.from_h:g} h" if self.from_h is not None else ""), (f" to {self.to_h:g} h" if self.to_h is not None else "")
            return f"the rate of {name}{start}{end}"
        return f"the {_WORDS[self.take]} {name}"

    def _range(self) -> str:
        if self.above is None:
            return f"under {self.below:g}"
        return f"over {self.above:g}" if self.below is None else f"between {self.above:g} and {self.below:g}"

    def unit_of(self, unit: str, *, is_curve: bool) -> str:
        """The unit of the number, from the measurement's own."""
        if self.take in IN_HOURS:
            return "h"
        if not is_curve or self.take in ("end", "peak"):
            return unit
        if self.take == "rate":
            return f"{unit}/h" if unit else "1/h"
        return f"{unit}·h" if unit else "h"


_WORDS: dict[Take, str] = {"area": "area under the curve of", "peak": "peak of", "time_of_peak": "time of the peak of"}
