"""A measured table as a problem: the rows that a planner may choose, and what each of them gave."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
import pandas as pd
from pydantic import Field, ValidationError

from world_model.terms.errors import NextwellError, nearest
from world_model.terms.word import Name, Text, Word

if TYPE_CHECKING:
    from collections.abc import Iterable

TOP = 10  # rows that count as the best, where a problem does not say


class ProblemFile(Word):
    """A problem as TOML; paths are relative to the file.

    `factors` are the columns that a planner sees, by default every column but the target, the label and `leave_out`. `goal` holds
    keys of a campaign's goal over `readout` and `direction`, for nextwell alone.
    """

    name: Name | None = Field(None, description="else the file's stem")
    table: Text
    target: Text
    direction: Literal["max", "min"] = "max"
    label: Text | None = None
    factors: tuple[Text, ...] = ()
    leave_out: tuple[Text, ...] = ()
    descriptors: dict[Text, Text] = Field(default_factory=dict, description="factor → CSV whose first column holds the levels")
    hits: Text | None = Field(None, description="file of the labels that count as hits, one a line")
    top: int = Field(TOP, ge=1)
    batches: tuple[int, ...] = Field((), description="batch sizes for this problem, over those of the run")
    budget: int | None = Field(None, ge=2, description="experiments, the initial ones among them")
    goal: dict[str, Any] = Field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Attributes:
    table: `n` rows, a column a factor, numbered from 0.
    y: `n`, bigger is better: the target, negated where the smallest is wanted.
    unit: `n x u`, the factors in the unit cube: numbers by their range, descriptors by theirs, other levels one-hot.
    hits: `n` flags, None where nobody says what a hit is.
    notes: what was left out or averaged.
    """

    name: str
    table: pd.DataFrame
    target: str
    direction: Literal["max", "min"]
    y: np.ndarray
    unit: np.ndarray
    descriptors: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    hits: np.ndarray | None = None
    top: int = TOP
    goal: Mapping[str, Any] = field(default_factory=dict)
    batches: tuple[int, ...] = ()
    budget: int | None = None
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.y)

    @property
    def span(self) -> float:
        """From the median row to the best one: regret 1 to regret 0."""
        return float(self.y.max() - np.median(self.y))

    def digest(self) -> str:
        """Of everything that a run depends on."""
        sha = hashlib.sha256(self.y.tobytes() + self.unit.tobytes())
        sha.update(repr((self.direction, sorted(self.goal.items()), list(self.table.columns))).encode())
        return sha.hexdigest()[:16]

    @classmethod
    def of(
        cls, frame: pd.DataFrame, *, name: str, target: str, direction: Literal["max", "min"] = "max", descriptors: Mapping[str, pd.DataFrame] | None = None,
        label: str | None = None, factors: Sequence[str] = (), leave_out: Sequence[str] = (), hits: Iterable[str] | None = None, top: int = TOP,
        goal: Mapping[str, Any] | None = None, batches: tuple[int, ...] = (), budget: int | None = None,
    ) -> Self:  # fmt: skip
        """The problem of a frame.

        Raises:
            NextwellError: a column that is not there, a gap among the factors, a target that is no number or never varies, unknown hits.
        """
        told = descriptors or {}
        for column in (target, *([label] if label else []), *factors, *leave_out, *told):
            if column not in frame.columns:
                raise NextwellError(f"{name}: expected a column of the table, found {column!r}. {nearest(column, map(str, frame.columns))}")
        columns = list(factors) or [str(column) for column in frame.columns if column not in (target, label, *leave_out)]
        if not columns or target in columns:
            raise NextwellError(f"{name}: expected factor columns beside the target {target!r}, found {columns or 'none'}.")
        values = pd.to_numeric(frame[target], errors="coerce")
        if (odd := frame[target][values.isna() & frame[target].notna()]).size:
            raise NextwellError(f"{name}: expected numbers in {target!r}, found {odd.iloc[0]!r} in row {odd.index[0]}.")
        notes = [f"{int(values.isna().sum())} rows without {target} are left out"] if values.isna().any() else []
        kept = frame.assign(**{target: values})[values.notna()]
        gaps = kept[columns].isna()
        if gaps.to_numpy().any():
            row, place = map(int, np.argwhere(gaps.to_numpy())[0])
            raise NextwellError(f"{name}: expected a value in every factor, found a gap in {columns[place]!r}, row {kept.index[row]}. Fill it in or leave the row out.")
        found = np.zeros(len(kept), dtype=bool) if hits is None else _flags(kept, label, hits, name)
        kept = kept.assign(_hit=found)
        joined = kept.groupby(columns, sort=False, as_index=False).agg({target: "mean", "_hit": "max"})
        if len(joined) < len(kept):
            notes.append(f"{len(kept) - len(joined)} repeated rows are averaged")
        y = joined[target].to_numpy(dtype=float) * (1.0 if direction == "max" else -1.0)
        if len(y) < 3 or not float(y.max() - np.median(y)) > 0:
            raise NextwellError(f"{name}: expected a {target} that varies over at least 3 rows, found {len(y)} rows, best {y.max() if len(y) else 'none'} = median. There is nothing to search for.")
        table = joined[columns].copy()
        for column in columns:
            if not pd.api.types.is_numeric_dtype(table[column]) or column in told:
                table[column] = table[column].astype(str)
        clean = {column: _described(name, column, table, told[column]) for column in columns if column in told}
        return cls(
            name=name, table=table, target=target, direction=direction, y=y, unit=_unit_cube(table, clean), descriptors=clean,
            hits=None if hits is None else joined["_hit"].to_numpy(dtype=bool), top=top, goal=goal or {}, batches=batches, budget=budget, notes=tuple(notes),
        )  # fmt: skip


