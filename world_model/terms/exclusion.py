"""Combinations that may not occur."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from world_model.terms.condition import Condition, told_together
from world_model.terms.constraint import Columns, Constraint, Fault, Levels
from world_model.terms.errors import nearest
from world_model.terms.word import Name, Text

if TYPE_CHECKING:
    import numpy as np

    from world_model.terms.factors import Factor


class Exclude(Constraint):
    """No experiment in which all of these conditions hold at once: `when = { solvent = "DMF", temperature = { above = 80 } }`."""

    kind: Literal["exclude"] = "exclude"
    when: dict[Name, Condition] = Field(min_length=1)
    why: Text = ""

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.when)

    def violation(self, columns: Columns, levels: Levels | None = None) -> np.ndarray:
        import numpy as np

        told = levels or {}
        held = [condition.holds(columns[name], told.get(name)) for name, condition in self.when.items()]
        return np.logical_and.reduce(held).astype(float)

    def faults(self, factors: Mapping[str, Factor]) -> Iterator[Fault]:
        from world_model.terms.factors import Categorical

        for name, condition in self.when.items():
            if name not in factors:
                yield Fault(keys=("when", name), expected="a factor's name", found=repr(name), mend=nearest(name, factors))
            elif (said := condition.fault(factors[name])) is not None:
                expected, _, found = said.removeprefix("expected ").partition(", found ")
                yield Fault(keys=("when", name), expected=expected, found=found.rstrip("."))
            elif len(self.when) == 1 and isinstance(factor := factors[name], Categorical) and set(condition.levels) == set(factor.levels):
                yield Fault(keys=("when", name), expected="an exclusion that leaves a level", found=f"every level of {name!r} excluded", mend="Leave one out.")

    def __str__(self) -> str:
        return f"never {told_together(self.when)}" + (f" ({self.why})" if self.why else "")
