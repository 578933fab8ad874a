"""From runs to tables: medians with quartiles, differences seed by seed with their interval, ranks over problems."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.stats import rankdata

from .planner_problem import Problem
from .planner_run import Line, area

MARKS = (15, 20, 25, 40)  # experiments after which the regret is told, beside the last
OURS, BY_CHANCE = "nextwell", "random"
RESAMPLES, SHARE = 4_000, 0.90
Row = dict[str, Any]
Cell = tuple[str, int]  # problem, batch


def regret(problem: Problem, line: Line, mark: int) -> float:
    """(optimum − best of the first `mark`) / (optimum − median row); nan where the run did not get so far."""
    trace = line["trace"]
    return float((problem.y.max() - trace[mark - 1]) / problem.span) if len(trace) >= mark else float("nan")


def finished(lines: Sequence[Line]) -> list[Line]:
    """Runs without an error."""
    return [line for line in lines if "error" not in line]


def cells(lines: Sequence[Line]) -> dict[Cell, dict[str, list[Line]]]:
    """(problem, batch) → planner → its runs, by seed."""
    found: dict[Cell, dict[str, list[Line]]] = {}
    for line in sorted(finished(lines), key=lambda line: int(line["seed"])):
        found.setdefault((line["problem"], line["batch"]), {}).setdefault(line["planner"], []).append(line)
    return found


def marks_of(lines: Sequence[Line]) -> list[int]:
    """`MARKS` that some run of a cell reaches, and the last experiment."""
    last = max(len(line["trace"]) for line in lines)
    return [*(mark for mark in MARKS if mark < last), last]


def problem_rows(problems: Mapping[str, Problem]) -> list[Row]:
    return [
        {
            "problem": name, "rows": len(p), "factors": p.table.shape[1], "features": p.unit.shape[1], "target": p.target, "direction": p.direction,
            "best": abs_y(p, float(p.y.max())), "median": abs_y(p, float(np.median(p.y))), "hits": None if p.hits is None else int(p.hits.sum()), "notes": "; ".join(p.notes),
        }
        for name, p in problems.items()
    ]  # fmt: skip


def abs_y(problem: Problem, value: float) -> float:
    """In the target's own sign."""
    return value if problem.direction == "max" else -value


def regret_rows(problems: Mapping[str, Problem], lines: Sequence[Line]) -> list[Row]:
    """One row a problem, batch and planner: the regret after some experiments, and after all."""
    rows = []
    for (name, batch), planners in cells(lines).items():
        marks = marks_of([line for told in planners.values() for line in told])
        for planner, told in planners.items():
            row: Row = {"problem": name, "batch": batch, "planner": planner, "seeds": len(told)}
            for mark in MARKS:
                row[f"@{mark}"] = spread([regret(problems[name], line, mark) for line in told]) if mark in marks else ""
            rows.append({**row, "end": spread([regret(problems[name], line, marks[-1]) for line in told]), "experiments": marks[-1]})
    return rows


def score_rows(problems: Mapping[str, Problem], lines: Sequence[Line]) -> list[Row]:
    """One row a problem, batch and planner: what was found, and the CPU seconds of a proposal."""
    rows = []
    for (name, batch), planners in cells(lines).items():
        for planner, told in planners.items():
            best = [abs_y(problems[name], line["trace"][-1]) for line in told]
            rows.append(
                {
                    "problem": name, "batch": batch, "planner": planner, "best": spread(best), "area": spread([area(problems[name], line["trace"], n_init=line["n_init"]) for line in told]),
                    "top recall": spread([line.get("top_recall") for line in told]), "hits": spread([line.get("hits") for line in told]),
                    "CPU s a proposal": spread([float(np.median(line["cpu"])) if line.get("cpu") else line.get("rec_cpu_median") for line in told]),
                }
            )  # fmt: skip
    return rows


def best_by_mean(problem: Problem, planners: Mapping[str, Sequence[Line]], marks: Sequence[int]) -> list[Row]:
    """The mean best value after each mark, in the target's own sign."""
    return [
        {"planner": planner, **{f"mean best@{mark}": _mean([abs_y(problem, line["trace"][mark - 1]) for line in told if len(line["trace"]) >= mark]) for mark in marks}}
        for planner, told in planners.items()
    ]


def mean_best_rows(problems: Mapping[str, Problem], lines: Sequence[Line]) -> list[Row]:
    """One row a problem, batch and planner: the mean best value after 15, 20, 25, 40 and all experiments."""
    return [
        {"problem": name, "batch": batch, **row}
        for (name, batch), planners in cells(lines).items()
        for row in best_by_mean(problems[name], planners, MARKS)
    ]


def pair_rows(problems: Mapping[str, Problem], lines: Sequence[Line]) -> list[Row]:
    """nextwell against each rival, seed by seed on the same start: how much lower its regret is, with a 90 % bootstrap interval of the mean."""
    rows = []
    for (name, batch), planners in cells(lines).items():
        if OURS not in planners:
            continue
        ours = {line["seed"]: line for line in planners[OURS]}
        for mark in marks_of([line for told in planners.values() for line in told]):
            found: list[Row] = []
            for planner, told in planners.items():
                if planner == OURS:
                    continue
                pairs = [(regret(problems[name], line, mark), regret(problems[name], ours[line["seed"]], mark)) for line in told if same_start(line, ours.get(line["seed"]))]
                gain = np.array([theirs - own for theirs, own in pairs if np.isfinite(theirs) and np.isfinite(own)])
                if len(gain):
                    low, high = interval(gain)
                    found.append(
                        {
                            "problem": name, "batch": batch, "after": mark, "against": planner, "seeds": len(gain), "gain": round(float(gain.mean()), 4), "low": round(low, 4),
                            "high": round(high, 4), "their mean regret": round(float(np.mean([theirs for theirs, _ in pairs])), 4), "best rival": False,
                        }
                    )  # fmt: skip
            if found:
                min(found, key=lambda row: row["their mean regret"])["best rival"] = True
            rows += found
    return rows


