"""A condition on one factor: some of its levels, some values, or a range."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

from pydantic import Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from world_model.terms.word import Word

if TYPE_CHECKING:
    import numpy as np

    from world_model.terms.factors import Factor

_SIDES = {"above": ">", "at_least": "≥", "below": "<", "at_most": "≤"}
SAME = 1e-9  # of a value's size: nearer than this two numbers are one


class Condition(Word):
    """True where a factor has one of the levels or values, or lies in the range. Written short: `"DMF"`, `["DMF", "water"]`, `3`,
    `[1, 2]`, `{ above = 80 }`, `{ at_least = 5, below = 7 }`."""

    levels: tuple[str, ...] = ()
    values: tuple[float, ...] = ()
    above: float | None = None
    at_least: float | None = None
    below: float | None = None
    at_most: float | None = Field(None)

    @model_validator(mode="before")
    @classmethod
    def _from_short(cls, given: object) -> object:
        if isinstance(given, str):
            return {"levels": (given,)}
        if isinstance(given, int | float) and not isinstance(given, bool):
            return {"values": (float(given),)}
        if isinstance(given, list | tuple):
            if given and all(isinstance(part, str) for part in given):
                return {"levels": tuple(given)}
            if given and all(isinstance(part, int | float) and not isinstance(part, bool) for part in given):
                return {"values": tuple(float(part) for part in given)}
            raise ValueError(f"expected levels or numbers in a list, found {list(given)!r}")
        if isinstance(given, dict):
            # a strict reader takes a tuple only, for what comes out of this function is no longer JSON to it
            return {key: tuple(value) if isinstance(value, list) else value for key, value in given.items()}
        return given

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = [bool(self.levels), bool(self.values), bool(self.sides)]
        if sum(ways) != 1:
            raise ValueError("expected a level, a value, a list of them, or a range such as { above = 80 }, found " + ("none" if not any(ways) else "several at once"))
        if {"above", "at_least"} <= set(self.sides) or {"below", "at_most"} <= set(self.sides):
            raise ValueError(f"expected one lower and one upper end at most, found {', '.join(self.sides)}")
        low, high = self.low, self.high
        if low is not None and high is not None and low > high:
            raise ValueError(f"expected a range that holds a value, found {self}")
        return self

    @property
    def sides(self) -> dict[str, float]:
        """The ends that were given."""
        return {side: value for side in _SIDES if (value := getattr(self, side)) is not None}

    @property
    def low(self) -> float | None:
        """The lower end of a range, whether it belongs to it or not."""
        return self.above if self.above is not None else self.at_least

    @property
    def high(self) -> float | None:
        """The upper end of a range, whether it belongs to it or not."""
        return self.below if self.below is not None else self.at_most

    def holds(self, cells: np.ndarray, levels: Sequence[str] | None = None) -> np.ndarray:
        """`n` flags.

        Args:
            cells: `n` numbers, level names, or codes of levels.
            levels: what the codes stand for.
        """
        import numpy as np

        cells = np.asarray(cells)
        if self.levels:
            if levels is not None and cells.dtype.kind in "iuf":
                return np.isin(cells, [levels.index(level) for level in self.levels])
            return np.isin(cells.astype(str), self.levels)
        numbers = cells.astype(float)
        if self.values:
            wanted = np.array(self.values)
            return (np.abs(numbers[:, None] - wanted) <= SAME * np.maximum(np.abs(wanted), 1e-3)).any(axis=1)
        fine = np.ones(len(numbers), dtype=bool)
        for side, bound in self.sides.items():
            slack = SAME * max(abs(bound), 1e-3)
            match side:
                case "above":
                    fine &= numbers > bound + slack
                case "at_least":
                    fine &= numbers >= bound - slack
                case "below":
                    fine &= numbers < bound - slack
                case "at_most":
                    fine &= numbers <= bound + slack
        return fine

    def fault(self, factor: Factor) -> str | None:
        """Why a factor can never be told by this condition, or None: `expected …, found …`."""
        from world_model.terms.errors import nearest
        from world_model.terms.factors import Categorical

        if isinstance(factor, Categorical):
            if not self.levels:
                return f"expected levels of {factor.name!r}, found {self}"
            unknown = [level for level in self.levels if level not in factor.levels]
            return f"expected levels of {factor.name!r}, found {unknown[0]!r}. {nearest(unknown[0], factor.levels)}" if unknown else None
        if self.levels:
            return f"expected a value or a range of the numeric factor {factor.name!r}, found {self.levels[0]!r}"
        for value in self.values:
            if (reason := factor.reason_against(value)) is not None:
                return reason
        return None

    def told(self, name: str) -> str:
        """As a phrase: `solvent is DMF or water`, `80 < temperature ≤ 90`."""
        if self.levels or self.values:
            members = self.levels or tuple(f"{value:g}" for value in self.values)
            return f"{name} is {' or '.join(members)}"
        if self.low is not None and self.high is not None:
            left = "<" if self.above is not None else "≤"
            right = "<" if self.below is not None else "≤"
            return f"{self.low:g} {left} {name} {right} {self.high:g}"
        side, bound = next(iter(self.sides.items()))
        return f"{name} {_SIDES[side]} {bound:g}"

    def __str__(self) -> str:
        return self.told("x").removeprefix("x is ").removeprefix("x ")

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        whole = handler(core)
        scalars: list[dict[str, Any]] = [{"type": "string"}, {"type": "number"}]
        return {"anyOf": [*scalars, *({"type": "array", "items": kind} for kind in scalars), whole]}


Conditions = Mapping[str, Condition]


def told_together(conditions: Conditions) -> str:
    """All conditions as one phrase."""
    return " and ".join(condition.told(name) for name, condition in conditions.items())
