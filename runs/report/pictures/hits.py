"""Hits found, by experiments used, against drawing candidates at random."""

from __future__ import annotations

import numpy as np

from world_model.terms.goals import Goal

from ...state.charter import Charter
from ..best_so_far import BestSoFar
from .picture import Picture
from .style import BLUE, GREY, INK, ORANGE, WIDTH_IN, canvas, plain_ticks, styled


def draw_hits(curve: BestSoFar, goal: Goal, charter: Charter, *, name: str) -> Picture | None:
    """The number of wells that are hits; None before the first reading.

    The first round is chosen before a model knows anything: going on at its share is what chance would find.
    """
    counted = curve.found & np.isfinite(curve.measured)
    if not counted.any():
        return None
    hit = np.where(counted, goal.past_threshold(np.nan_to_num(curve.measured)) >= 0, False)
    total = np.cumsum(hit)
    n = np.arange(1, len(curve) + 1)
    first = curve.round_ends[0] if curve.round_ends else len(curve)
    share = float(hit[:first].sum() / max(int(counted[:first].sum()), 1))
    with styled():
        figure = canvas(3.6, width_in=0.75 * WIDTH_IN)
        axes = figure.subplots()
        axes.step(n, total, where="post", color=BLUE, linewidth=2.6, label="nextwell")
        axes.plot(n, share * np.cumsum(counted), color=ORANGE, label=f"at the first round's share, {share:.1%}")
        for end in curve.round_ends[:-1]:
            axes.axvline(end + 0.5, color=GREY, linewidth=0.8, linestyle=(0, (1, 3)))
        axes.annotate(f"{int(total[-1])}", (n[-1], total[-1]), textcoords="offset points", xytext=(5, -3), color=INK)
        axes.set(xlabel="experiments used (every well counts)", ylabel="hits found", xlim=(0, len(curve) * 1.06 + 1), ylim=(0, None))
        axes.legend()
        plain_ticks(axes)
        return Picture(
            name=name, title="Hits found", figure=figure, caption=f"Wells in which {goal.what} is a hit ({goal}). Dotted: rounds of {charter.name}.",
            alt=f"{int(total[-1])} hits in {len(curve)} experiments",
        )
