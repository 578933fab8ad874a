"""Fans of several plans on one axis: what was read, what is believed of each plan, and where they part."""

from __future__ import annotations

import torch

from world_model.terms.goals import Measurement
from world_model.what_if import WhatIf

from .picture import Picture
from .style import BLUE, GREEN, GREY, INK, ORANGE, PURPLE, RED, SKY, WIDTH_IN, axis_label, canvas, plain_ticks, shared_legend, styled

_COLOURS = (BLUE, ORANGE, GREEN, PURPLE, RED, SKY)


def draw_what_if(told: WhatIf, measurements: tuple[Measurement, ...], *, name: str, zero: str) -> Picture:
    """One panel a measurement, one fan a plan: mean and central 90 % of the true curve."""
    hours, history = told.times_h.numpy(), told.history
    units = {measurement.name: measurement.unit for measurement in measurements}
    with styled():
        figure = canvas(2.7 * len(told.variables) + 0.8, width_in=0.75 * WIDTH_IN)
        grid = figure.subplots(len(told.variables), 1, sharex=True, squeeze=False)[:, 0]
        for y, (axes, variable) in enumerate(zip(grid, told.variables, strict=True)):
            for p, plan in enumerate(told.plans):
                drawn, colour = told.values[:, p, :, y], _COLOURS[p % len(_COLOURS)]
                low, high = torch.quantile(drawn, torch.tensor([0.05, 0.95], dtype=drawn.dtype), dim=0).numpy()
                axes.fill_between(hours, low, high, color=colour, alpha=0.15, linewidth=0)
                # equal plans lie on each other: later ones are dashed, so that both are seen
                axes.plot(hours, drawn.mean(dim=0).numpy(), color=colour, linestyle="-" if p == 0 else (0, (5, 1 + p)), label=plan)
            seen = history.read[:, y]
            axes.plot(history.times_h[seen], history.values[seen, y], "o", color=INK, markersize=4, mec="white", mew=0.5, label="read until now", zorder=5)
            if history.now_h >= 0:
                axes.axvline(history.now_h, color=GREY, linewidth=1.2, linestyle=(0, (4, 3)), label="now", zorder=1)
            axes.set_ylabel(axis_label(variable, units.get(variable, "")))
            plain_ticks(axes)
        grid[-1].set_xlabel("hours")
        shared_legend(figure, ncols=4)
        return Picture(
            name=name, title="What if", figure=figure,
            caption=f"Bands hold 90 % of the hypotheses; draws are the same for all plans. Hours count from {zero}. {told.claim}",
            alt=f"Trajectories over time under the plans {', '.join(told.plans)}",
        )  # fmt: skip
