"""A constraint that is a function of the user's own: in a program only, never in a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from world_model.terms.constraint import Columns, Constraint, Fault, Levels
from world_model.terms.errors import SpaceError, nearest
from world_model.terms.word import Name, Text

if TYPE_CHECKING:
    import numpy as np

    from world_model.terms.factors import Factor

IN_A_PROGRAM = (
    "Functions live in a program: `import nextwell as nw`, then nw.Campaign(space=nw.SearchSpace(factors=…, constraints=[nw.Custom(name=…, of=…, "
    "allows=function)]), …). Most rules can be said in a file with kind = 'linear', 'product', 'exclude', 'cardinality' or 'mixture'."
)


class Custom(Constraint):
    """What a function allows: it gets the values of the factors in `of` by name and says True or False.

    Nothing is known of the function but its answers, so points are found by trial. A campaign's journal keeps its name, not its code.
    """

    kind: Literal["custom"] = "custom"
    name: Name
    of: tuple[Name, ...] = Field(min_length=1)
    allows: Callable[[dict[str, Any]], bool] | None = Field(None, exclude=True, repr=False, description="values by factor → True where they may be asked for")
    why: Text = ""

    @property
    def names(self) -> tuple[str, ...]:
        return self.of

    @property
    def told_only(self) -> bool:
        """True where it was read back from a journal, which keeps no code."""
        return self.allows is None

    def violation(self, columns: Columns, levels: Levels | None = None) -> np.ndarray:
        import numpy as np

        if self.allows is None:
            raise SpaceError(f"Expected the function of constraint {self.name!r}, found only its name. {IN_A_PROGRAM}")
        cells = []
        for name in self.of:
            column = np.asarray(columns[name])
            told = (levels or {}).get(name)
            cells.append([told[int(code)] for code in column] if told is not None and column.dtype.kind in "iuf" else column.tolist())
        return np.array([0.0 if self._answer(dict(zip(self.of, row, strict=True))) else 1.0 for row in zip(*cells, strict=True)])

    def _answer(self, values: dict[str, Any]) -> bool:
        import numpy as np

        assert self.allows is not None
        try:
            answer = self.allows(values)
        except Exception as fault:
            raise SpaceError(f"Expected constraint {self.name!r} to answer True or False, found {type(fault).__name__}: {fault}, asked about {values}.") from fault
        if not isinstance(answer, bool | np.bool_):
            raise SpaceError(f"Expected constraint {self.name!r} to answer True or False, found {answer!r}, asked about {values}.")
        return bool(answer)

    def faults(self, factors: Mapping[str, Factor]) -> Iterator[Fault]:
        for i, name in enumerate(self.of):
            if name not in factors:
                yield Fault(keys=("of", i), expected="a factor's name", found=repr(name), mend=nearest(name, factors))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Custom) and (self.name, self.of, self.why) == (other.name, other.of, other.why)

    def __hash__(self) -> int:
        return hash((self.name, self.of))

    def __str__(self) -> str:
        return f"{self.name} allows {', '.join(self.of)}" + (f" ({self.why})" if self.why else "")
