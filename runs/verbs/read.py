"""Look into a results file without a campaign: what it holds, how replicates and controls read, what was not read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from world_model.terms.errors import ProtocolError, ResultsError, UnitError
from world_model.terms.plates import FORMATS, PlateFormat, all_wells, parse_well
from world_model.terms.readings import Flag
from world_model.terms.units import check_unit

from ..ingest.cells import UnreadableCell, read_cell
from ..ingest.entries import Entries, UnreadCell
from ..ingest.open_file import OpenedFile, open_results
from ..ingest.path_length import to_one_cm
from ..ingest.problems import CellProblem
from ..ingest.replicates import ReplicateSet, replicate_sets
from ..ingest.z_factor import AssayQuality, assay_quality

# formats to try, the common ones first
_ORDER = (96, 384, 48, 24, 12, 6)


@dataclass(frozen=True, kw_only=True)
class WellReading:
    """One cell of the file: `value` is None where `flag` says why; `text` is what stands there."""

    plate: str
    well: str
    sample: str
    time_h: float | None
    measurement: str
    unit: str
    value: float | None
    flag: Flag
    text: str


@dataclass(frozen=True, kw_only=True)
class Held:
    """One measurement of one plate: how many wells and times, how many marks, and the range of its numbers."""

    plate: str
    measurement: str
    unit: str
    wells: int
    times: int
    first_h: float | None
    last_h: float | None
    readings: int
    above_limit: int
    below_limit: int
    failed: int
    low: float | None
    high: float | None


@dataclass(frozen=True, kw_only=True)
class FileView:
    """What a file holds. `problems` are cells that would refuse the file as results."""

    name: str
    sha256: str
    dialect: str
    format: PlateFormat
    readings: tuple[WellReading, ...]
    held: tuple[Held, ...]
    problems: tuple[CellProblem, ...]
    unread: tuple[UnreadCell, ...]
    notes: tuple[str, ...]

    @property
    def measurements(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one.measurement for one in self.held))

    def last(self, plate: str, measurement: str) -> dict[str, WellReading]:
        """Well → its reading at its last time."""
        found: dict[str, WellReading] = {}
        for one in self.readings:
            if (one.plate, one.measurement) == (plate, measurement) and one.well:
                before = found.get(one.well)
                if before is None or (one.time_h or 0.0) >= (before.time_h or 0.0):
                    found[one.well] = one
        return found


def look_into(file: Path, *, plate_format: int | None = None, vendor: str | None = None, sheet: str | None = None, mapping: Mapping[str, str] | None = None) -> FileView:
    """Read a file for itself.

    Args:
        plate_format: how many wells the plates have; else the first format (96, 384, 48 …) that the file fits.
        mapping: new name → channel or name in the file; with it, only these are shown, the rest is unread.

    Raises:
        RefusedFile: the file can't be taken apart at all.
        ResultsError: a format that is none.
    """
    if plate_format is not None and plate_format not in FORMATS:
        raise ResultsError(f"Expected a plate format of {', '.join(map(str, FORMATS))} wells, found {plate_format}.")
    opened, size = _fitting(file, [plate_format] if plate_format else list(_ORDER), vendor, sheet)
    entries = opened.entries
    problems = list(entries.problems)
    if mapping:
        _rename(entries, mapping, problems)
    readings = _readings(entries, size, problems)
    return FileView(
        name=opened.name, sha256=opened.sha256, dialect=entries.dialect, format=size, readings=tuple(readings), held=_held(readings),
        problems=tuple(problems), unread=tuple(entries.unread), notes=tuple(entries.notes),
    )  # fmt: skip


def _fitting(file: Path, formats: Sequence[int], vendor: str | None, sheet: str | None) -> tuple[OpenedFile, PlateFormat]:
    """The file with the first format that it fits; with the first of all where it fits none."""
    first = None
    for wells in formats:
        size = FORMATS[wells]
        opened = open_results(file, measured=(), plate=size, vendor=vendor, sheet=sheet)
        first = first or (opened, size)
        # the format decides nothing else than how blocks and names of wells are read
        if not any("plate format" in problem.mend for problem in opened.entries.problems) and all(_in(entry.well, size) for entry in opened.entries.found):
            return opened, size
        if wells == formats[0] and not any("plate format" in problem.mend for problem in opened.entries.problems):
            # nothing but well names: no need to read again
            better = next((FORMATS[n] for n in formats if all(_in(entry.well, FORMATS[n]) for entry in opened.entries.found)), size)
            return opened, better
    assert first is not None
    return first


def _in(well: str | None, size: PlateFormat) -> bool:
    try:
        return well is None or bool(parse_well(well, size))
    except ProtocolError:
        return False


def _rename(entries: Entries, mapping: Mapping[str, str], problems: list[CellProblem]) -> None:
    from ..ingest.channels import channel_named

    names = {}
    for name, text in mapping.items():
        found = channel_named(name, text, entries)
        if isinstance(found, CellProblem):
            problems.append(found)
        else:
            names[found] = name
    entries.unread += [
        UnreadCell(entry.row, entry.column, entry.text, f"nothing is mapped to {entry.measurement!r}") for entry in entries.found if entry.text and entry.measurement not in names
    ]  # fmt: skip
    entries.found = [replace(entry, measurement=names[entry.measurement]) for entry in entries.found if entry.measurement in names]


def _readings(entries: Entries, size: PlateFormat, problems: list[CellProblem]) -> list[WellReading]:
    seen: set[tuple[str, str, str, str, float | None]] = set()
    found = []
    for entry in entries.found:
        if not entry.text:
            continue
        well = ""
        try:
            well = parse_well(entry.well, size) if entry.well is not None and not entry.experiment else entry.well or ""
            cell = read_cell(entry.text, decimal_comma=entries.decimal_comma)
            unit = _unit(entry.unit)
        except ProtocolError as fault:
            problems.append(CellProblem(entry.row, "well", f"a well of a plate of {size.size}", str(fault)))
            continue
        except UnreadableCell as fault:
            problems.append(CellProblem(entry.row, entry.column, f"a number, or a mark such as OVRFLW, for {well or entry.experiment}", str(fault)))
            continue
        one = WellReading(
            plate=entry.plate or "", well=well, sample=entry.experiment or "", time_h=entry.time_h, measurement=entry.measurement, unit=unit,
            value=cell.value, flag=cell.flag, text=entry.text,
        )  # fmt: skip
        key = (one.plate, one.well, one.sample, one.measurement, one.time_h)
        if key in seen:
            mend = "Tables of several measurements or times say which: a line measurement,OD600 and a line time_h,0 above each."
            problems.append(CellProblem(entry.row, "", f"each well once for {one.measurement or 'a measurement without a name'} at one time", "it again", mend))
            continue
        seen.add(key)
        found.append(one)
    return found


def _unit(text: str | None) -> str:
    """The canonical spelling where it is known; the file's own elsewhere: nothing is converted here."""
    try:
        return check_unit(text or "")
    except UnitError:
        return text or ""


