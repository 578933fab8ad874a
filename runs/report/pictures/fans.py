"""Trajectory fans: what the model believes of a few conditions over time, with what was read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from world_model.fit import WorldModel
from world_model.scores import Z90
from world_model.terms.goals import Goal, Measurement
from world_model.terms.readings import FLAGS, Dataset

from ...state.charter import Charter
from ..conditions import Condition
from .picture import Picture
from .style import BLUE, INK, ORANGE, RED, WIDTH_IN, axis_label, canvas, plain_ticks, shared_legend, styled


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A condition in the picture, with the words above its column."""

    label: str
    condition: Condition


def conditions_to_show(ranking: tuple[Condition, ...], every: tuple[Condition, ...]) -> tuple[Shown, ...]:
    """The best, the middle and the last of the ranking, and the first control: four different stories at most."""
    chosen: list[Shown] = []
    if ranking:
        chosen.append(Shown(label="best", condition=ranking[0]))
    if len(ranking) > 3:
        chosen.append(Shown(label="middle", condition=ranking[len(ranking) // 2]))
    if len(ranking) > 1:
        chosen.append(Shown(label="last", condition=ranking[-1]))
    control = next((condition for condition in every if condition.is_control and condition.read), None)
    if control is not None:
        chosen.append(Shown(label="control", condition=control))
    return tuple(chosen)


def draw_fans(
    model: WorldModel, data: Dataset, shown: tuple[Shown, ...], goal: Goal, charter: Charter, *, name: str
) -> Picture | None:
    """Rows are measurements, columns conditions; None where nothing was read over time."""
    courses = [m for m in charter.measurements if len(m.at_h) > 1 and np.isfinite(data.values[:, :, data.variables.index(m.name)]).any()]
    if not courses or not shown:
        return None
    posterior = model.posterior([entry.condition.settings for entry in shown])
    state, reading = posterior.mean_sd(), posterior.mean_sd(of="reading")
    with styled():
        # a lone condition needs no full width
        width = WIDTH_IN if len(shown) > 1 else 0.6 * WIDTH_IN
        figure = canvas(2.5 * len(courses) + 0.8, width_in=width)
        grid = figure.subplots(len(courses), len(shown), sharex=True, sharey="row", squeeze=False)
        for row, measurement in enumerate(courses):
            y = data.variables.index(measurement.name)
            own = (data.times_h >= measurement.at_h[0] - 1e-9) & (data.times_h <= measurement.at_h[-1] + 1e-9)
            hours = data.times_h[own]
            for column, entry in enumerate(shown):
                axes = grid[row, column]
                mean, sd = (part[column, :, y].numpy()[own] for part in (state.mean, state.sd))
                reading_sd = reading.sd[column, :, y].numpy()[own]
                axes.fill_between(hours, mean - Z90 * reading_sd, mean + Z90 * reading_sd, color=BLUE, alpha=0.13, linewidth=0, label="90 % of single readings")
                axes.fill_between(hours, mean - Z90 * sd, mean + Z90 * sd, color=BLUE, alpha=0.35, linewidth=0, label="90 % of the true curve")
                axes.plot(hours, mean, color=BLUE, label="model's mean")
                _readings(axes, data, entry.condition, y)
                _goal_mark(axes, goal, measurement)
                plain_ticks(axes)
                if row == 0:
                    axes.set_title(f"{entry.label}: {entry.condition.ids[0]}", fontsize=10)
                if row == len(courses) - 1:
                    axes.set_xlabel("hours")
            grid[row, 0].set_ylabel(axis_label(measurement.name, measurement.unit))
        shared_legend(figure, ncols=3 if len(shown) > 1 else 2)
        return Picture(
            name=name, title="Trajectory fans", figure=figure,
            caption=f"Columns are conditions, ranked by: {goal}. Hours count from {charter.zero}. The model is fitted to all readings, these included; "
            "bands are central 90 % intervals.",
            alt=f"Model mean, band and readings over time for {', '.join(entry.label for entry in shown)}",
        )  # fmt: skip


def _readings(axes: Axes, data: Dataset, condition: Condition, y: int) -> None:
    above = FLAGS.index("above limit")
    for i in condition.rows:
        values = data.values[i, :, y]
        seen = np.isfinite(values)
        axes.plot(data.times_h[seen], values[seen], "o", color=INK, markersize=3.6, mec="white", mew=0.5, label="readings", zorder=5)
        beyond = data.times_h[data.flags[i, :, y] == above]
        if len(beyond):
            axes.plot(beyond, np.full(len(beyond), 0.97), "^", color=RED, markersize=5, transform=axes.get_xaxis_transform(), label="above the reader's limit", zorder=5)


def _goal_mark(axes: Axes, goal: Goal, measurement: Measurement) -> None:
    if goal.readout == measurement.name and goal.take == "end":
        at_h = measurement.at_h[-1] if goal.at_h is None else goal.at_h
        axes.axvline(at_h, color=ORANGE, linewidth=1.4, linestyle=(0, (4, 3)), label="where the goal is read", zorder=1)
