"""Best so far against random plates at equal budget."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes

from world_model.terms.goals import Goal

from ...state.charter import Charter
from ..best_so_far import BestSoFar
from ..by_chance import ByChance
from ..numbers import readout_name, unit_of
from .hits import draw_hits
from .picture import Picture
from .style import BLUE, GREY, HAIR, INK, ORANGE, PALE, axis_label, canvas, plain_ticks, shared_legend, styled


def draw_progress(curve: BestSoFar, chance: ByChance | None, goal: Goal, charter: Charter, *, name: str) -> Picture | None:
    """The loop's curve, every reading behind it, and random's median with its quartiles; None before the first reading."""
    if goal.direction == "hits":
        return draw_hits(curve, goal, charter, name=name)
    if not goal.seeks_best or not np.isfinite(curve.best_measured).any():
        return None
    with styled():
        figure = canvas(4.3)
        axes = figure.subplots()
        n = np.arange(1, len(curve) + 1)
        _rounds(axes, curve)
        shown = np.isfinite(curve.measured)
        axes.plot(n[shown & curve.found], curve.measured[shown & curve.found], ".", color=PALE, markersize=6, label="one reading", zorder=2)
        if (shown & ~curve.found).any():
            axes.plot(n[shown & ~curve.found], curve.measured[shown & ~curve.found], "x", color=GREY, markersize=4.5, mew=1, label="one reading of a control", zorder=2)
        if chance is not None:
            m = np.arange(1, chance.budget + 1)
            axes.fill_between(m, chance.low_quartile, chance.high_quartile, step="post", color=ORANGE, alpha=0.25, linewidth=0, zorder=3)
            axes.step(m, chance.median, where="post", color=ORANGE, label=f"random: median and quartiles of {chance.runs} runs", zorder=4)
        best, kind = (curve.best_measured, "measured") if curve.best_true is None else (curve.best_true, "true value")
        axes.step(n, best, where="post", color=BLUE, linewidth=2.6, label=f"nextwell: best so far ({kind})", zorder=5)
        if chance is not None and chance.loop_needed is not None:
            axes.plot([chance.loop_needed], [chance.random_final], "o", color=BLUE, markersize=8, mec="white", mew=1.5, zorder=6)
            axes.annotate(
                f"{chance.loop_needed} experiments reach what\nrandom ends with", (chance.loop_needed, chance.random_final), xytext=(12, -34),
                textcoords="offset points", fontsize=9.5, color=INK, arrowprops={"arrowstyle": "-", "color": GREY, "lw": 0.8}, zorder=7,
                bbox={"boxstyle": "round,pad=0.25", "fc": "white", "ec": "none", "alpha": 0.85},
            )  # fmt: skip
        axes.set_xlabel("experiments used (every well counts)")
        axes.set_ylabel(axis_label(readout_name(goal, charter), unit_of(goal, charter)))
        plain_ticks(axes)
        axes.set_xlim(0, len(curve) + 1)
        shared_legend(figure, ncols=3)
        side = {"max": "Higher", "min": "Lower", "match": "Nearer to the target", "range": "Within the range"}.get(goal.direction, "More")
        against = "" if chance is None else " Orange: campaigns of the same plates and roles whose candidates are drawn at random."
        return Picture(
            name=name, title="Best so far", figure=figure,
            caption=f"{side} is better. Dots are single readings with the noise of bench and reader; the line follows the best {kind} so far.{against}",
            alt=f"Step curve of the best {readout_name(goal, charter)} over {len(curve)} experiments" + (", against random" if chance else ""),
        )  # fmt: skip


def _rounds(axes: Axes, curve: BestSoFar) -> None:
    ends = (0, *curve.round_ends)
    step = max(1, len(curve.round_ends) // 12)
    for number, (start, end) in enumerate(pairwise(ends), start=1):
        axes.axvline(end + 0.5, color=HAIR, linewidth=1.2, zorder=1)
        if (number - 1) % step == 0:
            axes.text((start + end + 1) / 2, 1.01, f"round {number}" if step == 1 and len(ends) < 9 else str(number), transform=axes.get_xaxis_transform(), ha="center", va="bottom", fontsize=9, color=GREY)
    axes.grid(axis="x", visible=False)
