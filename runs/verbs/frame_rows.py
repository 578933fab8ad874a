"""A notebook's frame as experiments with readings: wide (a column a measurement), with or without time, or long."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from world_model.terms.errors import ResultsError, nearest
from world_model.terms.factors import Categorical
from world_model.terms.readings import FLAGS, Flag
from world_model.terms.space import SearchSpace

from ..state.charter import Charter
from .proposal_table import ABSENT

if TYPE_CHECKING:
    import pandas as pd

TIME_COLUMNS = ("time_h", "time")
# what `propose` hands out beside the settings; handed back, it says nothing new
HANDED_OUT = ("role", "reason", "repeat_of")
MOST_SHOWN = 6
SD = "_sd"  # after a measurement's name: the column of its readings' sd


@dataclass(frozen=True, kw_only=True)
class FrameReading:
    """One value of one experiment. `value` is None where the flag says why; a number beside `above limit` is the `limit`; `sd` as told."""

    variable: str
    at_h: float | None
    value: float | None
    flag: Flag
    limit: float | None = None
    sd: float | None = None


@dataclass(kw_only=True)
class FrameExperiment:
    """The rows of a frame that speak of one experiment. `row` is the first one's position, for messages."""

    row: int
    experiment_id: str | None
    candidate: Any
    settings: dict[str, float | str] | None
    readings: list[FrameReading] = field(default_factory=list)
    contexts: dict[str, str] = field(default_factory=dict)


def frame_experiments(frame: pd.DataFrame, charter: Charter, space: SearchSpace) -> list[FrameExperiment]:
    """Read a frame.

    Raises:
        ResultsError: an unknown column, no measurement, a missing or unreadable value, a reading twice; each is named.
    """
    frame = frame.reset_index(drop=True)
    measured = [measurement.name for measurement in charter.measurements]
    _refuse_columns(frame, charter, measured)
    time = next((column for column in TIME_COLUMNS if column in frame.columns), None)
    wide = [name for name in measured if name in frame.columns]
    found: list[FrameExperiment] = []
    by_key: dict[object, FrameExperiment] = {}
    problems: list[str] = []
    for row, cells in enumerate(frame.to_dict("records")):
        try:
            told = _identity(row, cells, space)
            key = told.experiment_id or (told.candidate, tuple((told.settings or {}).items()))
            # rows of one experiment are joined where there is a time or a long format; else each row is an experiment
            joined = by_key.setdefault(key, told) if time or not wide or told.experiment_id else told
            if joined is told:
                found.append(told)
            _add_contexts(joined, cells, charter)
            at_h = _hours(cells[time]) if time else None
            pairs = [(name, cells[name], cells.get(f"{name}{SD}")) for name in wide] if wide else [(str(cells["measurement"]), cells["value"], cells.get("sd"))]
            for variable, value, sd in pairs:
                _add(joined, variable, at_h, value, sd, cells.get("flag"), charter)
        except ResultsError as fault:
            problems.append(f"row {row}: {fault}")
    if problems:
        more = f"\n… and {len(problems) - MOST_SHOWN} more" if len(problems) > MOST_SHOWN else ""
        raise ResultsError("Nothing of the frame is taken:\n" + "\n".join(problems[:MOST_SHOWN]) + more)
    return found


def _refuse_columns(frame: pd.DataFrame, charter: Charter, measured: Sequence[str]) -> None:
    long = {"measurement", "value"} <= set(frame.columns)
    known = {"experiment_id", "candidate", "flag", *TIME_COLUMNS, *HANDED_OUT, *charter.factor_names, *(context.name for context in charter.contexts), *measured, *(f"{name}{SD}" for name in measured if name in frame.columns), *(("measurement", "value", "unit", "sd") if long else ())}
    unknown = [str(column) for column in frame.columns if column not in known and not str(column).startswith("predicted_")]
    if unknown:
        raise ResultsError(f"Expected columns that the campaign knows, found {', '.join(map(repr, unknown))}. {nearest(unknown[0], known)}")
    wide = [name for name in measured if name in frame.columns]
    if not wide and not long:
        raise ResultsError(f"Expected a column for a measurement ({', '.join(measured)}), or the columns measurement and value, found neither.")
    if wide and long:
        raise ResultsError(f"Expected either the columns measurement and value, or a column a measurement, found both ({', '.join(wide)}).")
    if all(column in frame.columns for column in TIME_COLUMNS):
        raise ResultsError("Expected one column of times, found time and time_h. Drop one.")
    named = {"experiment_id", "candidate"} & set(frame.columns)
    missing = [name for name in charter.factor_names if name not in frame.columns]
    if not named and missing:
        raise ResultsError(f"Expected experiment_id, candidate or every factor as columns, found no {', '.join(missing)}.")


