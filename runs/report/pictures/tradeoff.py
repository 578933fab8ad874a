"""Two goals at once: what was measured of both, and which conditions no other beats."""

from __future__ import annotations

import numpy as np

from world_model.pareto import not_dominated, scores
from world_model.terms.goals import Goal

from ...state.charter import Charter
from ..conditions import Condition
from ..numbers import readout_name, unit_of
from .picture import Picture
from .style import BLUE, GREY, PALE, WIDTH_IN, axis_label, canvas, plain_ticks, shared_legend, styled


def draw_tradeoff(
    first: tuple[Condition, ...], second: tuple[Condition, ...], goals: tuple[Goal, ...], charter: Charter, *, name: str
) -> Picture | None:
    """The first two goals against each other; None where no condition was read for both."""
    other = {condition.ids: condition for condition in second}
    both = [condition for condition in first if condition.read and not condition.is_control and other[condition.ids].read]
    if not both:
        return None
    values = np.array([(condition.mean, other[condition.ids].mean) for condition in both])
    kept = np.array([condition.kept for condition in both])
    front = np.zeros(len(both), dtype=bool)
    front[kept] = not_dominated(scores(goals[:2], values[kept])) if kept.any() else False
    with styled():
        figure = canvas(4.3, width_in=0.7 * WIDTH_IN)
        axes = figure.subplots()
        axes.plot(values[kept & ~front, 0], values[kept & ~front, 1], "o", color=PALE, markersize=6, label="beaten in both by another")
        if (~kept).any():
            axes.plot(values[~kept, 0], values[~kept, 1], "x", color=GREY, markersize=5, mew=1, label="breaks an outcome constraint")
        order = np.argsort(values[front, 0])
        axes.plot(values[front][order, 0], values[front][order, 1], "o--", color=BLUE, linewidth=1.1, markersize=7, label="beaten by none")
        axes.set_xlabel(axis_label(readout_name(goals[0], charter), unit_of(goals[0], charter)))
        axes.set_ylabel(axis_label(readout_name(goals[1], charter), unit_of(goals[1], charter)))
        plain_ticks(axes)
        shared_legend(figure, ncols=3)
        return Picture(
            name=name, title="Both goals", figure=figure,
            caption=f"Goals: {goals[0]}; {goals[1]}. Points are means of measured conditions. The blue ones are the choices between which only you can decide.",
            alt=f"{int(front.sum())} of {int(kept.sum())} conditions are beaten by none",
        )  # fmt: skip
