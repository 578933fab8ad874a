"""Which factors matter: a bar each, alone and with interactions."""

from __future__ import annotations

import numpy as np

from planner.explain.importance import Importances
from world_model.terms.goals import Goal

from ...state.charter import Charter
from ..numbers import labels, percent, readout_name
from .picture import Picture
from .style import BLUE, INK, SKY, WIDTH_IN, canvas, styled

MOST = 20


def draw_importance(told: Importances, goal: Goal, charter: Charter, *, name: str) -> Picture | None:
    """None where the model sees no variation, or there is one factor alone."""
    if told.flat or len(told.factors) < 2:
        return None
    shown = told.factors[:MOST]
    with styled():
        figure = canvas(0.36 * len(shown) + 1.1, width_in=0.75 * WIDTH_IN)
        axes = figure.subplots()
        y = np.arange(len(shown))
        whole = [one.with_others for one in shown]
        if all(share is not None for share in whole):
            axes.barh(y, [100 * (share or 0.0) for share in whole], height=0.66, color=SKY, alpha=0.45, label="with its interactions")
        alone = np.array([one.alone for one in shown])
        reach = np.clip(np.array([[one.alone - one.low for one in shown], [one.high - one.alone for one in shown]]), 0, None)
        axes.barh(y, 100 * alone, height=0.36, color=BLUE, label="alone")
        axes.errorbar(100 * alone, y, xerr=100 * reach, fmt="none", ecolor=INK, elinewidth=1.2)
        axes.set_yticks(y, labels([one.factor for one in shown], 30))
        axes.set_ylim(len(shown) - 0.4, -0.6)
        axes.set_xlim(left=0)
        axes.grid(axis="y", visible=False)
        axes.set_xlabel(f"share of the variation of {readout_name(goal, charter)} (%)")
        axes.legend(loc="lower right")
        left_out = f" Of {len(told.factors)} factors the first {MOST} are shown." if len(told.factors) > MOST else ""
        return Picture(
            name=name, title="Which factors matter", figure=figure,
            caption=f"{told.how}. Whiskers: central 90 % of the estimate, with this model.{left_out}",
            alt="; ".join(f"{one.factor} {percent(one.size)}" for one in shown),
        )  # fmt: skip