def _identity(row: int, cells: dict[str, Any], space: SearchSpace) -> FrameExperiment:
    id = cells.get("experiment_id")
    candidate = cells.get("candidate")
    settings: dict[str, float | str] | None = {}
    for factor in space.factors:
        cell = cells.get(factor.name)
        if factor.only_if and (_is_missing(cell) or cell == ABSENT):
            continue
        if _is_missing(cell):
            settings = None
            break
        assert settings is not None
        settings[factor.name] = str(cell) if isinstance(factor, Categorical) else _number(cell, factor.name)
    if settings is not None:
        settings = space.whole(settings)
        settings = {name: settings[name] for name in space.names} if len(settings) == len(space.names) else None
    told = FrameExperiment(
        row=row, experiment_id=None if _is_missing(id) else str(id), candidate=None if _is_missing(candidate) else candidate, settings=settings,
    )  # fmt: skip
    if told.experiment_id is None and told.candidate is None and told.settings is None:
        missing = [factor.name for factor in space.factors if _is_missing(cells.get(factor.name))]
        raise ResultsError(f"expected an experiment_id, a candidate or a value for every factor, found no value for {', '.join(missing)}.")
    return told


def _add(told: FrameExperiment, variable: str, at_h: float | None, value: object, sd: object, flagged: object, charter: Charter) -> None:
    names = [measurement.name for measurement in charter.measurements]
    if variable not in names:
        raise ResultsError(f"expected a measurement's name, found {variable!r}. {nearest(variable, names)}")
    flag = _flag(flagged)
    if any(reading.variable == variable and reading.at_h == at_h for reading in told.readings):
        when = "" if at_h is None else f" at {at_h:g} h"
        raise ResultsError(f"expected each reading once, found {variable}{when} twice for one experiment. Tell replicates apart by experiment_id.")
    if _is_missing(value):
        if flag == "ok":
            raise ResultsError(f"expected a value of {variable}, found none. Leave the row out until it is read, or set flag = 'failed'.")
        told.readings.append(FrameReading(variable=variable, at_h=at_h, value=None, flag=flag))
        return
    number = _number(value, variable)
    floor = charter.measurement(variable).floor
    if flag == "ok" and floor is not None and number < floor:
        raise ResultsError(f"expected {variable} of at least {floor:g} (its floor), found {number:g}. Set flag = 'failed' where the reading is wrong.")
    limit = number if flag in ("above limit", "below limit") else None
    told.readings.append(FrameReading(variable=variable, at_h=at_h, value=None if flag in ("failed", "above limit") else number, flag=flag, limit=limit, sd=_sd(sd, variable)))


def _sd(cell: object, variable: str) -> float | None:
    if _is_missing(cell):
        return None
    number = _number(cell, f"the sd of {variable}")
    if number < 0:
        raise ResultsError(f"expected an sd of {variable} of at least 0, found {number:g}.")
    return number


def _add_contexts(told: FrameExperiment, cells: dict[str, Any], charter: Charter) -> None:
    for context in charter.contexts:
        cell = cells.get(context.name)
        if _is_missing(cell):
            continue
        # a column of numbers with a gap is read as floats: donor 3 is no donor 3.0
        level = f"{cell:g}" if isinstance(cell, float) else str(cell).strip()
        if (reason := context.reason_against(level)) is not None:
            raise ResultsError(f"{context.name}: {reason}")
        if told.contexts.setdefault(context.name, level) != level:
            raise ResultsError(f"expected one {context.name} for an experiment, found {told.contexts[context.name]!r} and {level!r}.")


def _flag(cell: object) -> Flag:
    if _is_missing(cell):
        return "ok"
    for flag in FLAGS:
        if cell == flag:
            return flag
    raise ResultsError(f"expected a flag ({', '.join(FLAGS)}), found {cell!r}. {nearest(str(cell), FLAGS)}")


def _hours(cell: object) -> float | None:
    if _is_missing(cell):
        return None
    hours = _number(cell, "time")
    if hours < 0:
        raise ResultsError(f"expected a time of at least 0 h, found {hours:g}.")
    return hours


def _number(cell: object, what: str) -> float:
    try:
        if isinstance(cell, bool):
            raise TypeError
        number = float(cell)  # type: ignore[arg-type]
    except (TypeError, ValueError) as fault:
        raise ResultsError(f"expected a number for {what}, found {cell!r}.") from fault
    if not math.isfinite(number):
        raise ResultsError(f"expected a finite number for {what}, found {cell!r}.")
    return number


def _is_missing(cell: object) -> bool:
    return cell is None or cell == "" or (isinstance(cell, float) and math.isnan(cell)) or type(cell).__name__ in ("NAType", "NaTType")
