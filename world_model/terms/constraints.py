"""Linear constraints between numeric factors, in the factors' own units."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from world_model.terms.word import Name, Text, Word

if TYPE_CHECKING:
    import numpy as np


class Linear(Word):
    """`sum(coefficient · factor)` at most, at least or equal to a number."""

    kind: Literal["linear"] = "linear"
    terms: dict[Name, float] = Field(min_length=1)
    at_most: float | None = None
    at_least: float | None = None
    equals: float | None = None
    why: Text = ""

    @model_validator(mode="after")
    def _one_side(self) -> Self:
        given = [side for side in ("at_most", "at_least", "equals") if getattr(self, side) is not None]
        if len(given) != 1:
            raise ValueError(f"expected exactly one of at_most, at_least, equals, found {given or 'none'}")
        if all(weight == 0 for weight in self.terms.values()):
            raise ValueError("expected a coefficient that is not 0, found only zeros")
        return self

    def violation(self, columns: Mapping[str, np.ndarray]) -> np.ndarray:
        """How far each row is beyond the bound: `n`, 0 where it holds, relative to the constraint's own size."""
        import numpy as np

        total = sum(weight * np.asarray(columns[name], dtype=float) for name, weight in self.terms.items())
        bound = next(side for side in (self.at_most, self.at_least, self.equals) if side is not None)
        size = max(abs(bound), max(abs(weight) for weight in self.terms.values()), 1e-12)
        gap = total - bound
        if self.at_least is not None:
            gap = -gap
        elif self.equals is not None:
            gap = np.abs(gap)
        beyond = np.maximum(gap, 0.0) / size
        return np.where(beyond > 1e-7, beyond, 0.0)

    def __str__(self) -> str:
        left = " + ".join(f"{weight:g}·{name}" if weight != 1 else name for name, weight in self.terms.items())
        side = "≤" if self.at_most is not None else "≥" if self.at_least is not None else "="
        bound = next(value for value in (self.at_most, self.at_least, self.equals) if value is not None)
        return f"{left} {side} {bound:g}" + (f" ({self.why})" if self.why else "")
