"""An Allotrope Simple Model (ASM) document as entries: what `allotropy` makes of an instrument's export, or any ASM file.

Two traps are disarmed here. ASM writes every absorbance with the unit mAU, though the numbers are the instrument's (OD 3.3 stays
3.3): it is read as AU. And where the instrument wrote a mark instead of a number, `allotropy` writes −0.0 beside an error
document: the mark is taken, the zero never.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from .entries import Channel, Entries, Entry, UnreadCell
from .problems import CellProblem

SIGN = "$asm.manifest"
# what a measurement document says of its conditions, not of its sample
_CONDITIONS = ("compartment temperature", "scan interval", "injection volume")
UNITS = {"mAU": "AU", "(unitless)": "", "N/A": "", "#": ""}


@dataclass(frozen=True, kw_only=True)
class _Read:
    """One number of a document with its place; `mark` stands where the instrument wrote no number."""

    label: str
    kind: str
    wavelengths: tuple[float, ...]
    unit: str
    plate: str | None
    well: str | None
    sample: str | None
    time_h: float | None
    taken_at: str
    value: float
    mark: str


def read_asm(document: Mapping[str, Any]) -> Entries:
    """The entries of a document; computed results (curves, fits, statistics of the reader's software) are not among them."""
    entries = Entries("ASM")
    reads = list(_reads(document, entries))
    if not reads:
        entries.problems.append(CellProblem(None, "", "readings of wells or peaks", "none in the document"))
        return entries
    for number, read in enumerate(_kinetics(reads), start=1):
        entries.channels.setdefault(read.label, Channel(label=read.label, kind=read.kind, wavelengths_nm=read.wavelengths, unit=read.unit))
        entries.found.append(
            Entry(
                row=number, column=read.well or "", text=read.mark or repr(read.value), measurement=read.label, plate=read.plate, well=read.well,
                experiment=read.sample, time_h=read.time_h, unit=read.unit,
            )
        )  # fmt: skip
    _tell_repeats(entries)
    return entries


def _reads(document: Mapping[str, Any], entries: Entries) -> Iterator[_Read]:
    for title, aggregate in document.items():
        if not isinstance(aggregate, Mapping):
            continue
        if computed := aggregate.get("calculated data aggregate document", {}).get("calculated data document"):
            names = sorted({str(one.get("calculated data name")) for one in computed})
            entries.unread.append(UnreadCell(0, "", f"{len(computed)} results: {', '.join(names)}"[:300], "computed by the reader's software, not read"))
        technique = title.removesuffix(" aggregate document")
        for group in aggregate.get(f"{technique} document", ()):
            inner = group.get("measurement aggregate document", {})
            for measurement in inner.get("measurement document", ()):
                yield from _of_measurement(measurement, str(measurement.get("measurement time") or inner.get("measurement time") or ""), entries)


def _of_measurement(document: Mapping[str, Any], taken_at: str, entries: Entries) -> Iterator[_Read]:
    sample = document.get("sample document", {})
    control = (document.get("device control aggregate document", {}).get("device control document") or [{}])[0]
    errors = {str(one.get("error feature", "")).lower(): str(one.get("error", "")) for one in document.get("error aggregate document", {}).get("error document", ())}
    wavelengths = tuple(
        float(control[key]["value"]) for key in ("excitation wavelength setting", "detector wavelength setting")
        if isinstance(control.get(key), Mapping) and isinstance(control[key].get("value"), int | float)
    )  # fmt: skip
    peaks = [peak for data in document.get("processed data aggregate document", {}).get("processed data document", ()) for peak in data.get("peak list", {}).get("peak", ())]
    place = str(sample.get("location identifier") or "")
    plate, _, well = place.rpartition(":")
    base = _Read(
        label="", kind="", wavelengths=wavelengths, unit="", plate=(plate or sample.get("well plate identifier")) or None, well=well or None,
        sample=None, time_h=None, taken_at=taken_at, value=math.nan, mark="",
    )  # fmt: skip
    if peaks:
        name = str(sample.get("written name") or sample.get("sample identifier") or "") or None
        yield from _of_peaks(peaks, replace(base, sample=name))
        return
    for key, content in document.items():
        if isinstance(content, Mapping) and "cube-structure" in content:
            yield from _of_cube(key, content, base, errors, entries)
        elif isinstance(content, Mapping) and isinstance(content.get("value"), int | float) and key not in _CONDITIONS:
            yield replace(base, **_named(key, wavelengths, content), value=float(content["value"]), mark=_mark(float(content["value"]), errors, key))
    for data in document.get("processed data aggregate document", {}).get("processed data document", ()):
        for key, content in data.items():
            if isinstance(content, Mapping) and isinstance(content.get("value"), int | float):
                yield replace(base, **_named(key, (), content), value=float(content["value"]), mark=_mark(float(content["value"]), errors, key))


def _named(kind: str, wavelengths: tuple[float, ...], content: Mapping[str, Any]) -> dict[str, Any]:
    nm = "/".join(f"{wavelength:g}" for wavelength in wavelengths)
    unit = str(content.get("unit", ""))
    return {"label": f"{kind} {nm} nm" if nm else kind, "kind": kind, "wavelengths": wavelengths, "unit": UNITS.get(unit, unit)}


def _mark(value: float, errors: Mapping[str, str], *features: str) -> str:
    """What the instrument wrote where it gave no number; empty where it gave one."""
    if not (math.isnan(value) or (value == 0 and math.copysign(1, value) < 0)):
        return ""
    return next((errors[feature.lower()] for feature in features if errors.get(feature.lower())), "") or "no number"


def _of_cube(key: str, cube: Mapping[str, Any], base: _Read, errors: Mapping[str, str], entries: Entries) -> Iterator[_Read]:
    """A kinetic gives one reading a time, a spectrum one channel a wavelength; a chromatogram's points are no readings."""
    structure, data = cube["cube-structure"], cube["data"]
    axis, measure = structure["dimensions"][0], structure["measures"][0]
    kind = str(measure["concept"])
    points = list(zip(data["dimensions"][0], data["measures"][0], strict=True))
    if axis["concept"] == "elapsed time":
        per_hour = {"s": 3600.0, "min": 60.0, "h": 1.0}[str(axis["unit"])]
        for at, value in points:
            number = -0.0 if value is None else float(value)
            yield replace(base, **_named(kind, base.wavelengths, measure), time_h=float(at) / per_hour, value=number, mark=_mark(number, errors, kind, f"{at:g}"))
    elif axis["concept"] == "wavelength":
        for at, value in points:
            number = -0.0 if value is None else float(value)
            mark = _mark(number, errors, f"{float(at)}nm", f"{at:g}nm", f"{at:g}", kind)
            yield replace(base, **_named(f"{kind} spectrum", (float(at),), measure), value=number, mark=mark)
    else:
        entries.unread.append(UnreadCell(0, key, f"{len(points)} points", f"a curve over {axis['concept']}, no reading"))


def _of_peaks(peaks: list[Mapping[str, Any]], base: _Read) -> Iterator[_Read]:
    """A chromatogram's peaks by component: area, height and amount, each a channel."""
    for number, peak in enumerate(peaks, start=1):
        component = str(peak.get("written name") or f"peak {peak.get('peak index', number)}")
        for key, what in (("peak analyte amount", "amount"), ("peak area", "area"), ("peak height", "height")):
            content = peak.get(key)
            if isinstance(content, Mapping) and isinstance(content.get("value"), int | float):
                # peaks keep their unit: there mAU is meant
                told: dict[str, Any] = {"label": f"{component} {what}", "kind": f"peak {what}", "wavelengths": base.wavelengths, "unit": str(content.get("unit", "")).replace("(unitless)", "")}
                yield replace(base, **told, value=float(content["value"]), mark=_mark(float(content["value"]), {}))


def _kinetics(reads: list[_Read]) -> list[_Read]:
    """Repeats of a plate at several moments become a kinetic in hours after the first; two reads at one moment become two channels."""
    moments: dict[tuple[str | None, str], set[str]] = {}
    count = Counter((read.plate, read.well, read.sample, read.label, read.time_h) for read in reads)
    for read in reads:
        if count[read.plate, read.well, read.sample, read.label, read.time_h] > 1 and read.time_h is None and read.sample is None:
            moments.setdefault((read.plate, read.label), set()).add(read.taken_at)
    seen: Counter[tuple[object, ...]] = Counter()
    made = []
    for read in reads:
        when = moments.get((read.plate, read.label), set())
        if len(when) > 1 and all(_moment(one) is not None for one in when):
            first = min(m for one in when if (m := _moment(one)) is not None)
            now = _moment(read.taken_at)
            read = replace(read, time_h=(now - first).total_seconds() / 3600 if now is not None else None)
        key = (read.plate, read.well, read.sample, read.label, read.time_h)
        seen[key] += 1
        made.append(read if seen[key] == 1 else replace(read, label=f"{read.label} ({seen[key]})"))
    return made


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _tell_repeats(entries: Entries) -> None:
    """A second read of the same kind is a channel of its own only where it has the first one's wells: else wells stand twice."""
    wells: dict[str, set[tuple[str | None, str | None, str | None]]] = {}
    for entry in entries.found:
        wells.setdefault(entry.measurement, set()).add((entry.plate, entry.well, entry.experiment))
    for label, places in wells.items():
        stem = label.rpartition(" (")[0]
        if label.endswith(")") and stem in wells and places != wells[stem]:
            named = ", ".join(sorted(well or sample or "?" for _, well, sample in places)[:8])
            entries.problems.append(CellProblem(None, named, f"one reading of {stem} a well", "several", "The file may hold rows twice, or several injections of a sample."))
