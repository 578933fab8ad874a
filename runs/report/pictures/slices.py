"""Slices of the model: one factor at a time through the best point."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from world_model.fit import WorldModel
from world_model.terms.factors import Categorical, Continuous, Factor
from world_model.terms.goals import Goal
from world_model.terms.space import SearchSpace, Settings

from ...state.charter import Charter
from ..conditions import Condition
from ..numbers import labels, readout_name, unit_of
from .picture import Picture
from .style import BLUE, GREY, ORANGE, PALE, WIDTH_IN, axis_label, canvas, plain_ticks, shared_legend, styled

POINTS = 81
MOST_AS_POINTS = 12
MOST_LEVELS = 24
MOST_FACTORS = 6


@dataclass(frozen=True)
class _Slice:
    """The model's readout along one factor: `k` values, and which of them the constraints allow."""

    values: list[float | str]
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    allowed: np.ndarray


def draw_slices(model: WorldModel, best: Condition, every: tuple[Condition, ...], goal: Goal, charter: Charter, *, name: str, matter: Sequence[str] = ()) -> Picture:
    """One panel a factor on a shared scale; dots are everything that was measured, whatever its other factors.

    Args:
        matter: factors by how much they matter, most first: of many, the first `MOST_FACTORS` are shown. Without it, the space's order.
    """
    order = [*matter, *(factor.name for factor in model.space.factors if factor.name not in matter)]
    factors = [model.space[name] for name in order[:MOST_FACTORS]]
    numeric = [factor for factor in factors if not isinstance(factor, Categorical)]
    named = [factor for factor in factors if isinstance(factor, Categorical)]
    width = WIDTH_IN if len(numeric) != 1 or named else 0.6 * WIDTH_IN
    read = [condition for condition in every if condition.read]
    limits = _limits(model, best, read, goal, factors)
    label = axis_label(readout_name(goal, charter), unit_of(goal, charter))
    columns = min(3, len(numeric)) or 1
    numeric_rows = math.ceil(len(numeric) / columns)
    # two blocks with margins of their own: long level names must not squeeze the curves
    heights = [2.7 * numeric_rows, sum(0.95 + 0.27 * min(len(factor.levels), MOST_LEVELS) for factor in named)]
    blocks = [height for height in heights if height]
    with styled():
        figure = canvas(sum(blocks) + 0.5, width_in=width)
        parts = iter(figure.subfigures(len(blocks), 1, height_ratios=blocks, squeeze=False).flat)
        if numeric:
            grid = next(parts).subplots(numeric_rows, columns, squeeze=False, sharey=True)
            for i, factor in enumerate(numeric):
                _numeric(grid.flat[i], factor, model, best, read, goal, limits)
                grid.flat[i].set_ylabel(label if i % columns == 0 else "")
            for axes in grid.flat[len(numeric) :]:
                axes.set_axis_off()
        if named:
            tall = [0.6 + min(len(factor.levels), MOST_LEVELS) for factor in named]
            rows = next(parts).subplots(len(named), 1, squeeze=False, height_ratios=tall, sharex=True)[:, 0]
            for axes, levelled in zip(rows, named, strict=True):
                _categorical(axes, levelled, model, best, read, goal, limits)
            rows[-1].set_xlabel(label)
            plain_ticks(rows[-1], y=False)
        shared_legend(figure, ncols=4 if width == WIDTH_IN else 2)
        left_out = len(order) - len(factors)
        cut = f" The {left_out} other factors matter less and are left out." if left_out else ""
        cut += "".join(f" Of {f.name}, {MOST_LEVELS} of {len(f.levels)} levels are shown, those with the best mean." for f in named if len(f.levels) > MOST_LEVELS)
        return Picture(
            name=name, title="Slices of the model", figure=figure,
            caption=f"One factor moves, the others stay at the best condition ({best.ids[0]}); bands are where the true value lies with 90 %. Grey dots are the "
            f"means of all measured conditions, whose other factors differ.{cut}",
            alt=f"Model slices through the best condition for {', '.join(factor.name for factor in factors)}",
        )  # fmt: skip


def _slice(model: WorldModel, best: Settings, factor: Factor, values: list[float | str], goal: Goal) -> _Slice:
    rows = [{**best, factor.name: value} for value in values]
    told = model.readout(goal, rows)
    return _Slice(
        values=values, mean=told.mean.numpy(), low=told.low.numpy(), high=told.high.numpy(), allowed=_allowed(model.space, rows)
    )


def _allowed(space: SearchSpace, rows: list[dict[str, float | str]]) -> np.ndarray:
    return space.allowed({name: np.array([row[name] for row in rows]) for name in space.names}, len(rows))


def _grid(factor: Factor) -> list[float | str]:
    if isinstance(factor, Categorical):
        return list(factor.levels)
    low, high = factor.bounds
    if isinstance(factor, Continuous):
        return list((np.geomspace if factor.scale == "log" else np.linspace)(low, high, POINTS).tolist())
    if factor.kind == "discrete":
        return list(factor.values)
    return [float(number) for number in np.unique(np.linspace(low, high, POINTS).round())]


