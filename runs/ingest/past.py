"""Past results: a table of settings with what was measured, from before the campaign.

One column for each factor, then either one column for each measurement (a row is an experiment; with `time_h`, a row is an
experiment at one time) or the columns `measurement`, `value`, `unit`. A title may carry a unit: `glucose [µM]`. Rows of one
experiment are told by `experiment_id`; without that column, by equal settings where there is a time or a `measurement`.
Values are taken as they stand: past results count as blanked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from world_model.terms.errors import UnitError, nearest
from world_model.terms.factors import Categorical
from world_model.terms.goals import Measurement
from world_model.terms.readings import Observation
from world_model.terms.space import SearchSpace
from world_model.terms.synthetic_marks import refuse_synthetic
from world_model.terms.units import conversion_factor

from .cells import UnreadableCell, read_cell, read_number
from .entries import UnreadCell
from .past_columns import Columns, read_columns
from .problems import CellProblem, RefusedFile
from .raw_text import SEPARATORS, RawText, Row, read_raw
from .reading_plan import TIME_TOLERANCE_H, floor_of

Setting = float | str


@dataclass(frozen=True, kw_only=True)
class PastExperiment:
    """One experiment as it was done.

    Attributes:
        id: made of the file's hash and the experiment's place in it, so that the same file gives the same ids.
        label: the file's own `experiment_id`, else empty.
        lines: the rows that it comes from.
        outside: why the settings are not of the campaign's space; empty where they are.
    """

    id: str
    label: str
    settings: dict[str, Setting]
    readings: tuple[Observation, ...]
    lines: tuple[int, ...]
    outside: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PastResults:
    """A file of past results; `unread` lists every cell that holds something and was not taken."""

    name: str
    sha256: str
    experiments: tuple[PastExperiment, ...]
    unread: tuple[UnreadCell, ...]


@dataclass
class _Group:
    label: str
    settings: dict[str, Setting]
    lines: list[int] = field(default_factory=list)
    readings: dict[tuple[str, float | None], Observation] = field(default_factory=dict)


def read_past(
    source: Path | str | bytes,
    *,
    space: SearchSpace,
    measurements: Sequence[Measurement],
    name: str | None = None,
    allow_outside: bool = False,
) -> PastResults:
    """Read past results; nothing is taken unless every row is in order.

    Args:
        allow_outside: settings outside a factor's bounds or steps, or that break a constraint, are taken and marked
            instead of refused. An unknown level of a categorical factor is always refused: the model has no place for it.

    Raises:
        RefusedFile: (a ResultsError) every bad cell in `.problems`.
    """
    raw = read_raw(source, name=name)
    problems: list[CellProblem] = []
    rows, separator = _rows(raw, space)
    refuse_synthetic(raw.name, columns=rows[0].cells)
    columns = read_columns(rows[0], space, measurements, problems)
    if problems:
        raise RefusedFile(raw.name, problems)
    if len(rows) < 2:
        raise RefusedFile(raw.name, [CellProblem(rows[0].line, "", "rows below the header", "none", "The file may be cut.")])
    comma = separator != "," and not any(re.fullmatch(r"[+-]?\d*\.\d+.*", cell) for row in rows[1:] for cell in row.cells)
    reader = _Reader(columns, space, {measurement.name: measurement for measurement in measurements}, comma, raw.sha256, problems)
    for row in rows[1:]:
        reader.read(row)
    experiments = tuple(_finish(group, k, space, raw.sha256, problems, allow_outside=allow_outside) for k, group in enumerate(reader.groups.values()))
    if problems:
        raise RefusedFile(raw.name, problems)
    return PastResults(name=raw.name, sha256=raw.sha256, experiments=experiments, unread=tuple(reader.unread))


def _rows(raw: RawText, space: SearchSpace) -> tuple[tuple[Row, ...], str]:
    """The rows by the separator that shows the most factors in the header."""
    tried = {separator: raw.rows(separator) for separator in SEPARATORS if separator in raw.text} or {",": raw.rows(",")}
    best = max(tried, key=lambda separator: sum(cell.startswith(space.names) for cell in tried[separator][0].cells))
    return tried[best], best


def _finish(group: _Group, k: int, space: SearchSpace, sha256: str, problems: list[CellProblem], *, allow_outside: bool) -> PastExperiment:
    outside = tuple(space.reasons_against(group.settings))
    if outside and not allow_outside:
        mend = "Correct it, leave it out, widen the campaign's bounds, or import it as it is with --allow-outside."
        problems.append(CellProblem(group.lines[0], "", "settings of the campaign's space", "; ".join(outside), mend))
    if not group.readings:
        problems.append(CellProblem(group.lines[0], "", "at least one reading", "none", "Fill it in or leave the row out."))
    return PastExperiment(
        id=f"past-{sha256[:8]}-{k + 1:03d}", label=group.label, settings=group.settings, lines=tuple(group.lines), outside=outside,
        readings=tuple(one.model_copy(update={"experiment_id": f"past-{sha256[:8]}-{k + 1:03d}"}) for one in group.readings.values()),
    )  # fmt: skip


@dataclass
class _Reader:
    columns: Columns
    space: SearchSpace
    measured: dict[str, Measurement]
    decimal_comma: bool
    sha256: str
    problems: list[CellProblem]
    groups: dict[object, _Group] = field(default_factory=dict)
    unread: list[UnreadCell] = field(default_factory=list)

    def read(self, row: Row) -> None:
        """One row: its settings, its time and its readings."""
        width = self.columns.width
        if len(row.cells) != width:
            self._refuse(row, "", f"{width} cells", str(len(row.cells)), "The row is cut, or a cell that holds the separator has no quotes.")
            return
        self.unread += [UnreadCell(row.line, title, row.cells[i], "no column of this name is expected") for i, title in self.columns.unread.items() if row.cells[i]]
        settings = self._settings(row)
        if settings is None:
            return
        group = self._group(row, settings)
        time_h, known = self._time(row)
        if group is None or not known:
            return
        for name, text, factor, column in self._values(row):
            self._take(row, group, name, text, factor, column, time_h)

    def _refuse(self, row: Row, column: str, expected: str, found: str, mend: str = "") -> None:
        self.problems.append(CellProblem(row.line, column, expected, found, mend))

    def _settings(self, row: Row) -> dict[str, Setting] | None:
        settings: dict[str, Setting] = {}
        for name, (position, conversion) in self.columns.factors.items():
            text, factor = row.cells[position], self.space[name]
            if factor.only_if and text in ("", "-"):
                continue
            if not text:
                self._refuse(row, name, "a value for each factor", "an empty cell", "Fill it in or leave the row out.")
            elif isinstance(factor, Categorical):
                if text not in factor.levels:
                    self._refuse(row, name, f"one of {len(factor.levels)} levels", repr(text), nearest(text, factor.levels))
                settings[name] = text
            else:
                try:
                    settings[name] = read_number(text, decimal_comma=self.decimal_comma) * conversion
                except UnreadableCell as fault:
                    self._refuse(row, name, "a number", str(fault))
        settings = self.space.whole(settings)
        whole = len(settings) == len(self.space.names)
        return {name: settings[name] for name in self.space.names} if whole else None

    def _group(self, row: Row, settings: dict[str, Setting]) -> _Group | None:
        """The experiment that a row belongs to."""
        label = row.cells[self.columns.label] if self.columns.label is not None else ""
        if self.columns.label is not None and not label:
            self._refuse(row, "experiment_id", "the experiment's name", "an empty cell")
            return None
        alone = not label and self.columns.clock is None and not self.columns.long
        key: object = row.line if alone else label or tuple(settings.values())
        group = self.groups.setdefault(key, _Group(label=label, settings=settings))
        if group.settings != settings:
            different = [name for name in settings if group.settings[name] != settings[name]]
            self._refuse(row, ", ".join(different), f"the settings of {label!r} as in row {group.lines[0]}", "others", "One experiment has one setting of each factor.")
            return None
        group.lines.append(row.line)
        return group

    def _time(self, row: Row) -> tuple[float | None, bool]:
        if self.columns.clock is None:
            return None, True
        position, hours = self.columns.clock
        text = row.cells[position]
        if not text:
            return None, True
        try:
            return read_number(text, decimal_comma=self.decimal_comma) * hours, True
        except UnreadableCell as fault:
            self._refuse(row, "time_h", "a time", str(fault))
            return None, False

    def _values(self, row: Row) -> list[tuple[str, str, float, str]]:
        """Measurement, text, conversion and column of each value cell of a row that is filled."""
        if not self.columns.long:
            return [(name, row.cells[i], conversion, name) for name, (i, conversion) in self.columns.wide.items() if row.cells[i]]
        name, text = row.cells[self.columns.long["measurement"]], row.cells[self.columns.long["value"]]
        if name not in self.measured:
            self._refuse(row, "measurement", "a measurement of the campaign", repr(name), nearest(name, self.measured))
            return []
        unit = row.cells[self.columns.long["unit"]] if "unit" in self.columns.long else self.measured[name].unit
        try:
            conversion = conversion_factor(unit, self.measured[name].unit, of=name)
        except UnitError:
            self._refuse(row, "unit", self.measured[name].unit or "no unit", repr(unit))
            return []
        return [(name, text, conversion, "value")] if text else []

    def _take(self, row: Row, group: _Group, name: str, text: str, conversion: float, column: str, time_h: float | None) -> None:
        measurement = self.measured[name]
        at_h = None
        if measurement.at_h:
            near = None if time_h is None else min(measurement.at_h, key=lambda planned: abs(planned - time_h))
            if near is None or time_h is None or abs(near - time_h) > TIME_TOLERANCE_H:
                times = ", ".join(f"{planned:g}" for planned in measurement.at_h)
                self._refuse(row, "time_h", f"one of the campaign's times for {name}: {times} h", "none" if time_h is None else f"{time_h:g} h")
                return
            at_h = near
        if (name, at_h) in group.readings:
            self._refuse(row, column, f"{name} once for one experiment{f' at {at_h:g} h' if at_h is not None else ''}", "it again", "Tell replicates apart with a column experiment_id.")
            return
        try:
            cell = read_cell(text, decimal_comma=self.decimal_comma)
        except UnreadableCell as fault:
            self._refuse(row, column, "a number, or a mark such as OVRFLW", str(fault))
            return
        value = None if cell.value is None else cell.value * conversion
        floor = floor_of(measurement)
        if value is not None and floor is not None and value < floor:
            self._refuse(row, column, f"{name} of at least {floor:g}", f"{value:g}", "Such a reading is no noise.")
            return
        group.readings[name, at_h] = Observation(
            experiment_id="past", variable=name, at_h=at_h, value=value, raw=value, sd=measurement.noise, flag=cell.flag, source=f"{self.sha256[:12]}:{row.line}",
            limit=None if cell.limit is None else cell.limit * conversion,
        )
