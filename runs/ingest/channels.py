"""Which channel of an instrument's file is which measurement of the campaign: told by the user, or where only one can be meant."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from world_model.terms.errors import ResultsError, nearest
from world_model.terms.goals import Measurement

from .entries import Channel, Entries, UnreadCell
from .problems import CellProblem


def read_map(texts: Sequence[str]) -> dict[str, str]:
    """`OD600=absorbance 600 nm` → measurement and channel.

    Raises:
        ResultsError: no such pair, or a measurement twice.
    """
    told: dict[str, str] = {}
    for text in texts:
        name, equals, channel = (part.strip() for part in text.partition("="))
        if not equals or not name or not channel:
            raise ResultsError(f'Expected --map "MEASUREMENT=CHANNEL", such as "OD600=absorbance 600 nm", found {text!r}.')
        if name in told:
            raise ResultsError(f"Expected each measurement once in --map, found {name!r} twice.")
        told[name] = channel
    return told


def assign(entries: Entries, measurements: Sequence[Measurement], wanted: Mapping[str, str]) -> None:
    """Give the entries of an instrument's file their measurements; what none is meant by is unread.

    A measurement is the channel that the user named, else the one channel that fits its name or unit. None or several is a problem
    that lists what the file holds. A file that names measurements itself is left alone, apart from the names that the user maps.
    """
    chosen: dict[str, Measurement] = {}
    for measurement in measurements:
        channel = _told(measurement.name, wanted[measurement.name], entries) if measurement.name in wanted else _fitting(measurement, entries)
        if channel is None:
            continue
        if channel in chosen:
            entries.problems.append(CellProblem(None, "measurement", "a channel of its own for each measurement", f"{channel!r} for {chosen[channel].name} and {measurement.name}", "Say which is which with --map."))
        chosen[channel] = measurement
    unknown = [name for name in wanted if name not in {measurement.name for measurement in measurements}]
    for name in unknown:
        entries.problems.append(CellProblem(None, "measurement", "a measurement of the campaign in --map", repr(name), nearest(name, [m.name for m in measurements])))
    if not entries.channels:
        entries.found = [replace(entry, measurement=chosen[entry.measurement].name) if entry.measurement in chosen else entry for entry in entries.found]
        return
    found = []
    for entry in entries.found:
        measurement_of = chosen.get(entry.measurement)
        if measurement_of is None:
            if entry.text:
                entries.unread.append(UnreadCell(entry.row, entry.column, entry.text, f"no measurement is mapped to {entry.measurement!r}"))
            continue
        found.append(replace(entry, measurement=measurement_of.name, unit=_unit(entries.channels[entry.measurement], measurement_of, entries)))
    entries.found = found


def channel_named(name: str, text: str, entries: Entries) -> str | CellProblem:
    """The one channel (or measurement of the file) that a text names: all of it, else all of its words."""
    known = list(entries.channels) or sorted({entry.measurement for entry in entries.found})
    exact = [label for label in known if label.lower() == text.lower()]
    words = set(_words(text))
    near = exact or [label for label in known if words and words <= set(_words(label))]
    if len(near) == 1:
        return near[0]
    return CellProblem(None, "measurement", f"one channel for {name}", f"{len(near)} that are called {text!r}", f"The file holds: {_listed(near or known)}.")


def _told(name: str, text: str, entries: Entries) -> str | None:
    found = channel_named(name, text, entries)
    if isinstance(found, CellProblem):
        entries.problems.append(found)
        return None
    return found


def _fitting(measurement: Measurement, entries: Entries) -> str | None:
    if not entries.channels:
        return None
    channels = entries.channels.values()
    named = [channel.label for channel in channels if channel.label.lower() == measurement.name.lower() or channel.label.lower().startswith(f"{measurement.name.lower()} (")]
    fitting = named or [channel.label for channel in channels if _fits(measurement, channel)]
    if len(fitting) == 1:
        if not named:
            entries.notes.append(f"{measurement.name}: read from the channel {fitting[0]!r}, the only one that fits. Say --map to choose another.")
        return fitting[0]
    what = f"{len(fitting)} that fit" if fitting else "none that fits"
    mend = f'Say which one with --map "{measurement.name}=…". The file holds: {_listed(fitting or list(entries.channels))}.'
    entries.problems.append(CellProblem(None, "measurement", f"one channel for {measurement.name}", what, mend))
    return None


def _fits(measurement: Measurement, channel: Channel) -> bool:
    """By the wavelength in the measurement's name where there is one, else by the unit that only one kind of detection has."""
    wavelength = re.search(r"(\d{3,4})(?!\d)", measurement.name)
    if measurement.unit in ("OD600", "AU") or measurement.name.upper().startswith(("OD", "ABS")):
        if channel.kind.lower() != "absorbance":
            return False
        return wavelength is None or float(wavelength[1]) in channel.wavelengths_nm
    if measurement.unit == "RFU":
        return "fluorescence" in channel.kind.lower()
    if measurement.unit == "RLU":
        return "luminescence" in channel.kind.lower()
    return bool(measurement.unit) and measurement.unit == channel.unit and measurement.name.lower() in channel.label.lower()


def _unit(channel: Channel, measurement: Measurement, entries: Entries) -> str | None:
    """The absorbance of a culture is its OD on this reader, whatever the program calls the unit; no path length is corrected for."""
    if channel.kind.lower() == "absorbance" and measurement.unit in ("OD600", "AU", ""):
        note = f"{measurement.name}: the absorbance as the reader wrote it, not corrected to 1 cm."
        if note not in entries.notes:
            entries.notes.append(note)
        return measurement.unit or None
    return channel.unit or None


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z]+|\d+(?:\.\d+)?", text.lower())


def _listed(labels: Sequence[str]) -> str:
    return ", ".join(repr(label) for label in labels[:12]) + (" …" if len(labels) > 12 else "")
