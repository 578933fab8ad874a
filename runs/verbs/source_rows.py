"""The rows of a source as the planner takes them: the campaign's factors and measurements by name, and what was kept otherwise."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from world_model.terms.errors import ResultsError, nearest
from world_model.terms.factors import Categorical
from world_model.terms.readings import FLAGS, Dataset
from world_model.terms.space import SearchSpace

from ..state.charter import Charter
from ..state.dataset import SAME_TIME_H
from .frame_rows import HANDED_OUT, TIME_COLUMNS

if TYPE_CHECKING:
    import pandas as pd

_OK = FLAGS.index("ok")
# what tables of results carry beside settings and readings
_ASIDE = {"experiment_id", "candidate", "plate", "well", "flag", "unit", *HANDED_OUT, *TIME_COLUMNS}


@dataclass(frozen=True)
class SourceRows:
    """Attributes:
    data: on the campaign's times and variables.
    conditions: condition of the campaign's [context] → `n` numbers, where some row differs from the campaign's own.
    unlike: what differs in no number.
    notes: what was left out, in sentences.
    """

    data: Dataset
    conditions: Mapping[str, np.ndarray]
    unlike: tuple[str, ...]
    notes: tuple[str, ...]


def source_rows(
    name: str, frame: pd.DataFrame, at: Mapping[str, float | str], *, charter: Charter, space: SearchSpace, times_h: np.ndarray
) -> SourceRows:
    """Read a source.

    Args:
        at: what it kept fixed: a factor or a condition of the campaign's `context` that is no column.
        times_h: `t`, the campaign's; readings at other times are left out, and told.

    Raises:
        ResultsError: no measurement of the campaign, a factor without a value, a cell that is no number, or no row left.
    """
    frame = frame.reset_index(drop=True)
    measured = [measurement.name for measurement in charter.measurements]
    _refuse_unknown(name, at, charter, space)
    whole = frame.assign(**{key: value for key, value in at.items() if key not in frame.columns})
    lacking = [factor for factor in space.names if factor not in whole.columns]
    if lacking:
        raise ResultsError(
            f"Source {name!r}: expected a value for each factor, found none for {', '.join(lacking)}. Add a column, or say what it was: at = {{ {lacking[0]} = … }}."
        )
    long = {"measurement", "value"} <= set(whole.columns)
    wide = [variable for variable in measured if variable in whole.columns]
    if not wide and not long:
        raise ResultsError(f"Source {name!r}: expected a column for a measurement ({', '.join(measured)}), or the columns measurement and value, found {', '.join(map(repr, frame.columns))}.")
    time = next((column for column in TIME_COLUMNS if column in whole.columns), None)
    told_apart = [measurement.name for measurement in charter.measurements if len(measurement.at_h) > 1 and (measurement.name in wide or long)]
    if time is None and told_apart:
        raise ResultsError(f"Source {name!r}: expected a column time_h, for {', '.join(told_apart)} is read at several times, found none.")
    notes: list[str] = []
    known = {*space.names, *charter.context, *measured, *_ASIDE, *(context.name for context in charter.contexts), *(("measurement", "value") if long else ())}
    strange = [str(column) for column in frame.columns if column not in known and not str(column).startswith("predicted_")]
    if strange:
        notes.append(f"Source {name}: {len(strange)} columns are not the campaign's and are left out: {', '.join(strange[:6])}{' …' if len(strange) > 6 else ''}.")
    whole, unlike = _with_known_levels(name, whole, space, notes)
    conditions, of_kind = _conditions(name, whole, charter)
    keys = ["experiment_id"] if "experiment_id" in whole.columns else [*space.names, *conditions]
    # a wide table without times has one experiment a row, replicates too
    group = whole.groupby(keys, sort=False, dropna=False).ngroup().to_numpy() if time or (long and not wide) else np.arange(len(whole))
    _, first = np.unique(group, return_index=True)
    values = np.full((len(first), len(times_h), len(measured)), np.nan)
    lost = _fill(name, values, whole, group, measured=measured, wide=wide, time=time, times_h=times_h)
    if lost:
        notes.append(f"Source {name}: {lost} readings at times that the campaign does not read are left out.")
    read = np.isfinite(values).any(axis=(1, 2))
    if not read.any():
        raise ResultsError(f"Source {name!r}: expected rows with a reading of {', '.join(measured)}, found none.")
    rows, values = first[read], values[read]
    settings = {factor.name: whole[factor.name].to_numpy(dtype=object if isinstance(factor, Categorical) else float)[rows] for factor in space.factors}
    data = Dataset(
        ids=tuple(f"{name}-{i + 1:04d}" for i in range(len(rows))), settings=settings, roles=("candidate",) * len(rows),
        blocks=(f"source {name}",) * len(rows), times_h=times_h, variables=tuple(measured), values=values,
        flags=np.where(np.isfinite(values), _OK, -1),
    )  # fmt: skip
    return SourceRows(data=data, conditions={key: column[rows] for key, column in conditions.items()}, unlike=(*unlike, *of_kind), notes=tuple(notes))


def _refuse_unknown(name: str, at: Mapping[str, float | str], charter: Charter, space: SearchSpace) -> None:
    known = [*space.names, *charter.context]
    for key in at:
        if key not in known:
            raise ResultsError(f"Source {name!r}, at: expected a factor or a condition of [context], found {key!r}. {nearest(key, known)}")


def _with_known_levels(name: str, whole: pd.DataFrame, space: SearchSpace, notes: list[str]) -> tuple[pd.DataFrame, list[str]]:
    """Numbers as numbers and levels as text; rows of levels that the campaign does not have are left out, unless it has only one."""
    unlike: list[str] = []
    for factor in space.factors:
        if not isinstance(factor, Categorical):
            whole = whole.assign(**{factor.name: [_number(cell, name, factor.name) for cell in whole[factor.name]]})
            if getattr(factor, "scale", "linear") == "log" and (whole[factor.name] <= 0).any():
                raise ResultsError(f"Source {name!r}: expected values above 0 of {factor.name}, which is on a log scale, found {float(whole[factor.name].min()):g}. Leave these rows out.")
            continue
        text = whole[factor.name].astype(str)
        strange = ~text.isin(factor.levels)
        if len(factor.levels) == 1 and strange.any():
            unlike.append(factor.name)
            text = text.where(~strange, factor.levels[0])
        elif strange.any():
            found = sorted(set(text[strange]))
            notes.append(f"Source {name}: {int(strange.sum())} rows with levels of {factor.name} that the campaign does not have are left out: {', '.join(found[:4])}{' …' if len(found) > 4 else ''}.")
            whole, text = whole[~strange], text[~strange]
            if not len(whole):
                raise ResultsError(f"Source {name!r}: expected rows with a level of {factor.name!r} that the campaign has, found none. {nearest(found[0], factor.levels)}")
        whole = whole.assign(**{factor.name: text})
    return whole, unlike


def _conditions(name: str, whole: pd.DataFrame, charter: Charter) -> tuple[dict[str, np.ndarray], list[str]]:
    """What the campaign keeps fixed and the source did not keep there: by number, and by name alone."""
    by_number: dict[str, np.ndarray] = {}
    unlike: list[str] = []
    for key, own in charter.context.items():
        if key not in whole.columns:
            continue
        if isinstance(own, str):
            if (whole[key].astype(str) != own).any():
                unlike.append(key)
        else:
            column = np.array([_number(cell, name, key) for cell in whole[key]])
            if (np.abs(column - own) > 1e-9).any():
                by_number[key] = column
    return by_number, unlike


def _fill(
    name: str, values: np.ndarray, whole: pd.DataFrame, group: np.ndarray, *, measured: list[str], wide: list[str], time: str | None, times_h: np.ndarray
) -> int:
    """Readings into their cells; how many stand at times that the campaign does not read."""
    lost = 0
    for cells, row in zip(whole.to_dict("records"), group.tolist(), strict=True):
        slot = len(times_h) - 1
        at = cells[time] if time else None
        if at is not None and not _missing(at) and len(times_h) > 1:
            slot = int(np.abs(times_h - _number(at, name, "time_h")).argmin())
            if abs(times_h[slot] - float(at)) > SAME_TIME_H:
                lost += 1
                continue
        pairs = [(variable, cells[variable]) for variable in wide] if wide else [(str(cells["measurement"]), cells["value"])]
        for variable, value in pairs:
            if variable in measured and not _missing(value) and (_missing(cells.get("flag")) or cells.get("flag") == "ok"):
                values[row, slot, measured.index(variable)] = _number(value, name, variable)
    return lost


def _number(cell: Any, name: str, what: str) -> float:
    try:
        number = float(cell)
    except (TypeError, ValueError) as fault:
        raise ResultsError(f"Source {name!r}: expected a number for {what}, found {cell!r}.") from fault
    if not math.isfinite(number):
        raise ResultsError(f"Source {name!r}: expected a finite number for {what}, found {cell!r}.")
    return number


def _missing(cell: object) -> bool:
    return cell is None or cell == "" or (isinstance(cell, float) and math.isnan(cell)) or type(cell).__name__ in ("NAType", "NaTType")