def read_problem(told: ProblemFile, *, base: Path, name: str) -> Problem:
    """The problem that a file describes.

    Raises:
        NextwellError: a file that can't be read, or as `Problem.of`.
    """
    frame = read_frame(base / told.table)
    descriptors = {factor: read_frame(base / file).pipe(lambda d: d.set_index(d.columns[0])) for factor, file in told.descriptors.items()}
    hits = None if told.hits is None else _labels(base / told.hits)
    return Problem.of(
        frame, name=told.name or name, target=told.target, direction=told.direction, descriptors=descriptors, label=told.label, factors=told.factors,
        leave_out=told.leave_out, hits=hits, top=told.top, goal=told.goal, batches=told.batches, budget=told.budget,
    )  # fmt: skip


def read_problem_file(file: Path) -> Problem:
    """A problem from its TOML.

    Raises:
        NextwellError: the file can't be read, or as `read_problem`.
    """
    try:
        told = ProblemFile.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise NextwellError(f"{file}: expected a problem in TOML, found {fault}.") from fault
    except ValidationError as fault:
        raise NextwellError(f"{file}: " + "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in fault.errors(include_url=False))) from fault
    return read_problem(told, base=file.parent, name=file.stem)


def problem_files(folder: Path) -> list[Path]:
    """The problems of a folder, in the order of their names.

    Raises:
        NextwellError: there are none.
    """
    found = sorted(folder.glob("*.toml"))
    if not found:
        raise NextwellError(f"Expected problems as TOML files in {folder}, found none. Each has at least: table = \"…\", target = \"…\".")
    return found


def read_frame(file: Path) -> pd.DataFrame:
    """A CSV (a byte-order mark is no part of it) or a Parquet table.

    Raises:
        NextwellError: it can't be read.
    """
    try:
        return pd.read_parquet(file) if file.suffix.lower() == ".parquet" else pd.read_csv(file, encoding="utf-8-sig")
    except Exception as fault:  # pandas and pyarrow raise their own kinds
        raise NextwellError(f"{file}: expected a table in CSV or Parquet, found {str(fault).splitlines()[0]}.") from fault


def _labels(file: Path) -> list[str]:
    try:
        return [line.split(",")[0].strip() for line in file.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as fault:
        raise NextwellError(f"{file}: expected the labels of the hits, one a line, found {fault}.") from fault


def _flags(frame: pd.DataFrame, label: str | None, hits: Iterable[str], name: str) -> np.ndarray:
    own = (frame.index if label is None else frame[label]).map(str)
    wanted = set(map(str, hits))
    flags = np.asarray(own.isin(wanted), dtype=bool)
    if not flags.any():
        raise NextwellError(f"{name}: expected hits among the {'row numbers' if label is None else f'labels of {label!r}'}, found none of {len(wanted)} there (first: {sorted(wanted)[:3]}).")
    return flags


def _described(name: str, factor: str, table: pd.DataFrame, descriptors: pd.DataFrame) -> pd.DataFrame:
    levels = sorted(table[factor].unique())
    numbers = descriptors.set_axis(descriptors.index.map(str), axis=0).apply(pd.to_numeric, errors="coerce")
    missing = [level for level in levels if level not in numbers.index]
    if missing:
        raise NextwellError(f"{name}: expected descriptors for each level of {factor!r}, found none for {missing[0]!r}. {nearest(missing[0], numbers.index)}")
    numbers = numbers.loc[levels].dropna(axis=1)
    if not numbers.shape[1]:
        raise NextwellError(f"{name}: expected at least one descriptor of {factor!r} that is a number for every level, found none.")
    return numbers


def _unit_cube(table: pd.DataFrame, descriptors: Mapping[str, pd.DataFrame]) -> np.ndarray:
    blocks = []
    for column in table.columns:
        cells = table[column]
        if column in descriptors:
            numbers = _scaled(descriptors[column].to_numpy(dtype=float))
            blocks.append(numbers[descriptors[column].index.get_indexer(cells)])
        elif pd.api.types.is_numeric_dtype(cells):
            blocks.append(_scaled(cells.to_numpy(dtype=float)[:, None]))
        else:
            codes, levels = pd.factorize(cells, sort=True)
            blocks.append(np.eye(len(levels))[codes])
    return np.concatenate(blocks, axis=1)


def _scaled(numbers: np.ndarray) -> np.ndarray:
    low, high = numbers.min(axis=0), numbers.max(axis=0)
    return np.asarray((numbers - low) / np.where(high > low, high - low, 1.0))
