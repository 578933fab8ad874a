"""What an outcome must keep to, whatever else is wanted."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from world_model.terms.functionals import Functional
from world_model.terms.word import Name, Text


class OutcomeConstraint(Functional):
    """A number read out of one measurement that must be at most or at least a bound, in its own unit.

    With `relative_to` the bounds are shares of what the control of that name gives: `at_least = 0.95` is 95 % of it, on the same plate
    where it was read there. With `probability` an experiment is proposed only where the model holds it that likely (a chance
    constraint: the chance to break it is at most 1 - probability); without, what is likely to break it counts for less.
    """

    at_most: float | None = None
    at_least: float | None = None
    relative_to: Name | None = Field(None, description="a control's name; the bounds are shares of its readout")
    probability: float | None = Field(None, ge=0.5, lt=1, description="how likely the model must hold it before an experiment is proposed")
    why: Text = ""

    @model_validator(mode="after")
    def _bounds(self) -> Self:
        if self.at_most is None and self.at_least is None:
            raise ValueError("expected at_most, at_least or both, found neither")
        if self.at_most is not None and self.at_least is not None and self.at_least >= self.at_most:
            raise ValueError(f"expected at_least under at_most, found at_least = {self.at_least:g} and at_most = {self.at_most:g}: nothing is both")
        return self

    @property
    def sides(self) -> tuple[tuple[float, float], ...]:
        """Each bound as `(bound, sign)`: it holds where `sign · (readout - bound) <= 0`."""
        told = ((self.at_most, 1.0), (self.at_least, -1.0))
        return tuple((bound, sign) for bound, sign in told if bound is not None)

    def __str__(self) -> str:
        of = f" of {self.relative_to}'s" if self.relative_to is not None else ""
        bounds = [f"{word} {self._shown(bound)}{of}" for word, bound in (("at least", self.at_least), ("at most", self.at_most)) if bound is not None]
        likely = f", {self.probability:.0%} likely" if self.probability is not None else ""
        return f"{self.what} is {' and '.join(bounds)}{likely}" + (f" ({self.why})" if self.why else "")

    def _shown(self, bound: float) -> str:
        return f"{bound:.4g}" if self.relative_to is None else f"{100 * bound:.4g} %"
