"""A PEtab condition table as factors: numbers that vary, on a scale on which they can be learned across; what is constant is left out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from world_model.terms.errors import SpaceError
from world_model.terms.factors import Categorical, Discrete, Factor

if TYPE_CHECKING:
    import pandas as pd

_DECADE = 10.0  # positive numbers that span this much are amounts that act by their logarithm
_ABSENT = "as in the model"

Cell = float | str


@dataclass(frozen=True)
class PetabColumn:
    """One column of the condition table that varies.

    Attributes:
        column: its name in the table.
        factor: what it is called and can take in the space.
        reference: r of the factor's value lg(1 + x / r), which keeps zero and is a logarithm far above r; None where x stands as it is.
        follows: columns that say the same: column → its cell for each of this column's cells.
    """

    column: str
    factor: Factor
    reference: float | None
    follows: Mapping[str, Mapping[Cell, Cell]]

    def encoded(self, cell: Cell) -> Cell:
        """A cell of the table as the factor's value."""
        if isinstance(cell, str) or self.reference is None:
            return cell
        return float(np.log10(1.0 + cell / self.reference))

    def decoded(self, value: Cell) -> Cell:
        """The inverse of `encoded`; values between the table's are welcome."""
        if isinstance(self.factor, Categorical):
            return value
        number = float(value)
        if self.reference is not None:
            number = float(self.reference * (10.0**number - 1.0))
            number = 0.0 if abs(number) < 1e-9 * self.reference else number
        known = np.array(sorted(cell for cell in self.cells() if not isinstance(cell, str)))
        near = float(known[np.abs(known - number).argmin()])
        return near if abs(near - number) <= 1e-9 * max(abs(near), abs(number)) else number

    def cells(self) -> list[Cell]:
        """The table's own cells."""
        if isinstance(self.factor, Categorical):
            return list(self.factor.levels)
        values = np.asarray(self.factor.values, dtype=float) if isinstance(self.factor, Discrete) else np.zeros(0)
        return list((values if self.reference is None else self.reference * (10.0**values - 1.0)).tolist())

    def overrides(self, value: Cell) -> dict[str, Cell]:
        """What the factor's value sets in the model: this column, and those that follow it (between the table's cells, linearly)."""
        cell = self.decoded(value)
        told: dict[str, Cell] = {self.column: cell}
        for column, by_cell in self.follows.items():
            near = next((other for own, other in by_cell.items() if _same(own, cell)), None)
            if near is None and not isinstance(cell, str) and not any(isinstance(x, str) for pair in by_cell.items() for x in pair):
                order = sorted((float(own), float(other)) for own, other in by_cell.items())
                near = float(np.interp(cell, [own for own, _ in order], [other for _, other in order]))
            told[column] = near if near is not None else cell
        return {name: told_cell for name, told_cell in told.items() if told_cell != _ABSENT}


def read_columns(conditions: pd.DataFrame, *, prefix: str = "") -> list[PetabColumn]:
    """The columns of a table of conditions (one row each, index their ids) that vary.

    Args:
        prefix: of the factors' names.

    Raises:
        SpaceError: a column whose name can't become a factor's.
    """
    found: list[PetabColumn] = []
    cells_of: dict[str, list[Cell]] = {}
    for column in conditions.columns:
        if column == "conditionName":
            continue
        cells = [read_cell(cell) for cell in conditions[column]]
        if len(set(cells)) < 2:
            continue
        twin = next((kept for kept in cells_of if _same_split(cells_of[kept], cells)), None)
        if twin is not None:
            i = next(i for i, one in enumerate(found) if one.column == twin)
            by_cell = dict(zip(cells_of[twin], cells, strict=True))
            found[i] = PetabColumn(found[i].column, found[i].factor, found[i].reference, {**found[i].follows, column: by_cell})
            continue
        cells_of[column] = cells
        found.append(_column(column, cells, prefix=prefix))
    return found


def read_cell(cell: object) -> Cell:
    """A number, the id of a parameter, or what stands for an empty cell."""
    try:
        number = float(cell)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return str(cell).strip()
    return _ABSENT if np.isnan(number) else number


def _column(column: str, cells: Sequence[Cell], *, prefix: str) -> PetabColumn:
    name = _name(f"{prefix}{column}")
    if any(isinstance(cell, str) for cell in cells):
        levels = tuple(dict.fromkeys(str(cell) for cell in cells))
        return PetabColumn(column, Categorical(name=name, levels=levels), None, {})
    numbers = sorted({float(cell) for cell in cells})
    positive = [number for number in numbers if number > 0]
    wide = len(positive) > 1 and positive[-1] / positive[0] >= _DECADE and numbers[0] >= 0
    if wide and numbers[0] > 0:
        return PetabColumn(column, Discrete(name=name, values=tuple(numbers), scale="log"), None, {})
    if wide:
        reference = positive[0]
        values = tuple(float(np.log10(1.0 + number / reference)) for number in numbers)
        return PetabColumn(column, Discrete(name=_name(f"{prefix}{column} lg(1+x/{reference:.4g})"), values=values), reference, {})
    return PetabColumn(column, Discrete(name=name, values=tuple(numbers)), None, {})


def _name(told: str) -> str:
    cleaned = re.sub(r"[^A-Za-z0-9 _+\-./%()]", "_", told)
    cleaned = cleaned if cleaned[:1].isalpha() else f"c{cleaned}"
    if len(cleaned) > 64:
        raise SpaceError(f"Expected a condition column of at most 64 characters with its scale, found {told!r}. Rename it.")
    return cleaned


def _same(a: Cell, b: Cell) -> bool:
    if isinstance(a, str) or isinstance(b, str):
        return a == b
    return abs(a - b) <= 1e-9 * max(abs(a), abs(b))


def _same_split(a: Sequence[Cell], b: Sequence[Cell]) -> bool:
    """True where two columns tell the same conditions apart, in the same order where both are numbers."""
    pairs = set(zip(a, b, strict=True))
    if len(pairs) != len(set(a)) or len(pairs) != len(set(b)):
        return False
    if any(isinstance(x, str) for pair in pairs for x in pair):
        return True
    ordered = [other for _, other in sorted((float(x), float(y)) for x, y in pairs)]
    return ordered == sorted(ordered)
