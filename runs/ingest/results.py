"""Results files: read whole against the plan, or refused whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from world_model.terms.errors import nearest
from world_model.terms.goals import Measurement
from world_model.terms.readings import Observation

from .belief import refuse_beyond_belief
from .blanks import BlankMean, blank_means
from .channels import assign
from .entries import Entries, UnreadCell
from .matching import Matched, Place, match
from .open_file import open_results
from .path_length import to_one_cm, told_paths
from .plan_evidence import judge_lay, judge_shift, replicate_sets
from .plate_names import name_plate
from .problems import CellProblem, RefusedFile
from .reading_plan import TIME_TOLERANCE_H, ReadingPlan, times_of
from .replicates import ReplicateSet, told_sets


@dataclass(frozen=True, kw_only=True)
class Missing:
    """A reading that the plan asks for and the file, taken as partial, lacks."""

    experiment_id: str
    plate: str
    well: str
    measurement: str
    at_h: float | None


@dataclass(frozen=True, kw_only=True)
class ReadResult:
    """What a file holds.

    Attributes:
        sha256: over the file's bytes.
        readings: every cell taken: `raw` as the instrument wrote it in the campaign's unit, `value` after blanks; `source`
            is the file's hash (12 digits) and row.
        failed: experiment id → why, for wells declared as failed or marked so in the file.
        unread: every cell that holds something and was not taken.
        missing: what a partial file lacks.
        sets: statistics of the wells that should read alike; a well far off is named there and kept.
        blanks: the means that were subtracted.
        notes: what a person should know: units converted or not named, times not used.
    """

    name: str
    sha256: str
    dialect: str
    encoding: str
    plates: tuple[str, ...]
    readings: tuple[Observation, ...]
    failed: Mapping[str, str]
    unread: tuple[UnreadCell, ...]
    missing: tuple[Missing, ...]
    sets: tuple[ReplicateSet, ...]
    blanks: tuple[BlankMean, ...]
    notes: tuple[str, ...]


def read_results(
    source: Path | str | bytes,
    *,
    plan: ReadingPlan,
    name: str | None = None,
    plate: str | None = None,
    told_plate: str | None = None,
    vendor: str | None = None,
    sheet: str | None = None,
    mapping: Mapping[str, str] | None = None,
    failed: Mapping[str, str] | None = None,
    partial: bool = False,
    offset_h: float = 0.0,
    tolerance_h: float = TIME_TOLERANCE_H,
) -> ReadResult:
    """Read a results file; nothing is taken unless everything is in order.

    Args:
        source: a path, or the file's bytes.
        plate: the plate that the file is of, where the file itself does not say.
        told_plate: the plate that a person says it is, whatever the reader calls it.
        vendor: the program that wrote the file, where the content does not show it.
        sheet: which sheet of a workbook.
        mapping: measurement → channel of the instrument's file, or name in the file.
        failed: well (`H7`, or `PLATE:H7`) or experiment id → why it has no reading, or none that counts.
        partial: what the file lacks is listed as missing instead of refused.
        offset_h: added to every time in the file: the reader's clock to the campaign's zero.
        tolerance_h: how far a time may lie from the planned one.

    Raises:
        RefusedFile: (a ResultsError) with every cell that is wrong in `.problems`.
    """
    raw = open_results(source, measured=[measurement.name for measurement in plan.measurements], plate=plan.format, name=name, vendor=vendor, sheet=sheet)
    entries = raw.entries
    assign(entries, plan.measurements, mapping or {})
    name_plate(entries, plan, told_plate)
    if entries.problems and not entries.found:
        raise RefusedFile(raw.name, entries.problems)
    matched = match(entries, plan, plate=plate, offset_h=offset_h, tolerance_h=tolerance_h)
    matched.problems[:0] = entries.problems
    plates = _plates(matched, plan)
    _refuse_nothing_planned(entries, matched)
    lost = _failed_places(failed or {}, plan, plates, matched)
    for taken in matched.taken.values():
        if taken.flag == "failed":
            lost.setdefault(taken.place, f"marked {taken.mark} in the file")
    missing = _missing(matched, plan, plates, lost, partial=partial)
    counted = {key: taken for key, taken in matched.taken.items() if taken.place not in lost}
    blanks = blank_means(counted.values(), plan, matched.problems)
    refuse_beyond_belief(tuple(counted.values()), plan, blanks, matched.problems)
    judge_lay(entries, plan, plates, matched)
    judge_shift(entries, plan, plates or tuple(plan.plates), matched)
    if matched.problems:
        raise RefusedFile(raw.name, matched.problems)
    readings = _readings(matched, plan, plates, lost, blanks, sha256=raw.sha256)
    sets = replicate_sets(readings, plan)
    return ReadResult(
        name=raw.name, sha256=raw.sha256, dialect=entries.dialect, encoding=raw.encoding, plates=plates,
        readings=readings, sets=sets,
        failed={place.experiment: why for place, why in lost.items()}, unread=tuple(entries.unread + matched.unread),
        missing=missing, blanks=tuple(blanks.values()), notes=tuple(entries.notes + matched.notes + told_paths(plan) + told_sets(sets)),
    )  # fmt: skip


def _refuse_nothing_planned(entries: Entries, matched: Matched) -> None:
    """A file none of whose cells belongs to a planned well is another plate's, or this one laid the other way."""
    if not (matched.taken or matched.empty or matched.problems or matched.spoiled):
        found = f"{len(matched.unread)} cells, all of them in wells that the plan leaves empty" if matched.unread else f"{len(entries.unread)} cells, none of them a reading"
        mend = "It may be another plate, or have lain the other way round: look at it with nextwell read FILE."
        matched.problems.append(CellProblem(None, "", "readings of planned wells", found, mend))


