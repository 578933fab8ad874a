"""Plates with the wells whose predictions failed, coloured by the cause that the evidence points to."""

from __future__ import annotations

import math

from matplotlib.axes import Axes
from matplotlib.patches import Circle, Patch

from world_model.deviations import CAUSES, Cause

from ..deviations import RoundDeviations
from ..wells import PlateOfRound
from .picture import Picture
from .plates import draw_frame, plate_format, well_place
from .style import BLUE, GREEN, GREY, HAIR, INK, ORANGE, PURPLE, RED, SKY, WIDTH_IN, canvas, styled

COLOURS: dict[Cause, str] = dict(zip(CAUSES, (RED, ORANGE, PURPLE, BLUE, GREEN, SKY, GREY), strict=True))


def draw_deviating(entries: tuple[RoundDeviations, ...], plates: tuple[PlateOfRound, ...], *, name: str) -> Picture | None:
    """One plate a round; None where no round with predictions has wells."""
    shown = [(plate, entry) for entry in entries for plate in plates if plate.round == entry.round]
    if not shown or not any(entry.found for _, entry in shown):
        return None
    columns = min(len(shown), 2)
    rows = math.ceil(len(shown) / columns)
    with styled():
        figure = canvas(rows * 3.7 + 0.6, width_in=WIDTH_IN if columns == 2 else 0.62 * WIDTH_IN)
        grid = figure.subplots(rows, columns, squeeze=False)
        for axes, (plate, entry) in zip(grid.flat, shown, strict=False):
            _plate(axes, plate, entry)
        for axes in grid.flat[len(shown) :]:
            axes.set_axis_off()
        met = [cause for cause in CAUSES if any(cause in entry.causes.values() for _, entry in shown)]
        handles = [Patch(facecolor=COLOURS[cause], label=cause) for cause in met] + [Patch(facecolor=HAIR, edgecolor=GREY, label="within 90 %, or nothing predicted")]
        figure.legend(handles=handles, loc="outside lower center", ncols=min(len(handles), 4))
        return Picture(
            name=name, title="Which wells deviate", figure=figure,
            caption="Coloured wells lie outside the 90 % that was predicted when the round was proposed. Deviations that follow a row, a column or the plate's edge are the plate's doing.",
            alt=f"Plates of {len(shown)} rounds with deviating wells coloured by cause",
        )  # fmt: skip


def _plate(axes: Axes, plate: PlateOfRound, entry: RoundDeviations) -> None:
    size, causes = plate_format(plate), entry.causes
    for well in plate.wells:
        place, cause = well_place(well.name), causes.get(well.id)
        axes.add_patch(Circle((place.column, place.row), 0.42, facecolor=COLOURS[cause] if cause else HAIR, edgecolor=GREY, linewidth=0.6, zorder=2))
        if well.role == "control":
            axes.text(place.column, place.row, "c", ha="center", va="center_baseline", fontsize=9 if size.size <= 96 else 5, color=INK, zorder=3)
    draw_frame(axes, size)
    axes.set_title(f"round {plate.round} · {plate.plate}: {len(entry.outside)} of {len(entry.pairs)} outside", fontsize=10, pad=6)
