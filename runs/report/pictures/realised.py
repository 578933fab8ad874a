"""Asked and realised: how far each amount lies beside what was asked, one panel a factor."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from ..realised import Amount
from .picture import Picture
from .style import BLUE, GREY, WIDTH_IN, axis_label, canvas, plain_ticks, styled

COLUMNS = 4


def draw_realised(amounts: Mapping[str, tuple[Amount, ...]], units: Mapping[str, str], *, name: str) -> Picture | None:
    """Relative gaps against asked amounts; None where every amount is what was asked."""
    shown = {factor: told for factor, told in amounts.items() if any(amount.gap for amount in told)}
    if not shown:
        return None
    columns = min(len(shown), COLUMNS)
    rows = math.ceil(len(shown) / columns)
    with styled():
        figure = canvas(2.5 * rows + 0.5, width_in=min(WIDTH_IN, 3.2 * columns + 0.6))
        grid = figure.subplots(rows, columns, sharey=True, squeeze=False)
        for axes, (factor, told) in zip(grid.flat, shown.items(), strict=False):
            asked, gaps = np.array([amount.asked for amount in told]), 100 * np.array([amount.gap for amount in told])
            axes.axhline(0, color=GREY, linewidth=1)
            axes.plot(asked, gaps, "o", color=BLUE, markersize=4.5, alpha=0.7, mec="white", mew=0.5)
            axes.set_xlabel(axis_label(f"{factor} asked", units.get(factor, "")))
            if asked.max() > 30 * asked.min():
                axes.set_xscale("log")
            plain_ticks(axes)
        for axes in grid.flat[len(shown) :]:
            axes.set_axis_off()
        figure.supylabel("made beside asked (%)", fontsize=10.5)
        worst = max(abs(amount.gap) for told in shown.values() for amount in told)
        return Picture(
            name=name, title="Asked and realised", figure=figure,
            caption="Volumes are whole pipetting steps, so amounts lie a little beside what was proposed. The model learns from what was made.",
            alt=f"amounts lie at most {100 * worst:.2g} % beside what was asked",
        )  # fmt: skip
