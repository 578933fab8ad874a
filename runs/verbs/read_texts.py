"""A file's readings as text: the plate as a grid, and the tidy CSV that `nextwell record` takes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping

from world_model.terms.plates import PlateFormat, row_name, well_name

from .read import WellReading

_MARKS = {"above limit": ">max", "below limit": "<min", "failed": "lost"}
# what the reading of a tidy file takes as these flags again
TIDY_MARKS = {"above limit": "OVRFLW", "below limit": "UNDER", "failed": "LOST"}


def plate_text(readings: Mapping[str, WellReading], size: PlateFormat) -> str:
    """Rows and columns of a plate with a number or mark in each well that was read."""
    cells = [["", *(str(column + 1) for column in range(size.columns))]]
    for row in range(size.rows):
        line = [row_name(row)]
        for column in range(size.columns):
            one = readings.get(well_name(row, column))
            line.append("·" if one is None else f"{one.value:.4g}" if one.value is not None else _MARKS[one.flag])
        cells.append(line)
    widths = [max(len(line[i]) for line in cells) for i in range(size.columns + 1)]
    return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells)


def tidy_csv(readings: Iterable[WellReading]) -> str:
    """Columns plate, well, time_h, measurement, value, unit; `experiment_id` instead of plate and well where samples have names."""
    rows = list(readings)
    named = any(one.sample for one in rows)
    told = io.StringIO(newline="")
    writer = csv.writer(told, lineterminator="\n")
    timed = any(one.time_h is not None for one in rows)
    writer.writerow([*(["experiment_id"] if named else ["plate", "well"]), *(["time_h"] if timed else []), "measurement", "value", "unit"])
    for one in rows:
        value = repr(one.value) if one.value is not None else TIDY_MARKS[one.flag]
        place = [_safe(one.sample)] if named else [_safe(one.plate), one.well]
        writer.writerow([*place, *([repr(one.time_h) if one.time_h is not None else ""] if timed else []), _safe(one.measurement), value, _safe(one.unit)])
    return told.getvalue()


def _safe(text: str) -> str:
    """Text that a spreadsheet program would take for a formula gets an apostrophe in front."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