def _held(readings: Sequence[WellReading]) -> tuple[Held, ...]:
    gathered: dict[tuple[str, str], list[WellReading]] = {}
    for one in readings:
        gathered.setdefault((one.plate, one.measurement), []).append(one)
    held = []
    for (plate, measurement), same in gathered.items():
        times = sorted({one.time_h for one in same if one.time_h is not None})
        numbers = [one.value for one in same if one.value is not None]
        held.append(
            Held(
                plate=plate, measurement=measurement, unit=same[0].unit, wells=len({one.well or one.sample for one in same}), times=len(times) or 1,
                first_h=times[0] if times else None, last_h=times[-1] if times else None, readings=len(same),
                above_limit=sum(one.flag == "above limit" for one in same), below_limit=sum(one.flag == "below limit" for one in same),
                failed=sum(one.flag == "failed" for one in same), low=min(numbers, default=None), high=max(numbers, default=None),
            )
        )  # fmt: skip
    return tuple(held)


def wells_of(text: str, size: PlateFormat) -> tuple[str, ...]:
    """`A1,B2` and ranges: `A1-A12` (or `A1:H1`) is the rectangle between two corners.

    Raises:
        ResultsError: no such well.
    """
    found: list[str] = []
    for part in (part.strip() for part in text.replace(";", ",").split(",") if part.strip()):
        try:
            corners = [parse_well(corner, size) for corner in part.replace(":", "-").split("-")]
        except ProtocolError as fault:
            raise ResultsError(f"{fault} Write wells as A1,A2 or A1-A12.") from fault
        rows, columns = zip(*((corner.rstrip("0123456789"), int(corner.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))) for corner in corners), strict=True)
        inside = [
            well for well in all_wells(size)
            if min(rows) <= well.rstrip("0123456789") <= max(rows) and min(columns) <= int(well.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")) <= max(columns)
        ]  # fmt: skip
        found += [well for well in inside if well not in found]
    if not found:
        raise ResultsError(f"Expected wells such as A1,A2 or A1-A12, found {text!r}.")
    return tuple(found)


@dataclass(frozen=True, kw_only=True)
class Blanked:
    """The numbers of one plate and measurement at their last time, corrected; `told` says what was done."""

    values: Mapping[str, float]
    told: tuple[str, ...]


def corrected(view: FileView, plate: str, measurement: str, *, blanks: Sequence[str] = (), path_cm: float | None = None) -> Blanked:
    """Numbers at the last time, less the mean blank, brought to 1 cm.

    Raises:
        ResultsError: a path without blanks, or blanks without a number.
    """
    last = {well: one for well, one in view.last(plate, measurement).items() if one.value is not None}
    values = {well: float(one.value) for well, one in last.items() if one.value is not None}
    told = []
    if path_cm is not None and not blanks:
        raise ResultsError("Expected blank wells (--blank) with a path length: the plate's own absorbance does not follow the liquid's height.")
    if blanks:
        read = [values[well] for well in blanks if well in values]
        if not read:
            raise ResultsError(f"Expected a readable blank of {measurement} among {', '.join(blanks)}, found none.")
        mean = sum(read) / len(read)
        values = {well: value - mean for well, value in values.items()}
        told.append(f"{measurement}: the mean of {len(read)} blanks, {mean:.4g}, is subtracted.")
    if path_cm is not None:
        values = {well: to_one_cm(value, path_cm) for well, value in values.items()}
        told.append(f"{measurement}: divided by a path of {path_cm:.4g} cm.")
    return Blanked(values=values, told=tuple(told))


def sets_in(values: Mapping[str, float], sets: Mapping[str, Sequence[str]], *, measurement: str) -> tuple[ReplicateSet, ...]:
    """Statistics of the sets that hold a number."""
    held = {name: {well: values[well] for well in wells if well in values} for name, wells in sets.items()}
    return replicate_sets({name: wells for name, wells in held.items() if wells}, measurement=measurement)


def quality_in(values: Mapping[str, float], positive: Sequence[str], negative: Sequence[str]) -> AssayQuality:
    """Z′ of two sets of wells.

    Raises:
        ResultsError: fewer than two readable wells of either, or no difference.
    """
    return assay_quality([values[well] for well in positive if well in values], [values[well] for well in negative if well in values])
