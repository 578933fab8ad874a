"""How many of some factors may be other than 0, and how little each may then be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from world_model.terms.constraint import Columns, Constraint, Fault, Levels, numeric_faults
from world_model.terms.word import Name, Positive, Text

if TYPE_CHECKING:
    import numpy as np

    from world_model.terms.factors import Factor

Minimum = Positive | dict[Name, Positive]
NOTHING = 1e-9  # of a factor's largest value: at most this is 0


def minimum_of(minimum: float | Mapping[str, float] | None, name: str) -> float:
    """The least amount of a factor that is present; 0 where none is told."""
    if minimum is None:
        return 0.0
    return float(minimum.get(name, 0.0)) if isinstance(minimum, Mapping) else float(minimum)


def check_parts(of: Sequence[str], *, at_least: int | None, at_most: int | None, minimum: float | Mapping[str, float] | None) -> None:
    """Names once, counts that can be, minimums of the named factors.

    Raises:
        ValueError: what is wrong.
    """
    if len(set(of)) != len(of):
        raise ValueError(f"of: expected each factor once, found twice: {', '.join(sorted({name for name in of if of.count(name) > 1}))}")
    if at_least is not None and at_least > len(of):
        raise ValueError(f"at_least: expected at most {len(of)}, the number of factors in `of`, found {at_least}")
    if at_least is not None and at_most is not None and at_least > at_most:
        raise ValueError(f"at_least: expected at most at_most = {at_most}, found {at_least}")
    for name in minimum if isinstance(minimum, Mapping) else ():
        if name not in of:
            raise ValueError(f"minimum: expected factors of `of`, found {name!r}")


def part_faults(of: Sequence[str], minimum: float | Mapping[str, float] | None, factors: Mapping[str, Factor]) -> Iterator[Fault]:
    """Factors that can't be absent, or can't be present with their minimum."""
    for i, name in enumerate(of):
        found = list(numeric_faults(("of", i), name, factors))
        yield from found
        if found:
            continue
        low, high = factors[name].bounds  # type: ignore[union-attr]
        least = minimum_of(minimum, name)
        if low != 0 or factors[name].reason_against(0.0) is not None:
            yield Fault(keys=("of", i), expected="a factor that can be 0 and nothing below it", found=f"{name!r} from {low:g}", mend="Let its values begin at 0, or leave it out.")
        elif least > high:
            yield Fault(keys=("minimum",), expected=f"at most {high:g}, the largest {name}", found=f"{least:g}", mend="Lower the minimum or widen the factor.")


def parts_beyond(
    columns: Columns, of: Sequence[str], *, at_least: int | None, at_most: int | None, minimum: float | Mapping[str, float] | None
) -> np.ndarray:
    """`n`: how many parts too many or too few, plus how far the scarcest is below its minimum."""
    import numpy as np

    cells = np.stack([np.asarray(columns[name], dtype=float) for name in of], axis=1)
    present = np.abs(cells) > NOTHING
    count = present.sum(axis=1)
    told = np.maximum(count - (len(of) if at_most is None else at_most), 0) + np.maximum((at_least or 0) - count, 0).astype(float)
    least = np.array([minimum_of(minimum, name) for name in of])
    lacking = np.where(present & (cells < least * (1 - 1e-9)), (least - cells) / np.where(least > 0, least, 1.0), 0.0)
    return told + np.where(lacking.max(axis=1) > 1e-7, lacking.max(axis=1), 0.0)


def told_minimum(minimum: float | Mapping[str, float] | None) -> str:
    """`, each at least 0.1 where present`."""
    if minimum is None:
        return ""
    if isinstance(minimum, Mapping):
        return ", where present " + ", ".join(f"{name} ≥ {value:g}" for name, value in minimum.items())
    return f", each at least {minimum:g} where present"


class Cardinality(Constraint):
    """At least and at most so many of some factors other than 0, each at its `minimum` or more where it is present."""

    kind: Literal["cardinality"] = "cardinality"
    of: tuple[Name, ...] = Field(min_length=1)
    at_least: int | None = Field(None, ge=0)
    at_most: int | None = Field(None, ge=0)
    minimum: Minimum | None = Field(None, description="least amount where present, in the factor's unit: one for all, or factor → amount")
    why: Text = ""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.at_least is None and self.at_most is None and self.minimum is None:
            raise ValueError("expected at_least, at_most or minimum, found none of them")
        check_parts(self.of, at_least=self.at_least, at_most=self.at_most, minimum=self.minimum)
        return self

    @property
    def names(self) -> tuple[str, ...]:
        return self.of

    def violation(self, columns: Columns, levels: Levels | None = None) -> np.ndarray:
        return parts_beyond(columns, self.of, at_least=self.at_least, at_most=self.at_most, minimum=self.minimum)

    def faults(self, factors: Mapping[str, Factor]) -> Iterator[Fault]:
        yield from part_faults(self.of, self.minimum, factors)

    def __str__(self) -> str:
        return f"{counted(self.at_least, self.at_most)} of {shown(self.of)}{told_minimum(self.minimum)}" + (f" ({self.why})" if self.why else "")


def counted(at_least: int | None, at_most: int | None) -> str:
    """`2 to 5`, `at most 5`, `any number`."""
    if at_least is not None and at_most is not None:
        return f"exactly {at_least}" if at_least == at_most else f"{at_least} to {at_most}"
    return f"at least {at_least}" if at_least is not None else f"at most {at_most}" if at_most is not None else "any number"


def shown(of: Sequence[str]) -> str:
    """The names, the first eight of many."""
    return ", ".join(of[:8]) + (f", … ({len(of)} in all)" if len(of) > 8 else "")
