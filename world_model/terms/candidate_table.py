"""From a data frame to candidates: columns become factors, rows become candidates, nothing is guessed in silence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from world_model.terms.errors import SpaceError, nearest
from world_model.terms.factors import Categorical, Continuous, Descriptors, Discrete, Factor
from world_model.terms.space import MOST_DISCRETE_VALUES, Candidates

if TYPE_CHECKING:
    from collections.abc import Hashable


def read_candidates(
    frame: pd.DataFrame, *, descriptors: Mapping[str, pd.DataFrame], declared: Mapping[str, Factor]
) -> tuple[tuple[Factor, ...], Candidates]:
    """Factors and candidates of a table.

    Raises:
        SpaceError: as `SearchSpace.from_table` says.
    """
    if not len(frame) or not len(frame.columns):
        raise SpaceError(f"Expected a table of candidates, found {len(frame)} rows and {len(frame.columns)} columns.")
    for kind, named in (("descriptors", descriptors), ("a factor", declared)):
        for name in named:
            if name not in frame.columns:
                raise SpaceError(f"Expected {kind} for a column of the table, found {name!r}. {nearest(name, map(str, frame.columns))}")
    if not frame.index.is_unique:
        label: Hashable = frame.index[frame.index.duplicated()][0]
        raise SpaceError(f"Expected each row label once, found {label!r} twice. Number the rows (reset_index).")
    gaps = frame.isna()
    if gaps.to_numpy().any():
        row, column = map(int, np.argwhere(gaps.to_numpy())[0])
        raise SpaceError(
            f"Expected a value in every cell, found {int(gaps.to_numpy().sum())} missing, the first in row {frame.index[row]!r}, "
            f"column {frame.columns[column]!r}. Fill it in or leave the row out."
        )
    factors: list[Factor] = []
    columns: dict[str, np.ndarray] = {}
    for name in frame.columns:
        factor, cells = _read_column(str(name), frame[name], descriptors.get(name), declared.get(name))
        factors.append(factor)
        columns[str(name)] = cells
    coded = pd.DataFrame(columns)
    twice = coded.duplicated(keep=False).to_numpy()
    if twice.any():
        first = int(np.flatnonzero(twice)[0])
        same = np.flatnonzero((coded.to_numpy() == coded.to_numpy()[first]).all(axis=1))
        raise SpaceError(
            f"Expected each candidate once, found {int(coded.duplicated().sum())} repeated rows: rows {frame.index[same[0]]!r} and "
            f"{frame.index[same[1]]!r} are equal. Drop the repeats; replicates are asked for by the campaign."
        )
    return tuple(factors), Candidates(labels=frame.index.to_numpy(), columns=columns)


def _read_column(
    name: str, column: pd.Series, descriptors: pd.DataFrame | None, declared: Factor | None
) -> tuple[Factor, np.ndarray]:
    numeric = pd.api.types.is_numeric_dtype(column) and descriptors is None
    if declared is not None and isinstance(declared, Categorical):
        numeric = False
    if numeric:
        cells = column.to_numpy(dtype=float)
        if not np.isfinite(cells).all():
            raise SpaceError(f"Expected finite numbers in column {name!r}, found {column.to_numpy()[~np.isfinite(cells)][0]!r}.")
        factor = declared or _numeric_factor(name, cells)
        if declared is not None:
            for cell in np.unique(cells):
                if (reason := declared.reason_against(float(cell))) is not None:
                    raise SpaceError(f"Column {name!r}: {reason}.")
        return factor, cells
    if declared is not None and not isinstance(declared, Categorical):
        bad = next((cell for cell in column if not _is_number(cell)), None)
        raise SpaceError(f"Expected numbers in column {name!r} ({declared.kind}), found {bad!r}.")
    codes, found = pd.factorize(column.astype(str), sort=True)
    levels = tuple(str(level) for level in found)
    if declared is not None:
        unknown = sorted(set(levels) - set(declared.levels))
        if unknown:
            raise SpaceError(f"Column {name!r}: {declared.reason_against(unknown[0])}")
        where = {level: i for i, level in enumerate(declared.levels)}
        codes = np.array([where[level] for level in levels])[codes]
        return declared, codes.astype(np.int32)
    told = None if descriptors is None else read_descriptors(name, descriptors, levels)
    return Categorical(name=name, levels=levels, descriptors=told), codes.astype(np.int32)


def read_descriptors(name: str, frame: pd.DataFrame, levels: tuple[str, ...]) -> Descriptors:
    """The descriptors of a factor's levels; the frame's index holds the levels.

    Raises:
        SpaceError: a level without a row, a level twice, or a cell that is no finite number.
    """
    frame = frame.set_axis(frame.index.map(str), axis=0)
    if not frame.index.is_unique:
        raise SpaceError(f"Expected one row of descriptors for each level of {name!r}, found {frame.index[frame.index.duplicated()][0]!r} twice.")
    missing = [level for level in levels if level not in frame.index]
    if missing:
        raise SpaceError(f"Expected descriptors for each level of {name!r}, found none for {missing[0]!r}. {nearest(missing[0], frame.index)}")
    rows = frame.loc[list(levels)].apply(pd.to_numeric, errors="coerce")
    cells = rows.to_numpy(dtype=float)
    if not np.isfinite(cells).all():
        row, column = map(int, np.argwhere(~np.isfinite(cells))[0])
        raise SpaceError(
            f"Expected numbers as descriptors of {name!r}, found {frame.loc[levels[row]].iloc[column]!r} for level {levels[row]!r}, "
            f"descriptor {frame.columns[column]!r}. Drop the descriptor or fill it in."
        )
    return Descriptors(names=tuple(map(str, frame.columns)), values=dict(zip(levels, map(tuple, cells.tolist()), strict=True)))


def _numeric_factor(name: str, cells: np.ndarray) -> Factor:
    levels = np.unique(cells)
    if len(levels) <= MOST_DISCRETE_VALUES:
        return Discrete(name=name, values=tuple(levels.tolist()))
    return Continuous(name=name, low=float(levels[0]), high=float(levels[-1]))


def _is_number(cell: object) -> bool:
    return isinstance(cell, int | float | np.number) and not isinstance(cell, bool)
