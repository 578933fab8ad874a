"""Regret curves: the median over seeds with the band between the quartiles, a panel a problem, a figure a batch size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .planner_problem import Problem
from .planner_run import Line
from .planner_summary import BY_CHANCE, OURS, cells, regret

# Okabe & Ito's colours, told apart by people who see few
_COLOURS = {
    OURS: "#000000", BY_CHANCE: "#999999", "space-filling": "#BBBBBB", "botorch": "#0072B2", "edbo": "#D55E00", "edbo_style": "#D55E00",
    "baybe": "#009E73", "ax": "#CC79A7", "bofire": "#E69F00",
}  # fmt: skip
_DASHED = (BY_CHANCE, "space-filling")


def draw_regrets(problems: Mapping[str, Problem], lines: Sequence[Line], *, folder: Path) -> list[Path]:
    """Write `regret-batch-N.png` and `.svg`.

    Returns:
        The files.
    """
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    folder.mkdir(parents=True, exist_ok=True)
    told = cells(lines)
    files: list[Path] = []
    for batch in sorted({batch for _, batch in told}):
        here = {name: planners for (name, size), planners in told.items() if size == batch}
        columns = min(len(here), 3)
        rows = -(-len(here) // columns)
        figure, axes = plt.subplots(rows, columns, figsize=(max(4.8 * columns, 7.2), 3.4 * rows + 0.9), squeeze=False)
        for axis, (name, planners) in zip(axes.flat, here.items(), strict=False):
            _panel(axis, problems[name], planners)
        for axis in axes.flat[len(here) :]:
            axis.set_visible(False)
        handles = {label: handle for axis in axes.flat[: len(here)] for handle, label in zip(*axis.get_legend_handles_labels(), strict=True)}
        figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=min(len(handles), 5 if columns < 2 else 8), frameon=False)
        figure.suptitle(f"Regret, batches of {batch}: median over seeds, band between the quartiles")
        figure.set_layout_engine("constrained")
        for ending in ("png", "svg"):
            files.append(folder / f"regret-batch-{batch}.{ending}")
            figure.savefig(files[-1], dpi=130)
        plt.close(figure)
    return files


def _panel(axis: Any, problem: Problem, planners: Mapping[str, Sequence[Line]]) -> None:
    order = sorted(planners, key=lambda planner: (planner == OURS, planner not in _DASHED, planner))
    colours = iter(("#56B4E9", "#F0E442", "#8C510A", "#5E3C99"))
    start = min(line["n_init"] for told in planners.values() for line in told)
    for planner in order:
        told = planners[planner]
        reached = int(np.median([len(line["trace"]) for line in told]))
        curve = np.array([[regret(problem, line, mark) for mark in range(start, reached + 1)] for line in told])
        if not curve.size:
            continue
        low, middle, high = np.nanquantile(curve, [0.25, 0.5, 0.75], axis=0)
        x = np.arange(start, reached + 1)
        colour = _COLOURS.get(planner) or next(colours, "#444444")
        wide = planner == OURS
        axis.plot(x, middle, color=colour, lw=2.4 if wide else 1.3, ls="--" if planner in _DASHED else "-", label=planner, zorder=3 if wide else 2)
        axis.fill_between(x, low, high, color=colour, alpha=0.16, lw=0)
    seeds = max(len(told) for told in planners.values())
    axis.set(title=f"{problem.name} ({len(problem):,} rows, {seeds} seeds)", xlabel="experiments", ylabel="regret (1 = the median row)", xlim=(start, None))
    axis.set_ylim(bottom=0)
    axis.grid(alpha=0.25, lw=0.5)
