"""Parts of a whole: amounts that sum to a total, a few of many."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from world_model.terms.cardinality import Cardinality, Minimum, check_parts, counted, part_faults, parts_beyond, shown, told_minimum
from world_model.terms.constraint import Columns, Constraint, Fault, Levels, numeric_faults
from world_model.terms.constraints import Linear
from world_model.terms.word import Name, Positive, Text

if TYPE_CHECKING:
    import numpy as np

    from world_model.terms.factors import Factor


class Mixture(Constraint):
    """Factors that sum to a total; at least and at most so many present, each at its `minimum` or more then."""

    kind: Literal["mixture"] = "mixture"
    of: tuple[Name, ...] = Field(min_length=2)
    total: Positive = 1.0
    at_least: int | None = Field(None, ge=1)
    at_most: int | None = Field(None, ge=1)
    minimum: Minimum | None = Field(None, description="least amount where present, in the factor's unit: one for all, or factor → amount")
    why: Text = ""

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        check_parts(self.of, at_least=self.at_least, at_most=self.at_most, minimum=self.minimum)
        return self

    @property
    def names(self) -> tuple[str, ...]:
        return self.of

    @property
    def whole(self) -> Linear:
        """The sum alone."""
        return Linear(terms=dict.fromkeys(self.of, 1.0), equals=self.total, why=self.why)

    @property
    def parts(self) -> Cardinality | None:
        """The count and the minimums alone; None where any number of any size may be present."""
        if self.at_least is None and self.at_most is None and self.minimum is None:
            return None
        return Cardinality(of=self.of, at_least=self.at_least, at_most=self.at_most, minimum=self.minimum, why=self.why)

    def violation(self, columns: Columns, levels: Levels | None = None) -> np.ndarray:
        told = self.whole.violation(columns)
        if self.parts is None:
            return told
        return told + parts_beyond(columns, self.of, at_least=self.at_least, at_most=self.at_most, minimum=self.minimum)

    def faults(self, factors: Mapping[str, Factor]) -> Iterator[Fault]:
        if self.parts is not None:
            yield from part_faults(self.of, self.minimum, factors)
            return
        for i, name in enumerate(self.of):
            yield from numeric_faults(("of", i), name, factors)

    def __str__(self) -> str:
        told = f", {counted(self.at_least, self.at_most)} of them" if self.at_least is not None or self.at_most is not None else ""
        return f"{shown(self.of)} sum to {self.total:g}{told}{told_minimum(self.minimum)}" + (f" ({self.why})" if self.why else "")