def _numeric(axes: Axes, factor: Factor, model: WorldModel, best: Condition, read: list[Condition], goal: Goal, limits: tuple[float, float]) -> None:
    told = _slice(model, best.settings, factor, _grid(factor), goal)
    x = np.array(told.values, dtype=float)
    if getattr(factor, "scale", "linear") == "log":
        axes.set_xscale("log")
    axes.plot([float(c.settings[factor.name]) for c in read], [c.mean for c in read], ".", color=PALE, markersize=6, label="measured conditions", zorder=2)
    if isinstance(factor, Continuous) or len(x) > MOST_AS_POINTS:
        axes.fill_between(x, told.low, told.high, color=BLUE, alpha=0.25, linewidth=0, label="90 % of the true value", zorder=3)
        allowed = np.where(told.allowed, told.mean, np.nan)
        axes.plot(x, allowed, color=BLUE, label="model's mean", zorder=4)
        if not told.allowed.all():
            axes.plot(x, np.where(told.allowed, np.nan, told.mean), color=GREY, linestyle=":", linewidth=1.6, label="beyond a constraint", zorder=4)
    else:
        _bars(axes, x, told)
        axes.set_xticks(x)
    axes.axvline(float(best.settings[factor.name]), color=ORANGE, linewidth=1.4, linestyle=(0, (4, 3)), label="best condition", zorder=1)
    axes.set_xlabel(axis_label(factor.name, factor.unit))
    plain_ticks(axes)
    axes.set_ylim(*limits)


def _bars(axes: Axes, x: np.ndarray, told: _Slice) -> None:
    reach = np.stack([told.mean - told.low, told.high - told.mean])
    axes.errorbar(x, told.mean, yerr=reach, fmt="o", color=BLUE, markersize=5, elinewidth=3.2, ecolor=BLUE + "66", label="model's mean and 90 %", zorder=4)
    margin = 0.08 * (float(np.ptp(x)) or 1.0)
    axes.set_xlim(float(x.min()) - margin, float(x.max()) + margin)


def _categorical(axes: Axes, factor: Categorical, model: WorldModel, best: Condition, read: list[Condition], goal: Goal, limits: tuple[float, float]) -> None:
    told = _slice(model, best.settings, factor, _grid(factor), goal)
    # best on top; the best condition's own level is always among them
    order = np.argsort(goal.score(told.mean))[::-1][:MOST_LEVELS].tolist()
    own = factor.levels.index(str(best.settings[factor.name]))
    if own not in order:
        order[-1] = own
    place = {factor.levels[i]: k for k, i in enumerate(order)}
    y = np.arange(len(order))
    zero = min(max(0.0, limits[0]), limits[1])
    axes.barh(y, told.mean[order] - zero, left=zero, height=0.62, color=BLUE, alpha=0.25, zorder=2)
    reach = np.stack([told.mean - told.low, told.high - told.mean])[:, order]
    axes.errorbar(told.mean[order], y, xerr=reach, fmt="o", color=BLUE, markersize=4.5, elinewidth=1.8, label="model's mean and 90 %", zorder=4)
    seen = [(condition.mean, place[str(condition.settings[factor.name])]) for condition in read if str(condition.settings[factor.name]) in place]
    if seen:
        axes.plot([value for value, _ in seen], [k for _, k in seen], ".", color=GREY, alpha=0.6, markersize=5, label="measured conditions", zorder=3)
    names = labels([factor.levels[i] for i in order], 34)
    axes.set_yticks(y, names)
    for k, text in enumerate(axes.get_yticklabels()):
        if order[k] == own:
            text.set_fontweight("bold")
    axes.set_ylim(len(order) - 0.4, -0.6)
    axes.set_xlim(*limits)
    axes.grid(axis="y", visible=False)
    axes.set_title(f"{factor.name} (bold: of the best condition)", fontsize=10)


def _limits(model: WorldModel, best: Condition, read: list[Condition], goal: Goal, factors: Sequence[Factor]) -> tuple[float, float]:
    """One scale for all panels: it holds every mean, every measured condition, and the bands as far as they don't dwarf these."""
    seen = [condition.mean for condition in read]
    slices = [_slice(model, best.settings, factor, _grid(factor), goal) for factor in factors]
    centres = np.concatenate([seen, *[part.mean for part in slices]])
    low, high = float(centres.min()), float(centres.max())
    span = (high - low) or abs(high) or 1.0
    bottom = max(min(float(part.low.min()) for part in slices), low - 0.4 * span)
    top = min(max(float(part.high.max()) for part in slices), high + 0.4 * span)
    low, high = min(low, bottom), max(high, top)
    pad = 0.06 * (high - low or 1.0)
    return low - pad, high + pad