def same_start(line: Line, ours: Line | None) -> bool:
    """Whether two runs begin with the same rows: as many, and none of them better than in the other."""
    if ours is None or line["n_init"] != ours["n_init"]:
        return False
    first, own = (told["trace"][: told["n_init"]] for told in (line, ours))
    return bool(np.allclose(first, own, rtol=1e-4, atol=1e-4 * max(1.0, float(np.abs(own).max()))))


def interval(gain: np.ndarray) -> tuple[float, float]:
    """The 90 % percentile bootstrap interval of a mean over seeds; the value itself where there is one seed."""
    drawn = np.random.default_rng(0).integers(0, len(gain), size=(RESAMPLES, len(gain)))
    low, high = np.quantile(gain[drawn].mean(axis=1), [(1 - SHARE) / 2, (1 + SHARE) / 2])
    return float(low), float(high)


def rank_rows(problems: Mapping[str, Problem], lines: Sequence[Line]) -> list[Row]:
    """The mean rank of each planner over problems and batches (1 is best), by the mean regret at every mark and by the area.

    A planner that was not run on every cell is ranked among those who were there; `cells` counts where it was.
    """
    by_planner: dict[str, dict[str, list[float]]] = {}
    for (name, _), planners in cells(lines).items():
        marks = marks_of([line for told in planners.values() for line in told])
        scores: list[int | str] = [*marks, "area"]
        for score in scores:
            worth = {planner: value for planner, told in planners.items() if np.isfinite(value := _worth(problems[name], told, score))}
            key = "area" if score == "area" else "end" if score == marks[-1] else f"@{score}"
            for planner, rank in zip(worth, rankdata(list(worth.values())), strict=True):
                by_planner.setdefault(planner, {}).setdefault(key, []).append(float(rank))
                if key not in ("area",):
                    by_planner[planner].setdefault("all marks", []).append(float(rank))
    columns = ["all marks", "area", "end", *(f"@{mark}" for mark in MARKS)]
    rows: list[Row] = [
        {"planner": planner, "cells": len(told["end"]), **{f"rank {key}": _mean(told[key]) for key in columns if told.get(key)}} for planner, told in by_planner.items()
    ]
    return sorted(rows, key=lambda row: float(row["rank all marks"] or 0))


def checks_of(problems: Mapping[str, Problem], lines: Sequence[Line]) -> list[Row]:
    """What a back-test is asked: first by mean rank, nowhere surely worse than the best rival, nowhere worse than chance, no run lost."""
    ranks, pairs = rank_rows(problems, lines), pair_rows(problems, lines)
    chance = [row for row in pairs if row["against"] == BY_CHANCE]
    best = [row for row in pairs if row["best rival"]]
    failed = [line for line in lines if "error" in line]
    place = next((i for i, row in enumerate(ranks, start=1) if row["planner"] == OURS), None)
    seeds = min((row["seeds"] for row in pairs), default=0)
    lost = [f"{row['problem']} b{row['batch']} @{row['after']} to {row['against']}" for row in best if row["high"] < 0]
    below = [f"{row['problem']} b{row['batch']} @{row['after']}" for row in chance if row["gain"] < 0]
    return [
        _check("place by mean rank over all marks", place, 1, place == 1, len(ranks)),
        _check("cells where the best rival is surely better (90 % interval below 0)" + _named(lost), len(lost), 0, not lost, len(best)),
        _check("cells where the mean gain over random is below 0" + _named(below), len(below), 0, not below, len(chance)),
        _check("runs that ended in an error", len(failed), 0, not failed, len(lines)),
        _check("seeds in the smallest comparison", seeds, 10, None, len(pairs)),
    ]  # fmt: skip


def _check(name: str, value: float | None, goal: float, ok: bool | None, n: int) -> Row:
    return {"name": name, "value": value, "goal": goal, "ok": ok, "n": n}


def _named(found: Sequence[str]) -> str:
    return "" if not found else ": " + ", ".join(found[:6]) + (" …" if len(found) > 6 else "")


def _worth(problem: Problem, told: Sequence[Line], score: int | str) -> float:
    """Lower is better."""
    if score == "area":
        areas = [a for line in told if (a := area(problem, line["trace"], n_init=line["n_init"])) is not None]
        return -float(np.mean(areas)) if areas else float("nan")
    values = np.array([regret(problem, line, int(score)) for line in told])
    return float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")


def _mean(values: Sequence[float]) -> float | None:
    return round(float(np.mean(values)), 3) if values else None


def spread(values: Sequence[float | None]) -> str:
    """`median [quartile, quartile]`; nothing where nothing is known."""
    known = [float(value) for value in values if value is not None and np.isfinite(value)]
    if not known:
        return ""
    low, middle, high = np.quantile(known, [0.25, 0.5, 0.75])
    return f"{middle:.3g} [{low:.3g}, {high:.3g}]"
