"""Predicted against observed: what was said before the experiment, one panel a round."""

from __future__ import annotations

import math

import numpy as np

from world_model.terms.goals import Goal

from ...state.charter import Charter
from ..coverage import Checked, coverage
from ..numbers import percent, readout_name, unit_of
from .picture import Picture
from .style import BLUE, GREY, RED, WIDTH_IN, axis_label, canvas, plain_ticks, styled

MOST_PANELS = 8
COLUMNS = 4


def draw_predicted(pairs: tuple[Checked, ...], goal: Goal, charter: Charter, *, name: str) -> Picture | None:
    """Small multiples on shared axes; a vertical line that meets the diagonal is a prediction that held. None without pairs."""
    if not pairs:
        return None
    bundles = _bundles(pairs)
    columns = min(len(bundles), COLUMNS) if len(bundles) > 3 else len(bundles)
    rows = math.ceil(len(bundles) / columns)
    with styled():
        side = min(3.9, WIDTH_IN / columns)
        figure = canvas(side * rows + 0.8, width_in=min(WIDTH_IN, side * columns + 0.9))
        grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        low, high = _limits(pairs)
        for axes, (label, bundle) in zip(grid.flat, bundles, strict=False):
            told = coverage(bundle)
            seen, mean = np.array([pair.observed for pair in bundle]), np.array([pair.mean for pair in bundle])
            ends = np.array([[pair.mean - pair.low, pair.high - pair.mean] for pair in bundle]).T.clip(min=0)
            inside = np.array([pair.within for pair in bundle])
            axes.plot([low, high], [low, high], color=GREY, linewidth=1, zorder=1)
            for mask, colour, marker, text in ((inside, BLUE, "o", "result within the 90 % interval"), (~inside, RED, "D", "outside")):
                axes.errorbar(
                    seen[mask], mean[mask], yerr=ends[:, mask], fmt=marker, color=colour, ecolor=colour, elinewidth=1.1, markersize=4.5,
                    alpha=0.75, mec="white", mew=0.5, label=text, zorder=3,
                )  # fmt: skip
            axes.set_title(f"{label}: {told.within} of {told.results} ({percent(told.share)})", fontsize=10, fontweight="normal")
            axes.set_xlim(low, high)
            axes.set_ylim(low, high)
            axes.set_aspect("equal")
            axes.locator_params(nbins=5)
            plain_ticks(axes)
        for axes in grid.flat[len(bundles) :]:
            axes.set_axis_off()
        figure.supxlabel(axis_label(f"observed {readout_name(goal, charter)}", unit_of(goal, charter)), fontsize=10.5)
        figure.supylabel("predicted before", fontsize=10.5)
        handles, texts = grid.flat[0].get_legend_handles_labels()
        figure.legend(handles, texts, loc="outside upper right", ncols=2)
        total = coverage(pairs)
        return Picture(
            name=name, title="Predicted against observed", figure=figure,
            caption="Each point is one result; its vertical line is the central 90 % that was predicted when the experiment was proposed, for a "
            "single reading. A line that crosses the diagonal held. Predictions are the stored ones: nothing was refitted.",
            alt=f"{total.within} of {total.results} results within their predicted 90 % interval",
        )  # fmt: skip


def _bundles(pairs: tuple[Checked, ...]) -> list[tuple[str, tuple[Checked, ...]]]:
    """Rounds, taken together where there are more than fit."""
    numbers = sorted({pair.round for pair in pairs})
    size = math.ceil(len(numbers) / MOST_PANELS)
    told = []
    for start in range(0, len(numbers), size):
        part = numbers[start : start + size]
        label = f"round {part[0]}" if len(part) == 1 else f"rounds {part[0]}–{part[-1]}"
        told.append((label, tuple(pair for pair in pairs if pair.round in part)))
    return told


def _limits(pairs: tuple[Checked, ...]) -> tuple[float, float]:
    """One range for both axes: every result and every mean, and intervals as far as they don't dwarf them."""
    centres = [number for pair in pairs for number in (pair.observed, pair.mean)]
    low, high = min(centres), max(centres)
    span = (high - low) or abs(high) or 1.0
    low = max(min(pair.low for pair in pairs), low - 0.35 * span)
    high = min(max(pair.high for pair in pairs), high + 0.35 * span)
    low, high = min(low, min(centres)), max(high, max(centres))
    pad = 0.04 * ((high - low) or 1.0)
    return low - pad, high + pad
