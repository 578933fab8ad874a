"""Entries against the plan: each is taken once, listed as unread, or named as a problem."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf
from typing import Protocol

from world_model.terms.errors import ProtocolError, UnitError, nearest
from world_model.terms.goals import Measurement
from world_model.terms.plates import parse_well, well_name
from world_model.terms.readings import Flag
from world_model.terms.units import check_unit, conversion_factor

from .cells import UnreadableCell, read_cell, read_number
from .entries import Entries, Entry, UnreadCell
from .problems import CellProblem
from .reading_plan import ReadingPlan, times_of


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a reading belongs: an experiment, in a well where there are plates."""

    plate: str
    well: str
    experiment: str

    def __str__(self) -> str:
        return f"well {self.well}" if self.well else f"experiment {self.experiment}"


@dataclass(frozen=True, kw_only=True)
class Taken:
    """One cell that was taken: `raw` in the measurement's own unit, None where the flag says why; `limit` what it lay beyond, `sd` its sd, where told."""

    place: Place
    measurement: str
    at_h: float | None
    raw: float | None
    flag: Flag
    row: int
    column: str
    mark: str = ""
    limit: float | None = None
    sd: float | None = None


@dataclass
class Matched:
    """Everything that the file's entries came to. `spoiled` are places of which some cell is a problem already."""

    taken: dict[tuple[Place, str, float | None], Taken] = field(default_factory=dict)
    empty: dict[tuple[Place, str, float | None], Entry] = field(default_factory=dict)
    spoiled: set[Place] = field(default_factory=set)
    unread: list[UnreadCell] = field(default_factory=list)
    problems: list[CellProblem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class Refuse(Protocol):
    """Names one cell of the entry at hand as a problem."""

    def __call__(self, column: str, expected: str, found: str, mend: str = "") -> None: ...


def match(entries: Entries, plan: ReadingPlan, *, plate: str | None, offset_h: float, tolerance_h: float) -> Matched:
    """Judge every entry."""
    matched = Matched()
    known = {measurement.name: measurement for measurement in plan.measurements}
    for entry in entries.found:
        place = _place(entry, plan, matched, plate)
        if place is None:
            continue
        before = len(matched.problems)
        measurement = known.get(entry.measurement)
        if measurement is None:
            found = repr(entry.measurement) if entry.measurement else "an empty cell" if entries.dialect == "tidy" else "none"
            mend = nearest(entry.measurement, known) if entry.measurement or entries.dialect == "tidy" else f"Write a line above each block: measurement,{next(iter(known))}."
            matched.problems.append(CellProblem(entry.row, "measurement", "a measurement of the campaign", found, mend))
        else:
            _take(entry, place, measurement, entries, matched, offset_h=offset_h, tolerance_h=tolerance_h)
        if len(matched.problems) > before:
            matched.spoiled.add(place)
    for entry in entries.spoilt:
        # what is wrong with the row is said already: here only its place counts
        if (place := _place(entry, plan, Matched(), plate)) is not None:
            matched.spoiled.add(place)
    _refuse_many_ends(entries, plan, matched)
    return matched


def _place(entry: Entry, plan: ReadingPlan, matched: Matched, plate: str | None) -> Place | None:
    """The planned place of an entry; None where it is a problem or unread."""

    def refuse(column: str, expected: str, found: str, mend: str = "") -> None:
        matched.problems.append(CellProblem(entry.row, column, expected, found, mend))

    if entry.well is None:
        if plan.plates:
            return _by_experiment(entry, plan, refuse)
        if entry.experiment in plan.roles:
            return Place(plate="", well="", experiment=str(entry.experiment))
        refuse("experiment_id", "an experiment of this round", repr(entry.experiment or ""), nearest(entry.experiment or "", plan.roles))
        return None
    if not plan.plates:
        refuse("well", "an experiment_id, for this lab has no plates", repr(entry.well), "Give the file a column experiment_id.")
        return None
    named = entry.plate if entry.plate is not None else plate
    if entry.plate is None and named is not None and (note := f"The file names no plate; its wells are taken as those of {named}.") not in matched.notes:
        matched.notes.append(note)
    if named is None:
        refuse("plate", "the plate's name", "none", f"Add a column plate, or say which plate it is. {nearest('', plan.plates)}")
        return None
    if plate is not None and entry.plate is not None and entry.plate != plate:
        refuse("plate", f"the plate {plate!r}", repr(entry.plate), "This file is of another plate.")
        return None
    if named not in plan.plates:
        refuse("plate", "a plate of this round", repr(named), nearest(named, plan.plates))
        return None
    try:
        well = parse_well(entry.well, plan.format)
    except ProtocolError:
        last = well_name(plan.format.rows - 1, plan.format.columns - 1)
        refuse("well", f"a well from A1 to {last}", repr(entry.well))
        return None
    experiment = plan.experiment(named, well)
    if experiment is None:
        if entry.text:
            matched.unread.append(UnreadCell(entry.row, entry.column, entry.text, f"the plan leaves well {well} empty"))
        return None
    if entry.experiment is not None and entry.experiment != experiment:
        refuse("experiment_id", f"{experiment!r}, which stands in well {well}", repr(entry.experiment))
        return None
    return Place(plate=named, well=well, experiment=experiment)


def _by_experiment(entry: Entry, plan: ReadingPlan, refuse: Refuse) -> Place | None:
    """An entry that names its experiment alone, though the plan has plates: fine while it stands in one well."""
    where = [Place(plate=plate, well=well, experiment=name) for plate, wells in plan.plates.items() for well, name in wells.items() if name == entry.experiment]
    if len(where) == 1:
        return where[0]
    if where:
        refuse("experiment_id", "a well, for the experiment stands in several", repr(entry.experiment))
    else:
        refuse("experiment_id" if entry.experiment else "well", "an experiment of this round", repr(entry.experiment or ""), nearest(entry.experiment or "", plan.roles))
    return None


def _take(
    entry: Entry, place: Place, measurement: Measurement, entries: Entries, matched: Matched, *, offset_h: float, tolerance_h: float
) -> None:
    def refuse(column: str, expected: str, found: str, mend: str = "") -> None:
        matched.problems.append(CellProblem(entry.row, column, expected, found, mend))

    before = len(matched.problems)
    at_h: float | None = None
    if measurement.at_h:
        at_h = _planned_time(entry, measurement, refuse, offset_h=offset_h, tolerance_h=tolerance_h)
    factor = _unit_factor(entry, measurement, matched, refuse)
    if len(matched.problems) > before:
        return
    key = (place, measurement.name, at_h)
    if not entry.text:
        matched.empty.setdefault(key, entry)
        return
    if key in matched.taken:
        when = f" at {at_h:g} h" if at_h is not None else ""
        refuse(entry.column, f"{place} once for {measurement.name}{when}", f"it again (first in row {matched.taken[key].row})", "Keep one of the rows.")
        return
    try:
        cell = read_cell(entry.text, decimal_comma=entries.decimal_comma)
    except UnreadableCell as fault:
        refuse(entry.column, f"a number, or a mark such as OVRFLW, for {place}", str(fault), f"Correct the cell, or declare the well as failed: --failed {place.well or place.experiment}=\"why\".")
        return
    raw = None if cell.value is None else cell.value * factor
    sd = None
    if entry.sd:
        try:
            sd = read_number(entry.sd, decimal_comma=entries.decimal_comma) * abs(factor)
        except UnreadableCell as fault:
            refuse(f"{entry.column} sd", f"an sd of at least 0 for {place}", str(fault), "Correct the cell, or leave it empty.")
            return
        if sd < 0:
            refuse(f"{entry.column} sd", f"an sd of at least 0 for {place}", entry.sd, "Correct the cell, or leave it empty.")
            return
    matched.taken[key] = Taken(
        place=place, measurement=measurement.name, at_h=at_h, raw=raw, flag=cell.flag, row=entry.row, column=entry.column, mark=entry.text,
        limit=None if cell.limit is None else cell.limit * factor, sd=sd,
    )  # fmt: skip


def _planned_time(entry: Entry, measurement: Measurement, refuse: Refuse, *, offset_h: float, tolerance_h: float) -> float | None:
    planned = measurement.at_h
    if entry.time_h is None:
        refuse("time_h", f"one of the planned times {_hours(planned)} h", "none")
        return None
    time = entry.time_h + offset_h
    above = bisect_left(planned, time)
    near = min(planned[max(above - 1, 0) : above + 1], key=lambda plan: abs(plan - time))
    # a reader's drift never reaches half the way to the next planned time
    gap = min((later - earlier for earlier, later in pairwise(planned)), default=inf) if abs(near - time) > 1e-9 else tolerance_h
    if abs(near - time) <= min(tolerance_h, 0.49 * gap) + 1e-9:
        return near
    shifted = f" ({entry.time_h:g} h in the file, offset {offset_h:g} h)" if offset_h else ""
    mend = "A reader's clock that starts later is given with --offset-h."
    refuse("time_h", f"one of the planned times {_hours(planned)} h (± {tolerance_h:g} h)", f"{time:g} h{shifted}", mend)
    return None


def _hours(planned: Sequence[float]) -> str:
    return ", ".join(f"{time:g}" for time in planned)


def _unit_factor(entry: Entry, measurement: Measurement, matched: Matched, refuse: Refuse) -> float:
    if entry.unit is None:
        note = f"{measurement.name}: the file names no unit; read as {measurement.unit or 'plain numbers'}."
        if note not in matched.notes:
            matched.notes.append(note)
        return 1.0
    try:
        if check_unit(entry.unit) == measurement.unit:
            return 1.0
        factor = conversion_factor(entry.unit, measurement.unit, of=measurement.name)
    except UnitError:
        mend = "Values are converted only within one dimension, and OD or RFU never."
        refuse("unit", measurement.unit or "no unit", repr(entry.unit) if entry.unit else "an empty cell", mend)
        return 1.0
    note = f"{measurement.name}: converted from {entry.unit} to {measurement.unit} (x {factor:g})."
    if note not in matched.notes:
        matched.notes.append(note)
    return factor


def _refuse_many_ends(entries: Entries, plan: ReadingPlan, matched: Matched) -> None:
    """An end point is read once: a file that gives it several times is of another kind of run."""
    for measurement in plan.measurements:
        if times_of(measurement) != (None,):
            continue
        times = sorted({entry.time_h for entry in entries.found if entry.measurement == measurement.name and entry.time_h is not None})
        if len(times) > 1:
            found = ", ".join(f"{time:g} h" for time in times[:6])
            matched.problems.append(CellProblem(None, "time_h", f"one reading of the end point {measurement.name}", f"several times ({found})", "Give the measurement at_h in the campaign, or keep the last reading."))
        elif times:
            matched.notes.append(f"{measurement.name}: an end point; the file's time, {times[0]:g} h, is not used.")