def _plates(matched: Matched, plan: ReadingPlan) -> tuple[str, ...]:
    """The plates that the file is of: only these are missed in it."""
    seen = {place.plate for place, _, _ in (*matched.taken, *matched.empty)} | {place.plate for place in matched.spoiled}
    return tuple(plate for plate in (plan.plates or {"": {}}) if plate in seen)


def _places(plan: ReadingPlan, plates: Sequence[str]) -> list[Place]:
    if not plan.plates:
        return [Place(plate="", well="", experiment=name) for name, role in plan.roles.items() if role != "unused"] if plates else []
    return [Place(plate=plate, well=well, experiment=experiment) for plate in plates for well, experiment in plan.plates[plate].items()]


def _failed_places(failed: Mapping[str, str], plan: ReadingPlan, plates: Sequence[str], matched: Matched) -> dict[Place, str]:
    lost: dict[Place, str] = {}
    places = _places(plan, plates)
    for key, why in failed.items():
        plate, _, well = key.rpartition(":")
        named = [place for place in places if key == place.experiment or (place.well == well.strip().upper() and place.well and plate in ("", place.plate))]
        if len(named) == 1:
            lost[named[0]] = why
        else:
            known = [place.well or place.experiment for place in places]
            found = f"{key!r} on {len(named)} plates" if named else repr(key)
            mend = f"Write PLATE:{well}." if named else nearest(key, known)
            matched.problems.append(CellProblem(None, "failed", "a well that the plan uses", found, mend))
    return lost


def _missing(matched: Matched, plan: ReadingPlan, plates: Sequence[str], lost: Mapping[Place, str], *, partial: bool) -> tuple[Missing, ...]:
    """What is absent: problems where the file should be whole, else a list."""
    absent: list[Missing] = []
    for place in _places(plan, plates):
        if place in lost or place in matched.spoiled:
            continue
        for measurement in plan.measurements:
            times = [at_h for at_h in times_of(measurement) if (place, measurement.name, at_h) not in matched.taken]
            absent += [
                Missing(experiment_id=place.experiment, plate=place.plate, well=place.well, measurement=measurement.name, at_h=at_h) for at_h in times
            ]
            if times and not partial:
                _refuse_absent(place, measurement, times, matched)
    return tuple(absent) if partial else ()


def _refuse_absent(place: Place, measurement: Measurement, times: Sequence[float | None], matched: Matched) -> None:
    mend = "Declare wells that failed (--failed H7=\"bubble\"), or take the file as partial (--partial)."
    whole = len(times) == len(times_of(measurement))
    when = "" if times == [None] else (" at every time" if whole and len(times) > 1 else f" at {', '.join(f'{time:g}' for time in times)} h")
    blank = matched.empty.get((place, measurement.name, times[0]))
    row, found = (blank.row, "an empty cell") if blank is not None and len(times) == 1 else (None, "none")
    matched.problems.append(CellProblem(row, str(place), f"a reading of {measurement.name}{when}", found, mend))


def _readings(
    matched: Matched, plan: ReadingPlan, plates: Sequence[str], lost: Mapping[Place, str],
    blanks: Mapping[tuple[str, str, float | None], BlankMean], *, sha256: str,
) -> tuple[Observation, ...]:  # fmt: skip
    """By plate, well, measurement and time, whatever the file's order of rows."""
    found = []
    for place in _places(plan, plates):
        for measurement in plan.measurements:
            for at_h in times_of(measurement):
                one = matched.taken.get((place, measurement.name, at_h))
                if one is None and place not in lost:
                    continue
                blank = blanks.get((place.plate, measurement.name, at_h))
                raw = None if one is None else one.raw
                path = measurement.path_length_cm or 1.0
                dark = blank.mean if blank else 0.0
                keep = raw is not None and place not in lost
                found.append(
                    Observation(
                        experiment_id=place.experiment, variable=measurement.name, at_h=at_h,
                        value=to_one_cm(raw - dark, path) if keep and raw is not None else None, raw=raw, sd=None if one is None or one.sd is None else one.sd / path,
                        flag="failed" if place in lost or one is None else one.flag, plate=place.plate, well=place.well,
                        source=f"{sha256[:12]}:{one.row}" if one is not None else "",
                        limit=None if one is None or one.limit is None or place in lost else to_one_cm(one.limit - dark, path),
                    )
                )  # fmt: skip
    return tuple(found)
