"""Plate heat maps: the goal's readout well by well, so that an edge, a row or a bad pipette shows."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.patches import Circle

from world_model.terms.goals import Goal
from world_model.terms.plates import FORMATS, PlateFormat, row_name

from ...state.charter import Charter
from ..numbers import readout_name, unit_of
from ..wells import PlateOfRound
from .picture import Picture
from .style import GREY, HAIR, INK, PALE, RED, SEQUENTIAL, WIDTH_IN, axis_label, canvas, plain_ticks, styled

_MARKS = {"control": "c", "replicate": "r", "calibration": "k", "blank": "b"}
_TOLD = ("c control · r replicate · b blank · × failed", "? goal not readable · dashed: waiting for results · dot: empty")


@dataclass(frozen=True)
class _Place:
    row: int
    column: int


def draw_plates(plates: tuple[PlateOfRound, ...], goal: Goal, charter: Charter, *, name: str) -> Picture | None:
    """One plate a round on one colour scale; None where no round has a plate."""
    if not plates:
        return None
    values = np.array([well.value for plate in plates for well in plate.wells if np.isfinite(well.value)])
    scale = Normalize(float(values.min()), float(values.max())) if len(values) else Normalize(0, 1)
    columns = 1 if len(plates) == 1 else 2
    rows = math.ceil(len(plates) / columns)
    with styled():
        width = 0.62 * WIDTH_IN if columns == 1 else WIDTH_IN
        figure = canvas(rows * 3.35 * (1.15 if columns == 1 else 1) + 0.4, width_in=width)
        grid = figure.subplots(rows, columns, squeeze=False)
        for axes, plate in zip(grid.flat, plates, strict=False):
            _plate(axes, plate, scale)
        for axes in grid.flat[len(plates) :]:
            axes.set_axis_off()
        if len(values):
            bar = figure.colorbar(ScalarMappable(norm=scale, cmap=colormaps[SEQUENTIAL]), ax=grid.ravel().tolist(), shrink=0.75, aspect=30, pad=0.015)
            bar.set_label(axis_label(readout_name(goal, charter), unit_of(goal, charter)))
            plain_ticks(bar.ax)
            bar.outline.set_visible(False)
        figure.supxlabel(("\n" if columns == 1 else " · ").join(_TOLD), fontsize=9.5, color=GREY)
        return Picture(
            name=name, title="Plates", figure=figure,
            caption="Every well as it was laid out and read, on one colour scale. Red rings are wells that failed, or whose readings lack what the goal needs (an overflow, say). A gradient that follows the plate's edge, "
            "a row or a column rather than the settings is the plate's doing.",
            alt=f"Heat maps of {len(plates)} plates",
        )  # fmt: skip


def _plate(axes: Axes, plate: PlateOfRound, scale: Normalize) -> None:
    size = plate_format(plate)
    side = 0.42
    for well in plate.wells:
        place = well_place(well.name)
        known = np.isfinite(well.value)
        fill = colormaps[SEQUENTIAL](scale(well.value)) if known else (HAIR if well.role == "blank" else "white")
        lost = bool(well.failed) or not (known or well.waiting or well.role == "blank")
        edge, width = (RED, 1.6) if lost else (GREY, 0.6)
        line = (0, (3, 2)) if well.waiting else "solid"
        axes.add_patch(Circle((place.column, place.row), side, facecolor=fill, edgecolor=edge, linewidth=width, linestyle=line, zorder=2))
        mark = "×" if well.failed else "?" if lost else _MARKS.get(well.role, "")
        if mark:
            dark = known and float(scale(well.value)) < 0.6
            axes.text(place.column, place.row, mark, ha="center", va="center_baseline", fontsize=9 if size.size <= 96 else 5, color="white" if dark else INK, zorder=3)
    draw_frame(axes, size)
    axes.set_title(f"round {plate.round} · {plate.plate}", fontsize=10, pad=6)


def draw_frame(axes: Axes, size: PlateFormat) -> None:
    """A plate without its wells: dots where they may stand, names of rows and columns, the right way up."""
    for row in range(size.rows):
        for column in range(size.columns):
            axes.plot([column], [row], ".", color=PALE, markersize=2, zorder=1)
    axes.set_xlim(-0.6, size.columns - 0.4)
    axes.set_ylim(size.rows - 0.4, -0.6)
    axes.set_aspect("equal")
    axes.set_xticks(range(size.columns), [str(column + 1) for column in range(size.columns)], fontsize=8.5 if size.size <= 96 else 6)
    axes.set_yticks(range(size.rows), [row_name(row) for row in range(size.rows)], fontsize=8.5 if size.size <= 96 else 6)
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    axes.grid(visible=False)
    for spine in axes.spines.values():
        spine.set_visible(False)


def plate_format(plate: PlateOfRound) -> PlateFormat:
    """The 96-well plate where it holds every well, else the next larger one: the layout names wells, not labware."""
    places = [well_place(well.name) for well in plate.wells]
    for size in (FORMATS[96], FORMATS[384]):
        if all(place.row < size.rows and place.column < size.columns for place in places):
            return size
    return PlateFormat(max(place.row for place in places) + 1, max(place.column for place in places) + 1)


def well_place(well: str) -> _Place:
    """`B3` → row 1, column 2."""
    letters = well.rstrip("0123456789")
    row = ord(letters[0]) - 65 if len(letters) == 1 else 26 * (ord(letters[0]) - 64) + ord(letters[1]) - 65
    return _Place(row=row, column=int(well[len(letters) :]) - 1)
