"""Linear constraints between numeric factors, in the factors' own units."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from world_model.terms.constraint import Columns, Constraint, Fault, Levels, beyond, bound_of, numeric_faults, one_side
from world_model.terms.word import Name, Text

if TYPE_CHECKING:
    import numpy as np

    from world_model.terms.factors import Factor


class Linear(Constraint):
    """`sum(coefficient · factor)` at most, at least or equal to a number."""

    kind: Literal["linear"] = "linear"
    terms: dict[Name, float] = Field(min_length=1)
    at_most: float | None = None
    at_least: float | None = None
    equals: float | None = None
    why: Text = ""

    @model_validator(mode="after")
    def _one_side(self) -> Self:
        one_side(self)
        if all(weight == 0 for weight in self.terms.values()):
            raise ValueError("expected a coefficient that is not 0, found only zeros")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.terms)

    @property
    def bound(self) -> float:
        """What the sum is compared with."""
        return bound_of(self)

    @property
    def size(self) -> float:
        """What a violation is relative to."""
        return max(abs(self.bound), max(abs(weight) for weight in self.terms.values()), 1e-12)

    def violation(self, columns: Columns, levels: Levels | None = None) -> np.ndarray:
        import numpy as np

        gap = sum(weight * np.asarray(columns[name], dtype=float) for name, weight in self.terms.items()) - self.bound
        if self.at_least is not None:
            gap = -gap
        elif self.equals is not None:
            gap = np.abs(gap)
        return beyond(np.asarray(gap), self.size)

    def faults(self, factors: Mapping[str, Factor]) -> Iterator[Fault]:
        for name in self.terms:
            yield from numeric_faults(("terms", name), name, factors)

    def __str__(self) -> str:
        left = " + ".join(f"{weight:g}·{name}" if weight != 1 else name for name, weight in self.terms.items())
        side = "≤" if self.at_most is not None else "≥" if self.at_least is not None else "="
        return f"{left} {side} {self.bound:g}" + (f" ({self.why})" if self.why else "")
