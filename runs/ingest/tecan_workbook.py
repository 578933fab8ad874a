"""Workbooks of Tecan i-control and SparkControl, read cell by cell: plates of end points and kinetics, one or more labels.

The layout, as those programs write it: lines about device and script; for each label its name alone in the first column, then
either a plate (`<>`, the columns' numbers, a row a letter), or a kinetic (`Cycle Nr.`, `Time [s]`, `Temp. [°C]` and one column or one row a
well). Modes and wavelengths stand above, in the labels' order.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from world_model.terms.errors import ProtocolError
from world_model.terms.plates import FORMATS, parse_well, row_name

from .cells import UnreadableCell, read_number
from .entries import Channel, Entries, Entry, UnreadCell
from .problems import CellProblem
from .raw_text import Row

UNITS = {"absorbance": "AU", "fluorescence": "RFU", "luminescence": "RLU"}
_CYCLE, _TIME, _TEMPERATURE = "cycle nr", "time [", "temp."


@dataclass
class _Script:
    """What the lines above say of the labels, in order."""

    modes: list[tuple[str, tuple[float, ...]]] = field(default_factory=list)
    plate: str | None = None
    names: list[str] = field(default_factory=list)


def is_tecan(rows: Sequence[Row]) -> bool:
    """Whether a sheet is one of Tecan's: it names the program or the device in its first lines."""
    head = " ".join(cell for row in rows[:6] for cell in row.cells).lower()
    return bool(re.search(r"tecan i-control|sparkcontrol|device: (infinite|spark)", head))


def read_tecan(rows: Sequence[Row], *, plate_rows: int) -> Entries:
    """The entries of a sheet; `plate_rows` is how many rows a block of an end point must have."""
    entries, script, at = Entries("Tecan i-control"), _Script(), 0
    label = ""
    while at < len(rows):
        row = rows[at]
        first = row.cells[0].strip()
        if first == "<>":
            at = _plate_block(rows, at, _channel(label, script, entries), entries, script, plate_rows)
            label = ""
        elif first.lower().startswith(_CYCLE) or (_holds_time(row) and at + 1 < len(rows)):
            at = _kinetic_block(rows, at, _channel(label, script, entries), entries, script)
            label = ""
        else:
            label = _line(row, script, entries) or label
            at += 1
    if not entries.found and not entries.problems:
        entries.problems.append(CellProblem(rows[0].line, "", "a plate ('<>') or a kinetic ('Cycle Nr.') of readings", "none", "The file may be cut."))
    return entries


def _holds_time(row: Row) -> bool:
    return row.cells[0].lower().startswith(_TIME)


def _line(row: Row, script: _Script, entries: Entries) -> str:
    """Note what a line says; returns a label's name where it is one."""
    filled = [cell for cell in row.cells if cell]
    first, rest = row.cells[0].strip(), [cell for cell in row.cells[1:] if cell]
    key = first.lower().rstrip(":")
    entries.unread += [UnreadCell(row.line, str(i + 1), cell, "about the script, no reading") for i, cell in enumerate(row.cells) if cell]
    if key == "mode" and rest:
        script.modes.append((_kind(rest[0]), ()))
    elif script.modes and key in ("wavelength", "measurement wavelength", "excitation wavelength", "emission wavelength") and rest:
        try:
            wavelength = read_number(rest[0])
        except UnreadableCell:
            return ""
        kind, known = script.modes[-1]
        script.modes[-1] = (kind, (*known, wavelength))
    elif key.startswith("plate-id") and rest:
        script.plate = rest[0]
    elif key == "name" and rest:
        script.names.append(rest[0])
    elif key.startswith("label:"):
        return first.split(":", 1)[1].strip()
    elif len(filled) == 1 and row.cells[0] and not first.endswith(":") and not re.search(r"^\d+ labels?$|kinetic|measurement|list of actions", key):
        return first
    return ""


def _kind(text: str) -> str:
    found = next((kind for kind in UNITS if kind in text.lower()), "")
    return found or text.lower().split(" ")[0]


def _channel(label: str, script: _Script, entries: Entries) -> Channel:
    """The channel of the next block: labels take the modes in order."""
    at = len(entries.channels)
    kind, wavelengths = script.modes[at] if at < len(script.modes) else ("reading", ())
    nm = "/".join(f"{wavelength:g}" for wavelength in wavelengths)
    detected = f"{kind} {nm} nm" if nm else kind
    name = label or (script.names[at] if at < len(script.names) else "")
    told = f"{name} ({detected})" if name else detected
    while told in entries.channels:
        told += " (2)"
    channel = Channel(label=told, kind=kind, wavelengths_nm=wavelengths, unit=UNITS.get(kind, ""))
    entries.channels[told] = channel
    return channel


def _well(text: str) -> str | None:
    try:
        return parse_well(text, FORMATS[384])
    except ProtocolError:
        return None


