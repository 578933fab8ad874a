"""Reading a measured table: the file, its numbers and its levels, each mistake with its row."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from world_model.terms.errors import ResultsError, nearest

if TYPE_CHECKING:
    import pandas as pd

# Numbers that differ by less than this, relative to their size, are one setting: files are written with rounding.
SAME = 1e-9


class Levels(NamedTuple):
    """The distinct values of a numeric column, sorted, and each cell's own: `n`."""

    distinct: np.ndarray
    cells: np.ndarray


def read_table(path: Path) -> pd.DataFrame:
    """A CSV (UTF-8, with or without a byte order mark) or Parquet file as a frame.

    Raises:
        ResultsError: no such file, another kind of file, or one that can't be read.
    """
    import pandas as pd

    if not path.is_file():
        near = nearest(path.name, (item.name for item in path.parent.glob("*") if item.is_file())) if path.parent.is_dir() else ""
        raise ResultsError(f"Expected a table (CSV or Parquet), found no file {str(path)!r}. {near}".rstrip())
    try:
        if path.suffix.lower() in (".parquet", ".pq"):
            return pd.read_parquet(path)
        if path.suffix.lower() in (".csv", ".txt"):
            return pd.read_csv(path, encoding="utf-8-sig")
    except Exception as fault:  # every reader has its own exceptions; all mean that the file is not what its name says
        raise ResultsError(f"Expected a table in {path.name}, found something that can't be read: {fault}") from fault
    raise ResultsError(f"Expected a .csv or .parquet file, found {path.name!r}.")


def numbers_of(column: pd.Series, name: str, source: str) -> np.ndarray:
    """A column as finite numbers, `n`; a cell that is none is refused with its row."""
    import pandas as pd

    cells: np.ndarray = pd.to_numeric(column, errors="coerce").to_numpy(dtype=float)
    bad = np.nonzero(~np.isfinite(cells))[0]
    if len(bad):
        raise ResultsError(f"{source}, row {line(int(bad[0]))}: expected a number in column {name!r}, found {column.iloc[int(bad[0])]!r}.")
    return cells


def texts(column: pd.Series, name: str, source: str) -> np.ndarray:
    """A column as level names, `n`; an empty cell is refused with its row."""
    bad = np.nonzero(column.isna().to_numpy())[0]
    if len(bad):
        raise ResultsError(f"{source}, row {line(int(bad[0]))}: expected a level in column {name!r}, found nothing.")
    return np.array([str(cell) for cell in column], dtype=object)


def levels(cells: np.ndarray) -> Levels:
    """A numeric column's levels, values within `SAME` of each other joined."""
    sorted_cells = np.unique(cells)
    gaps = np.diff(sorted_cells) > SAME * np.maximum(np.abs(sorted_cells[1:]), np.abs(sorted_cells[:-1]))
    group = np.concatenate([[0], np.cumsum(gaps)])
    distinct: np.ndarray = sorted_cells[np.searchsorted(group, np.arange(group[-1] + 1))]
    return Levels(distinct=distinct, cells=distinct[group[np.searchsorted(sorted_cells, cells)]])


def line(position: int) -> int:
    """A row as a spreadsheet counts it: the header is row 1."""
    return position + 2
