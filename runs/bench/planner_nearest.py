"""For planners that take no table of candidates: their points move to the nearest row that is left."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import pandas as pd

from .planner_problem import Problem


class NearestRow:
    """The row of a planner's settings: itself where the table has it and it is free, else the nearest free one in the unit cube.

    `moved` counts those that were moved.
    """

    def __init__(self, problem: Problem) -> None:
        self._problem, self.moved = problem, 0
        self._columns = list(problem.table.columns)
        self._row = {self._key(row): i for i, row in enumerate(problem.table.to_dict("records"))}

    def settings(self, row: int) -> dict[str, float | str]:
        """A row's settings as plain values."""
        told = self._problem.table.iloc[row]
        return {column: float(told[column]) if self.is_number(column) else str(told[column]) for column in self._columns}

    def is_number(self, column: str) -> bool:
        return bool(pd.api.types.is_numeric_dtype(self._problem.table[column]))

    def is_grid(self) -> bool:
        """Whether the table is the full product of its columns' values."""
        return int(np.prod([float(self._problem.table[column].nunique()) for column in self._columns])) == len(self._problem)

    def __call__(self, settings: Mapping[str, Any], taken: Collection[int]) -> int:
        row = self._row.get(self._key(settings))
        if row is not None and row not in taken:
            return row
        self.moved += 1
        gap = np.square(self._problem.unit - self._point(settings)).sum(axis=1)
        gap[list(taken)] = np.inf
        return int(gap.argmin())

    def _point(self, settings: Mapping[str, Any]) -> np.ndarray:
        """A planner's settings in the unit cube, as the table's rows are: levels look like any row that has them."""
        parts, start = [], 0
        for column in self._columns:
            cells = self._problem.table[column]
            if column in self._problem.descriptors or not self.is_number(column):
                width = self._problem.descriptors[column].shape[1] if column in self._problem.descriptors else cells.nunique()
                like = int(np.flatnonzero((cells.astype(str) == str(settings[column])).to_numpy())[0])
                parts.append(self._problem.unit[like, start : start + width])
            else:
                width, low, high = 1, float(cells.min()), float(cells.max())
                parts.append(np.array([(float(settings[column]) - low) / ((high - low) or 1.0)]))
            start += width
        return np.concatenate(parts)

    def _key(self, settings: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple(round(float(settings[column]), 9) if self.is_number(column) else str(settings[column]) for column in self._columns)
