"""The `table` lab: measured results answer. Rows of equal settings are replicates and are answered in turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from world_model.terms.errors import ResultsError, nearest
from world_model.terms.factors import Categorical
from world_model.terms.goals import Measurement
from world_model.terms.lab import LabOrder, RawFile
from world_model.terms.space import SearchSpace

from .table_columns import SAME, levels, line, numbers_of, read_table, texts
from .tidy import Row, asked, raw_file, sample_times
from .turns import in_turn

if TYPE_CHECKING:
    import pandas as pd

TIME_COLUMN = "time_h"

Key = tuple[float | str, ...]


@dataclass(frozen=True, kw_only=True)
class TableLab:
    """Measured rows by setting.

    Attributes:
        rows: settings → positions in `values` of their replicates, in the order of the file. With a time column a replicate
            is a curve: the first row at each time makes the first, and so on.
        times_h: `t`, a single nan without a time column.
        values: `rows x t x y`.
        numbers: per numeric factor, its sorted distinct values in the file.
    """

    space: SearchSpace
    measurements: tuple[Measurement, ...]
    source: str
    rows: dict[Key, tuple[int, ...]]
    file_rows: tuple[int, ...]
    times_h: np.ndarray
    values: np.ndarray
    numbers: dict[str, np.ndarray]
    name: str = "table"

    @classmethod
    def read(cls, path: Path, *, space: SearchSpace, measurements: Sequence[Measurement]) -> TableLab:
        """The table of a file.

        Raises:
            ResultsError: a file that can't be read, a column that is missing, a cell that is no number, or replicates of a
                time course that are not of equal length.
        """
        return cls.of_frame(read_table(path), space=space, measurements=measurements, source=path.name)

    @classmethod
    def of_frame(cls, frame: pd.DataFrame, *, space: SearchSpace, measurements: Sequence[Measurement], source: str) -> TableLab:
        """The table of a frame; columns that are neither factor, measurement nor time are left alone. Raises as `read` does."""
        columns = [str(column) for column in frame.columns]
        if not len(frame):
            raise ResultsError(f"{source}: expected rows of measured results, found none.")
        if len(set(columns)) != len(columns):
            raise ResultsError(f"{source}: expected each column once, found twice: {sorted({c for c in columns if columns.count(c) > 1})}.")
        frame = frame.set_axis(columns, axis=1)
        for kind, name in [("factor", name) for name in space.names] + [("measurement", m.name) for m in measurements]:
            if name not in columns:
                raise ResultsError(f"{source}: expected a column for the {kind} {name!r}, found none. {nearest(name, columns)}")
        timed = [measurement.name for measurement in measurements if measurement.at_h]
        if timed and TIME_COLUMN not in columns:
            raise ResultsError(f"{source}: expected a column {TIME_COLUMN!r}, for {', '.join(timed)} is measured over time, found none.")
        settings: dict[str, np.ndarray] = {}
        numbers: dict[str, np.ndarray] = {}
        for factor in space.factors:
            if isinstance(factor, Categorical):
                settings[factor.name] = texts(frame[factor.name], factor.name, source)
            else:
                numbers[factor.name], settings[factor.name] = levels(numbers_of(frame[factor.name], factor.name, source))
        read = np.column_stack([numbers_of(frame[m.name], m.name, source) for m in measurements])
        keys: list[Key] = list(zip(*(column.tolist() for column in settings.values()), strict=True))
        if not timed:
            curves: dict[Key, list[int]] = {key: [] for key in keys}
            for position, key in enumerate(keys):
                curves[key].append(position)
            return cls(
                space=space, measurements=tuple(measurements), source=source, rows={key: tuple(at) for key, at in curves.items()},
                file_rows=tuple(range(len(frame))), times_h=np.array([np.nan]), values=read[:, None, :], numbers=numbers,
            )  # fmt: skip
        hours = numbers_of(frame[TIME_COLUMN], TIME_COLUMN, source)
        return cls._of_courses(keys, hours, read, space=space, measurements=tuple(measurements), source=source, numbers=numbers)

    @classmethod
    def _of_courses(
        cls, keys: list[Key], hours: np.ndarray, read: np.ndarray, *, space: SearchSpace, measurements: tuple[Measurement, ...], source: str,
        numbers: dict[str, np.ndarray],
    ) -> TableLab:  # fmt: skip
        times = np.unique(hours)
        at: dict[Key, dict[float, list[int]]] = {}
        for position, (key, hour) in enumerate(zip(keys, hours, strict=True)):
            at.setdefault(key, {}).setdefault(float(hour), []).append(position)
        values: list[np.ndarray] = []
        rows: dict[Key, tuple[int, ...]] = {}
        file_rows: list[int] = []
        for key, by_hour in at.items():
            counts = {len(positions) for positions in by_hour.values()}
            if len(counts) != 1:
                raise ResultsError(
                    f"{source}: expected as many readings at each time of a setting, found {sorted(counts)} (first in row "
                    f"{line(min(by_hour[min(by_hour)]))}). Complete the replicates, or leave the incomplete ones out."
                )
            rows[key] = tuple(range(len(values), len(values) + counts.pop()))
            for replicate in range(len(rows[key])):
                curve = np.full((len(times), read.shape[1]), np.nan)
                for hour, positions in by_hour.items():
                    curve[np.searchsorted(times, hour)] = read[positions[replicate]]
                values.append(curve)
                file_rows.append(by_hour[min(by_hour)][replicate])
        return cls(
            space=space, measurements=measurements, source=source, rows=rows, file_rows=tuple(file_rows), times_h=times, values=np.array(values),
            numbers=numbers,
        )  # fmt: skip

    def answer(self, order: LabOrder) -> RawFile:
        """The measured values. The replicates of a setting come in a seeded order, one further with each round and each repeat.

        Raises:
            ResultsError: a setting or a time that the table does not hold, with the nearest row.
        """
        y = [self._column(measurement) for measurement in order.measurements]
        seen: dict[Key, int] = {}
        chosen: dict[int, int] = {}
        for i in asked(order):
            experiment = order.experiments[i]
            if experiment.role == "blank":
                raise ResultsError(f"Experiment {experiment.id}: expected what the table holds, found a blank. Set blanks = 0 in [batch].")
            key = self._key(self.space.settings(experiment.interventions), of=f"Experiment {experiment.id}: ")
            replicates = self.rows[key]
            turn = order.round - 1 + seen.setdefault(key, 0)
            seen[key] += 1
            chosen[i] = replicates[in_turn(key, len(replicates), order.seed)[turn % len(replicates)]]
        rows = [
            Row(position=i, time_h=hour, measurement=measurement, value=repr(float(self.values[row, self._when(hour, row), column])))
            for measurement, column in zip(order.measurements, y, strict=True)
            for i, row in chosen.items()
            for hour in (measurement.at_h or (None,))
        ]
        return raw_file(order, rows, lab=self.name)

    def truth(self, settings: Sequence[Mapping[str, float | str]], measurements: Sequence[Measurement]) -> np.ndarray:
        """The mean over replicates, `n x t x y`, at the union of the sample times."""
        y = [self._column(measurement) for measurement in measurements]
        hours = sample_times(measurements)
        values = np.empty((len(settings), len(hours), len(y)))
        for i, given in enumerate(settings):
            rows = list(self.rows[self._key(given, of="")])
            mean = self.values[rows].mean(axis=0)
            for k, hour in enumerate(hours):
                values[i, k] = mean[self._when(None if np.isnan(hour) else float(hour), rows[0]), y]
        return values

    def _column(self, measurement: Measurement) -> int:
        names = [known.name for known in self.measurements]
        if measurement.name not in names:
            raise ResultsError(f"{self.source}: expected a measured column, found {measurement.name!r}. {nearest(measurement.name, names)}")
        return names.index(measurement.name)

    def _when(self, hour: float | None, row: int) -> int:
        """Where a time stands in `times_h`; without an hour, the last that this row has."""
        held = np.nonzero(~np.isnan(self.values[row]).all(axis=1))[0]
        if hour is None:
            return int(held[-1])
        near = np.nonzero(np.isclose(self.times_h, hour, rtol=SAME, atol=0.0))[0]
        if not len(near) or near[0] not in held:
            raise ResultsError(
                f"{self.source}: expected a time that row {line(self.file_rows[row])} was read at ({_shown(self.times_h[held])} h), "
                f"found {hour:g} h. Give the measurement these hours."
            )
        return int(near[0])

    def _key(self, settings: Mapping[str, float | str], *, of: str) -> Key:
        """The key of settings that the table holds.

        Raises:
            ResultsError: it does not hold them.
        """
        key: list[float | str] = []
        for factor in self.space.factors:
            if factor.name not in settings:
                raise ResultsError(f"{of}expected a value for {factor.name!r}, found none.")
            value = settings[factor.name]
            if isinstance(factor, Categorical):
                key.append(str(value))
                continue
            levels = self.numbers[factor.name]
            near = levels[int(np.argmin(np.abs(levels - float(value))))]
            key.append(float(near) if abs(near - float(value)) <= SAME * max(abs(near), abs(float(value))) else float(value))
        if (found := tuple(key)) not in self.rows:
            raise ResultsError(f"{of}expected settings that {self.source} holds, found {_told(settings)}. {self._nearest(found)}")
        return found

    def _nearest(self, key: Key) -> str:
        """The nearest row in words: categories that differ count 1, numbers their distance over the column's range."""
        held = list(self.rows)
        far = np.zeros(len(held))
        for k, factor in enumerate(self.space.factors):
            if isinstance(factor, Categorical):
                far += np.array([row[k] != key[k] for row in held], dtype=float)
            else:
                column = np.array([row[k] for row in held], dtype=float)
                far += np.abs(column - float(key[k])) / (float(np.ptp(self.numbers[factor.name])) or 1.0)
        best = held[int(np.argmin(far))]
        row = line(self.file_rows[self.rows[best][0]])
        return f"The nearest is row {row}: {_told(dict(zip(self.space.names, best, strict=True)))}."


def _told(settings: Mapping[str, float | str]) -> str:
    return ", ".join(f"{name} = {value:g}" if isinstance(value, float | int) else f"{name} = {value}" for name, value in settings.items())


def _shown(hours: np.ndarray) -> str:
    return ", ".join(f"{hour:g}" for hour in hours[:12]) + (" …" if len(hours) > 12 else "")
