"""The bench's plots, one file each."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from .world_model_summary import COVERAGE_GOAL, Cell, by_cell, horizon_rows, main_prior, names, of_contestant, rivals

_CHOSEN = "#111111"


def draw_plots(cells: Sequence[Cell], *, cost: Sequence[Mapping[str, Any]], folder: Path) -> list[Path]:
    """Write every plot that the cells and costs allow.

    Returns:
        The files.
    """
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    folder.mkdir(parents=True, exist_ok=True)
    drawn: list[tuple[str, Callable[[], Any]]] = []
    if cells:
        drawn += [
            ("error_over_n", lambda: _errors(plt, cells)), ("coverage", lambda: _coverage(plt, cells)), ("horizon", lambda: _horizons(plt, cells)),
            ("exploitability", lambda: _exploitability(plt, cells)),
        ]  # fmt: skip
    if any(cell.get("out of range") for cell in cells):
        drawn.append(("refusal", lambda: _refusal(plt, cells)))
    if cost:
        drawn.append(("cost", lambda: _cost(plt, cost)))
    files = []
    for name, draw in drawn:
        figure = draw()
        figure.set_layout_engine("constrained")
        files.append(folder / f"{name}.png")
        figure.savefig(files[-1], dpi=130, bbox_inches="tight")
        plt.close(figure)
    return files


def _problems(cells: Sequence[Cell]) -> list[str]:
    return sorted({cell["problem"] for cell in cells})


def _grid(plt: Any, n: int, *, wide: float = 4.6, high: float = 3.5) -> Any:
    columns = min(n, 3)
    rows = -(-n // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(wide * columns, high * rows), squeeze=False)
    for axis in axes.flat[n:]:
        axis.set_visible(False)
    return figure, list(axes.flat[:n])


def _errors(plt: Any, cells: Sequence[Cell]) -> Any:
    """Error over N: every contestant thin, the chosen model bold."""
    prior, problems = main_prior(cells), _problems(cells)
    figure, axes = _grid(plt, len(problems))
    colours = {name: plt.get_cmap("tab20")(i % 20) for i, name in enumerate([*names(cells, prior=prior), *rivals(cells)])}
    for axis, problem in zip(axes, problems, strict=True):
        here = [cell for cell in cells if cell["problem"] == problem]
        for name, colour in colours.items():
            told = of_contestant(here, name, "nrmse", prior=prior)
            sizes = sorted(n for _, n in told)
            axis.plot(sizes, [told[problem, n] for n in sizes], color=colour, lw=1, ls="--" if name in rivals(cells) else "-", marker="o", ms=3, label=name)
        own = by_cell(here, lambda cell: cell["priors"][prior]["chosen"]["nrmse"])
        sizes = sorted(n for _, n in own)
        axis.plot(sizes, [np.median(own[problem, n]) for n in sizes], color=_CHOSEN, lw=2.5, marker="s", ms=5, label="chosen")
        axis.set(xscale="log", yscale="log", title=problem, xlabel="experiments N", ylabel="NRMSE (1 = the average)")
        axis.set_xticks(sizes, [str(n) for n in sizes])
        axis.minorticks_off() if len(sizes) < 2 else axis.tick_params(axis="x", which="minor", bottom=False, labelbottom=False)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=7, frameon=False)
    return figure


def _coverage(plt: Any, cells: Sequence[Cell]) -> Any:
    """Coverage of noisy readings in every cell, mean of the seeds, with its width."""
    prior = main_prior(cells)
    covered = by_cell(cells, lambda cell: cell["priors"].get(prior, {}).get("chosen", {}).get("coverage90"))
    widths = by_cell(cells, lambda cell: cell["priors"].get(prior, {}).get("chosen", {}).get("width90"))
    keys = sorted(covered)
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 0.32 * len(keys) + 1.8), sharey=True)
    y = np.arange(len(keys))
    left.axvspan(*COVERAGE_GOAL, color="#d8ead3", label="goal, 85 to 95 %")
    for i, key in enumerate(keys):
        left.plot(covered[key], [i] * len(covered[key]), "o", ms=3, color="#999999")
    left.plot([np.mean(covered[key]) for key in keys], y, "s", color=_CHOSEN, label="mean of seeds")
    left.axvline(0.9, color="#5a8f4f", lw=1)
    left.set(yticks=y, xlim=(min(0.5, min(min(told) for told in covered.values()) - 0.02), 1.01), xlabel="readings inside the 90 % interval")
    left.set_yticklabels([f"{problem}, N = {n}" for problem, n in keys], fontsize=8)
    left.legend(fontsize=7, frameon=False, loc="lower left")
    right.barh(y, [np.mean(widths[key]) for key in keys], color="#7f9fbf")
    right.set(xlabel="width of the interval, sd of the observable")
    return figure


def _horizons(plt: Any, cells: Sequence[Cell]) -> Any:
    """Error and predicted sd along time, one panel a problem."""
    rows, problems = horizon_rows(cells), _problems(cells)
    figure, axes = _grid(plt, len(problems))
    sizes = sorted({row["N"] for row in rows})
    for axis, problem in zip(axes, problems, strict=True):
        for i, n in enumerate(sizes):
            here = [row for row in rows if (row["problem"], row["N"]) == (problem, n)]
            colour = plt.get_cmap("viridis")(i / max(len(sizes), 1))
            times = [row["time"] for row in here]
            axis.plot(times, [row["error"] or math.nan for row in here], color=colour, marker="o", ms=3, label=f"|error|, N = {n}")
            axis.plot(times, [row["sd"] or math.nan for row in here], color=colour, ls="--", label=f"predicted sd, N = {n}")
        axis.set(title=problem, xlabel="time (the model's own unit)", ylabel="in sd of the observable", yscale="log")
    axes[0].legend(fontsize=7, frameon=False)
    return figure


def _exploitability(plt: Any, cells: Sequence[Cell]) -> Any:
    """What the model promises of its best plan beyond the truth, over N."""
    prior, problems = main_prior(cells), _problems(cells)
    figure, axes = _grid(plt, len(problems))
    for axis, problem in zip(axes, problems, strict=True):
        here = [cell for cell in cells if cell["problem"] == problem and prior in cell["priors"]]
        for key, colour in (("exploitability", "#b3452c"), ("lift over random", "#2c6fb3"), ("lift over best run", "#5a8f4f")):
            told = by_cell(here, partial(_decision, prior, key))
            sizes = sorted(n for _, n in told)
            for n in sizes:
                axis.plot([n] * len(told[problem, n]), told[problem, n], "o", ms=3, alpha=0.4, color=colour)
            axis.plot(sizes, [np.median(told[problem, n]) for n in sizes], color=colour, marker="s", label="promised − true" if key == "exploitability" else key)
        axis.axhline(0, color="#888888", lw=0.8)
        axis.set(title=problem, xscale="log", xlabel="experiments N", ylabel="sd of the reward")
        axis.set_xticks(sizes, [str(n) for n in sizes])
        axis.tick_params(axis="x", which="minor", bottom=False, labelbottom=False)
    axes[0].legend(fontsize=7, frameon=False)
    return figure


def _decision(prior: str, key: str, cell: Cell) -> float | None:
    told: float | None = cell["priors"][prior]["decisions"].get(key)
    return told


def _refusal(plt: Any, cells: Sequence[Cell]) -> Any:
    """Error of what is answered when the least trusted are refused."""
    figure, axis = plt.subplots(figsize=(5.4, 3.8))
    here = [cell for cell in cells if cell.get("out of range")]
    for i, n in enumerate(sorted({cell["n"] for cell in here})):
        curves = [cell["out of range"]["refusal"] for cell in here if cell["n"] == n]
        shares = [point["answered"] for point in curves[0]]
        axis.plot(shares, [np.median([curve[k]["nrmse"] for curve in curves]) for k in range(len(shares))], marker="o", color=plt.get_cmap("viridis")(i / 3), label=f"N = {n}")
    axis.set(xlabel="share answered, the most trusted first (half of all lies out of range)", ylabel="NRMSE, median of cells")
    axis.legend(fontsize=8, frameon=False)
    return figure


def _cost(plt: Any, rows: Sequence[Mapping[str, Any]]) -> Any:
    """Seconds and memory of a contest along each axis, the others as they usually are."""
    usual = {"N": 200, "times": 13, "observables": 4}
    figure, axes = plt.subplots(1, 3, figsize=(13, 3.6))
    for axis, key in zip(axes, usual, strict=True):
        here = sorted((row for row in rows if row["wall s"] is not None and all(row[other] == usual[other] for other in usual if other != key)), key=lambda row: row[key])
        axis.plot([row[key] for row in here], [row["wall s"] for row in here], marker="o", color="#2c6fb3", label="seconds of a contest")
        axis.plot([row[key] for row in here], [row["gp 10,000 trajectories s"] for row in here], marker="s", color="#5a8f4f", label="10,000 trajectories of a GP, s")
        axis.set(xscale="log", yscale="log", xlabel=key, ylabel="seconds")
        twin = axis.twinx()
        twin.plot([row[key] for row in here], [row["peak GB"] for row in here], marker="^", ls=":", color="#b3452c", label="peak memory, GB")
        twin.set_ylabel("GB", color="#b3452c")
        twin.set_ylim(bottom=0)
        axis.set_xticks([row[key] for row in here], [str(row[key]) for row in here])
        axis.tick_params(axis="x", which="minor", bottom=False, labelbottom=False)
    handles = [*axes[0].get_legend_handles_labels()[0], *twin.get_legend_handles_labels()[0]]
    figure.legend(handles=handles, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, fontsize=8, frameon=False)
    return figure
