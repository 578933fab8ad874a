"""One look for all pictures: Okabe and Ito's colours, which people with colour blindness can tell apart."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

# Okabe & Ito (2008), Color Universal Design
BLUE, ORANGE, GREEN, RED, SKY, PURPLE = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7"
INK, GREY, PALE, HAIR = "#1f2933", "#6b7785", "#c9d1d9", "#e6eaee"
SEQUENTIAL = "viridis"
WIDTH_IN = 9.8  # at 100 pixels an inch this is the width of the page

_RC: dict[str, Any] = {
    "font.family": "DejaVu Sans", "font.size": 10.5, "axes.titlesize": 11, "axes.titleweight": "bold", "axes.titlelocation": "left",
    "axes.labelsize": 10.5, "xtick.labelsize": 9.5, "ytick.labelsize": 9.5, "legend.fontsize": 9.5, "legend.frameon": False,
    "axes.edgecolor": GREY, "axes.labelcolor": INK, "text.color": INK, "xtick.color": GREY, "ytick.color": GREY,
    "xtick.labelcolor": INK, "ytick.labelcolor": INK, "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True,
    "grid.color": HAIR, "grid.linewidth": 0.8, "axes.axisbelow": True, "lines.linewidth": 2.0, "axes.formatter.use_mathtext": False,
    "figure.facecolor": "white", "savefig.facecolor": "white", "svg.fonttype": "path", "svg.hashsalt": "nextwell",
    # names are data: a dollar sign in one of them is no formula
    "text.parse_math": False, "axes.unicode_minus": True,
}  # fmt: skip


@contextmanager
def styled() -> Iterator[None]:
    """The look, for what is drawn and saved inside."""
    with matplotlib.rc_context(_RC):  # type: ignore[arg-type]
        yield


def canvas(height_in: float, *, width_in: float = WIDTH_IN) -> Figure:
    """An empty figure that lays itself out; no window, no global state."""
    return Figure(figsize=(width_in, height_in), layout="constrained")


def axis_label(name: str, unit: str) -> str:
    """`GFP (RFU)`."""
    return f"{name} ({unit})" if unit else name


def plain_ticks(axes: Axes, *, x: bool = True, y: bool = True) -> None:
    """Tick labels as people write numbers: 50,000 and 0.01, no powers, whatever the scale."""
    for axis, wanted in ((axes.xaxis, x), (axes.yaxis, y)):
        if wanted:
            axis.set_major_formatter(FuncFormatter(_tick))
            axis.set_minor_formatter(NullFormatter())


def _tick(number: float, _position: int) -> str:
    return f"{number:,.8g}".replace("-", "−")


def shared_legend(figure: Figure, *, ncols: int) -> None:
    """One legend below all panels, at most `ncols` texts a row; each text once."""
    handles: dict[str, Artist] = {}
    for axes in figure.axes:
        for handle, text in zip(*axes.get_legend_handles_labels(), strict=True):
            handles.setdefault(text, handle)
    # rows of equal length: no orphan below
    rows = math.ceil(len(handles) / ncols)
    figure.legend(list(handles.values()), list(handles), loc="outside lower center", ncols=math.ceil(len(handles) / rows))
