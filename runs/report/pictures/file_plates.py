"""Heat maps of a results file: every plate and measurement at its last time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib import colormaps
from matplotlib.backends.backend_agg import FigureCanvasAgg

from world_model.terms.errors import ResultsError
from world_model.terms.plates import PlateFormat, row_name, well_name

from ...verbs.read import FileView
from .style import GREY, RED, SEQUENTIAL, WIDTH_IN, canvas, plain_ticks, styled

MOST_PANELS = 8


def draw_file(view: FileView, out: Path) -> int:
    """Write the heat maps as SVG, PNG or PDF by the name's ending; returns how many of the file's plates and measurements are shown.

    Raises:
        ResultsError: another ending, no wells, or a folder that can't be written.
    """
    if out.suffix.lower() not in (".svg", ".png", ".pdf"):
        raise ResultsError(f"Expected a picture's name ending in .svg, .png or .pdf, found {out.name!r}.")
    shown = [held for held in view.held if view.last(held.plate, held.measurement)][:MOST_PANELS]
    if not shown:
        raise ResultsError("Expected readings of wells to draw, found none in the file.")
    columns = 1 if len(shown) == 1 else 2
    rows = -(-len(shown) // columns)
    with styled():
        figure = canvas(rows * (3.6 if columns == 2 else 5.2), width_in=WIDTH_IN)
        FigureCanvasAgg(figure)
        grid = figure.subplots(rows, columns, squeeze=False)
        for axes, held in zip(grid.flat, shown, strict=False):
            readings = view.last(held.plate, held.measurement)
            values = _grid({well: one.value for well, one in readings.items()}, view.format)
            drawn = axes.imshow(values, cmap=colormaps[SEQUENTIAL], aspect="equal", interpolation="nearest")
            for row in range(view.format.rows):
                for column in range(view.format.columns):
                    one = readings.get(well_name(row, column))
                    if one is not None and one.value is None:
                        axes.text(column, row, {"above limit": ">", "below limit": "<"}.get(one.flag, "×"), ha="center", va="center", color=RED, fontsize=9 if view.format.size <= 96 else 5, fontweight="bold")
            axes.set_xticks(range(view.format.columns), [str(column + 1) for column in range(view.format.columns)], fontsize=8 if view.format.size <= 96 else 5)
            axes.set_yticks(range(view.format.rows), [row_name(row) for row in range(view.format.rows)], fontsize=8 if view.format.size <= 96 else 5)
            axes.xaxis.tick_top()
            axes.tick_params(length=0)
            axes.grid(visible=False)
            when = f" at {held.last_h:.4g} h" if held.last_h is not None else ""
            axes.set_title(f"{held.plate + ': ' if held.plate else ''}{held.measurement}{when}"[:70], fontsize=9.5, pad=6)
            bar = figure.colorbar(drawn, ax=axes, shrink=0.85)
            bar.set_label(held.unit, fontsize=9)
            plain_ticks(bar.ax)
            bar.outline.set_visible(False)
        for axes in grid.flat[len(shown) :]:
            axes.set_axis_off()
        figure.supxlabel("> above the reader's limit · < below it · × lost · white: not read", fontsize=9, color=GREY)
        try:
            figure.savefig(out, metadata={"Date": None} if out.suffix.lower() == ".svg" else None)
        except OSError as fault:
            raise ResultsError(f"Expected to write {out}, found: {fault.strerror}.") from fault
    return len(shown)


def _grid(values: dict[str, float | None], size: PlateFormat) -> np.ndarray:
    """`rows x columns`, NaN where there is no number."""
    return np.array([[_or_nan(values.get(well_name(row, column))) for column in range(size.columns)] for row in range(size.rows)], dtype=float)


def _or_nan(value: float | None) -> float:
    return float("nan") if value is None else value
