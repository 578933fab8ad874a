"""A picture with what is said about it, ready for the page and for a folder of PNGs."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ...journal.raw_files import write_durably
from .style import styled

PNG_DPI = 150


@dataclass(frozen=True, kw_only=True)
class Picture:
    """`name` is the PNG's name without its ending; `alt` says in words what is seen."""

    name: str
    title: str
    caption: str
    alt: str
    figure: Figure

    def data_uri(self) -> str:
        """The picture as an SVG inside an address: an image of its own, so that no id or script meets the page's."""
        told = io.BytesIO()
        with styled():
            self.figure.savefig(told, format="svg", metadata={"Date": None, "Creator": None})
        return "data:image/svg+xml;base64," + base64.b64encode(told.getvalue()).decode()

    def write_png(self, folder: Path) -> Path:
        """Write `<folder>/<name>.png`.

        Raises:
            JournalError: the folder can't be written.
        """
        drawn = io.BytesIO()
        with styled():
            FigureCanvasAgg(self.figure)
            self.figure.savefig(drawn, format="png", dpi=PNG_DPI)
        file = folder / f"{self.name}.png"
        write_durably(file, drawn.getvalue())
        return file
