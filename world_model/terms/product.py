"""A product of powers of factors against a number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from world_model.terms.constraint import Columns, Constraint, Fault, Levels, beyond, bound_of, numeric_faults, one_side
from world_model.terms.word import Name, Text

if TYPE_CHECKING:
    import numpy as np

    from world_model.terms.factors import Factor


class Product(Constraint):
    """`factor ^ power · …` at most, at least or equal to a number above 0: `powers = { flow = 1, time = 1 }, at_most = 40`."""

    kind: Literal["product"] = "product"
    powers: dict[Name, float] = Field(min_length=1)
    at_most: float | None = Field(None, gt=0)
    at_least: float | None = Field(None, gt=0)
    equals: float | None = Field(None, gt=0)
    why: Text = ""

    @model_validator(mode="after")
    def _one_side(self) -> Self:
        one_side(self)
        if any(power == 0 for power in self.powers.values()):
            raise ValueError("expected powers that are not 0, found one that is; leave that factor out")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.powers)

    @property
    def bound(self) -> float:
        """What the product is compared with."""
        return bound_of(self)

    def of(self, columns: Columns) -> np.ndarray:
        """The product itself, `n`; a 0 under a negative power makes it infinite."""
        import numpy as np

        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            told = np.prod([np.asarray(columns[name], dtype=float) ** power for name, power in self.powers.items()], axis=0)
        return np.nan_to_num(told, nan=np.inf, posinf=np.inf)

    def violation(self, columns: Columns, levels: Levels | None = None) -> np.ndarray:
        import numpy as np

        gap = self.of(columns) - self.bound
        if self.at_least is not None:
            gap = -gap
        elif self.equals is not None:
            gap = np.abs(gap)
        return beyond(gap, self.bound)

    def faults(self, factors: Mapping[str, Factor]) -> Iterator[Fault]:
        for name, power in self.powers.items():
            found = list(numeric_faults(("powers", name), name, factors))
            yield from found
            if found:
                continue
            low = factors[name].bounds[0]  # type: ignore[union-attr]
            if low < 0 or (low == 0 and power < 0):
                yield Fault(
                    keys=("powers", name), expected=f"a factor of {'more than' if power < 0 else 'at least'} 0 in a product", found=f"{name!r} from {low:g}",
                    mend="Raise its low end.",
                )  # fmt: skip

    def __str__(self) -> str:
        left = " · ".join(name if power == 1 else f"{name}^{power:g}" for name, power in self.powers.items())
        side = "≤" if self.at_most is not None else "≥" if self.at_least is not None else "="
        return f"{left} {side} {self.bound:g}" + (f" ({self.why})" if self.why else "")