def _entry(row: Row, column: int, well: str, channel: Channel, script: _Script, time_h: float | None = None) -> Entry:
    return Entry(row=row.line, column=str(column + 1), text=row.cells[column], measurement=channel.label, plate=script.plate, well=well, time_h=time_h, unit=channel.unit)


def _plate_block(rows: Sequence[Row], start: int, channel: Channel, entries: Entries, script: _Script, plate_rows: int) -> int:
    head = rows[start]
    columns = [(i, cell) for i, cell in enumerate(head.cells) if i and cell]
    if [cell for _, cell in columns] != [str(i + 1) for i in range(len(columns))]:
        found = ", ".join(cell for _, cell in columns[:6])
        entries.problems.append(CellProblem(head.line, "<>", "the column numbers 1, 2, 3, …", found))
    at = start + 1
    while at < len(rows) and re.fullmatch(r"[A-Z]{1,2}", rows[at].cells[0]):
        row, letter = rows[at], rows[at].cells[0]
        if letter != row_name(at - start - 1):
            entries.problems.append(CellProblem(row.line, letter, f"row {row_name(at - start - 1)}", f"row {letter}", "A row is missing, twice or moved."))
        for i, cell in enumerate(row.cells):
            if not i or not cell:
                continue
            if i in dict(columns):
                entries.found.append(_entry(row, i, f"{letter}{dict(columns)[i]}", channel, script))
            else:
                entries.problems.append(CellProblem(row.line, str(i + 1), "a column number above the cell", f"{cell!r} without one"))
        at += 1
    if at - start - 1 != plate_rows:
        entries.problems.append(CellProblem(rows[min(at, len(rows) - 1)].line, "", f"{plate_rows} rows of the plate", str(at - start - 1), "The file is of another plate format, or cut."))
    return at


def _kinetic_block(rows: Sequence[Row], start: int, channel: Channel, entries: Entries, script: _Script) -> int:
    """Wells in columns where the first line holds them, else in rows."""
    end = start + 1
    while end < len(rows) and rows[end].cells[0] and not rows[end].cells[0].lower().startswith((_CYCLE, "end time", "start time")) and sum(map(bool, rows[end].cells)) > 1:
        end += 1
    block = [row.cells for row in rows[start:end]]
    lines = [row.line for row in rows[start:end]]
    sideways = any(_well(cell) for cell in block[0][1:])
    table = [list(cells) for cells in zip(*block, strict=False)] if sideways else [list(cells) for cells in block]
    # `table` has a line for the cycles, the times, the temperature, and one for each well
    titled = {line[0].lower(): line for line in table if line[0]}
    times_line = next((line for title, line in titled.items() if title.startswith(_TIME)), None)
    per_hour = {"s": 3600.0, "m": 60.0, "h": 1.0}
    if times_line is None:
        entries.problems.append(CellProblem(lines[0], "Time [s]", "the times of the cycles", "none", "The file may be cut."))
        return end
    times: list[float | None] = []
    for position, text in enumerate(times_line[1:], start=1):
        used = any(len(line) > position and line[position] for line in table if line is not times_line)
        try:
            times.append(read_number(text) / per_hour[times_line[0].lower().removeprefix(_TIME)[:1]] if text else None)
            if text or not used:
                continue
            raise UnreadableCell("an empty cell")
        except (UnreadableCell, KeyError) as fault:
            entries.problems.append(CellProblem(lines[position] if sideways else lines[0], times_line[0], "a time", str(fault)))
            if len(times) < position:
                times.append(None)
    known = [time for time in times if time is not None]
    if any(later <= earlier for earlier, later in pairwise(known)):
        entries.problems.append(CellProblem(lines[0], times_line[0], "times that increase", "some that do not", "The times may have been edited."))
    seen: set[str] = set()
    for place, line in enumerate(table):
        title = line[0]
        if line is times_line or not title:
            continue
        well = _well(title)
        if well is None:
            if not title.lower().startswith((_CYCLE, _TEMPERATURE)):
                entries.problems.append(CellProblem(lines[0] if sideways else lines[place], title, "a well", repr(title)))
            entries.unread += [UnreadCell(lines[i] if sideways else lines[place], title, cell, "no reading of a well") for i, cell in enumerate(line[1:], start=1) if cell and sideways]
            entries.unread += [UnreadCell(lines[place], title, cell, "no reading of a well") for cell in line[1:] if cell and not sideways]
            continue
        if well in seen:
            entries.problems.append(CellProblem(lines[0] if sideways else lines[place], well, "each well once", "it again"))
        seen.add(well)
        for position, time_h in enumerate(times, start=1):
            text = line[position] if position < len(line) else ""
            if time_h is not None:
                row = lines[position] if sideways else lines[place]
                entries.found.append(
                    Entry(row=row, column=well if sideways else str(position + 1), text=text, measurement=channel.label, plate=script.plate, well=well, time_h=time_h, unit=channel.unit)
                )  # fmt: skip
    return end
