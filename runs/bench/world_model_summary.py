"""From cells to checks and tables: medians over the seeds in every cell, geometric means over the cells, goals beside the figures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

Cell = Mapping[str, Any]
Check = dict[str, Any]
BY_PRIOR = ("wrong parameters", "none", "wrong structure")
SIMPLEST = "linear"
RATIO_GOAL, WORST_GOAL, WINS_GOAL, CUT_GOAL = 1.05, 1.25, 0.9, 1.05
COVERAGE_GOAL, COVERED_GOAL = (0.85, 0.95), 0.9
SIGNS_GOAL, AUROC_GOAL = 0.95, 0.9
SIGNS_FROM = 200


def main_prior(cells: Sequence[Cell]) -> str:
    """The prior belief that the figures are about: a wrong-parameter mechanism where the problems have one."""
    return next(prior for prior in BY_PRIOR if any(prior in cell["priors"] for cell in cells))


def by_cell(cells: Iterable[Cell], value: Callable[[Cell], float | None]) -> dict[tuple[str, int], list[float]]:
    """Problem and size → the seeds' values, those that there are."""
    found: dict[tuple[str, int], list[float]] = defaultdict(list)
    for cell in cells:
        told = value(cell)
        if told is not None:
            found[cell["problem"], cell["n"]].append(float(told))
    return dict(found)


def medians(found: Mapping[tuple[str, int], Sequence[float]]) -> dict[tuple[str, int], float]:
    """Of the seeds."""
    return {key: float(np.median(values)) for key, values in found.items()}


def geometric(values: Iterable[float]) -> float | None:
    """Geometric mean; None of nothing."""
    told = [value for value in values if value > 0]
    return float(np.exp(np.mean(np.log(told)))) if told else None


def chosen(cells: Sequence[Cell], key: str, *, prior: str) -> dict[tuple[str, int], float]:
    """Medians of one figure of the chosen model."""
    return medians(by_cell(cells, lambda cell: _at(cell, prior, "chosen", key)))


def of_contestant(cells: Sequence[Cell], name: str, key: str, *, prior: str) -> dict[tuple[str, int], float]:
    """Medians of one figure of one contestant or rival."""
    return medians(by_cell(cells, lambda cell: cell["rivals"][name][key] if name in cell.get("rivals", {}) else _at(cell, prior, "contestants", name, key)))


def names(cells: Sequence[Cell], *, prior: str) -> list[str]:
    """Every contestant that competed somewhere."""
    return list(dict.fromkeys(name for cell in cells for name in cell["priors"].get(prior, {}).get("contestants", {})))


def ratios(cells: Sequence[Cell], key: str, *, prior: str) -> dict[tuple[str, int], float]:
    """The chosen model's median over that of the best single contestant of the same cell."""
    own = chosen(cells, key, prior=prior)
    each = [of_contestant(cells, name, key, prior=prior) for name in names(cells, prior=prior)]
    best = {at: min(told[at] for told in each if at in told) for at in own}
    return {at: own[at] / max(best[at], 1e-12) for at in own}


def rivals(cells: Sequence[Cell]) -> list[str]:
    """Who is compared with and can't be chosen."""
    return list(dict.fromkeys(name for cell in cells for name in cell.get("rivals", {})))


def forecast_checks(cells: Sequence[Cell]) -> list[Check]:
    """Accuracy, choice, wins, coverage, and what a wrong structure costs."""
    prior = main_prior(cells)
    checks: list[Check] = []
    for key in ("nrmse", "crps"):
        told = ratios(cells, key, prior=prior)
        mean, worst = geometric(told.values()), max(told.values(), default=None)
        checks.append(_check(f"{key} of the chosen model over the best contestant's, geometric mean of cells", mean, f"<= {RATIO_GOAL}", mean is not None and mean <= RATIO_GOAL, len(told)))
        checks.append(_check(f"{key} of the chosen model over the best contestant's, worst cell", worst, f"<= {WORST_GOAL}", worst is not None and worst <= WORST_GOAL, len(told)))
    for rival in (SIMPLEST, *rivals(cells)):
        checks += _wins(cells, rival, prior=prior)
    checks += coverage_checks(cells, prior=prior)
    cut, bare = chosen(cells, "nrmse", prior="wrong structure"), chosen(cells, "nrmse", prior="none")
    if cut:
        cost = geometric(cut[at] / bare[at] for at in cut if at in bare)
        checks.append(_check("nrmse with a wrong-structure mechanism over none, geometric mean of cells", cost, f"<= {CUT_GOAL}", cost is not None and cost <= CUT_GOAL, len(cut)))
    return checks


def coverage_checks(cells: Sequence[Cell], *, prior: str) -> list[Check]:
    """Share of cells whose 90 % intervals, averaged over the seeds, hold 85 to 95 % of noisy readings."""
    covered = {at: float(np.mean(values)) for at, values in by_cell(cells, lambda cell: _at(cell, prior, "chosen", "coverage90")).items()}
    inside = [COVERAGE_GOAL[0] <= value <= COVERAGE_GOAL[1] for value in covered.values()]
    share = float(np.mean(inside)) if inside else None
    widths = chosen(cells, "width90", prior=prior)
    follows = [value for values in by_cell(cells, lambda cell: _at(cell, prior, "chosen", "sd follows error")).values() for value in values]
    return [
        _check("cells whose 90 % intervals of noisy readings cover 85 to 95 %", share, f">= {COVERED_GOAL}", share is not None and share >= COVERED_GOAL, len(covered)),
        _check("width of the 90 % interval in sd, median of cells", _median(widths.values()), "printed", None, len(widths)),
        _check("Spearman of predicted sd and error along the horizon, median", _median(follows), "> 0", bool(follows) and float(np.median(follows)) > 0, len(follows)),
    ]


def decision_checks(cells: Sequence[Cell]) -> list[Check]:
    """Counterfactuals, exploitability and range."""
    prior, checks = main_prior(cells), []
    sizes = sorted({cell["n"] for cell in cells})
    for n in sizes:
        here = [cell for cell in cells if cell["n"] == n and cell.get("counterfactuals")]
        right = sum(round(cell["counterfactuals"]["sign right"] * cell["counterfactuals"]["pairs"]) for cell in here if cell["counterfactuals"]["pairs"])
        pairs = sum(cell["counterfactuals"]["pairs"] for cell in here)
        if pairs:
            held = n >= SIGNS_FROM
            checks.append(_check(f"sign of the effect right by branching, N = {n}", right / pairs, f">= {SIGNS_GOAL}" if held else "printed", right / pairs >= SIGNS_GOAL if held else None, pairs))
    exploited = {n: _median(_at(cell, prior, "decisions", "exploitability") for cell in cells if cell["n"] == n) for n in sizes}
    if len(sizes) > 1:
        low, high = exploited[sizes[0]], exploited[sizes[-1]]
        shrinks = low is not None and high is not None and abs(high) < abs(low)
        checks.append(_check(f"exploitability shrinks from N = {sizes[0]} ({_short(low)}) to N = {sizes[-1]}, sd of the reward, median", high, f"|value| < {_short(None if low is None else abs(low))}", shrinks, len(cells)))
    scores = [cell["out of range"]["auroc"] for cell in cells if cell.get("out of range")]
    if scores:
        middle = float(np.median(scores))
        checks.append(_check("AUROC of the out-of-range score, median of cells and seeds", middle, f">= {AUROC_GOAL}", middle >= AUROC_GOAL, len(scores)))
    return checks


def accuracy_rows(cells: Sequence[Cell]) -> list[dict[str, Any]]:
    """One row a problem, size and prior belief: who was picked how often; median [quartiles] of the seeds."""
    rows = []
    for prior in BY_PRIOR:
        for (problem, n), picked in sorted(_picked(cells, prior).items()):
            here = [cell for cell in _cells_at(cells, problem, n) if prior in cell["priors"]]
            rows.append({
                "problem": problem, "N": n, "mechanism": prior, "picked": picked, "seeds": len(here),
                "nrmse": _spread(_at(cell, prior, "chosen", "nrmse") for cell in here), "crps": _spread(_at(cell, prior, "chosen", "crps") for cell in here),
                "mechanism alone": _spread(_at(cell, prior, "mechanism alone", "nrmse") for cell in here),
                "cpu s": _median(cell["priors"][prior]["seconds"] for cell in here),
            })  # fmt: skip
    return rows


def contestant_rows(cells: Sequence[Cell]) -> list[dict[str, Any]]:
    """One row a problem, size and contestant, rivals first: median [quartiles] of the seeds, and CPU seconds."""
    prior = main_prior(cells)
    rows = []
    for problem, n in _places(cells):
        here = _cells_at(cells, problem, n)
        told = [{**cell.get("rivals", {}), **cell["priors"].get(prior, {}).get("contestants", {})} for cell in here]
        for name in dict.fromkeys(name for figures in told for name in figures):
            keys = ("nrmse", "crps", "coverage90", "width90", "held out", "seconds")
            rows.append({"problem": problem, "N": n, "contestant": name, **{key: _spread(figures[name].get(key) for figures in told if name in figures) for key in keys}})
    return rows


def counterfactual_rows(cells: Sequence[Cell]) -> list[dict[str, Any]]:
    """Measurements 1 and 2, and the ranking of branched plans: medians of the seeds."""
    keys = ("sign right", "pairs", "effect rmse", "rollout nrmse", "nrmse without the history", "last reading's nrmse", "rollout coverage90", "kendall tau", "regret@1", "regret@5")
    told = [cell for cell in cells if cell.get("counterfactuals")]
    return [{"problem": problem, "N": n, **{key: _median(cell["counterfactuals"][key] for cell in _cells_at(told, problem, n)) for key in keys}} for problem, n in _places(told)]


def decision_rows(cells: Sequence[Cell]) -> list[dict[str, Any]]:
    """Measurements 3 to 6, in sd of the reward over random plans: medians of the seeds."""
    prior = main_prior(cells)
    keys = ("reward r2", "reward rank", "kendall tau", "regret@1", "regret@5", "lift over random", "lift over best run", "exploitability")
    return [{"problem": problem, "N": n, **{key: _median(_at(cell, prior, "decisions", key) for cell in _cells_at(cells, problem, n)) for key in keys}} for problem, n in _places(cells)]


def calibration_rows(cells: Sequence[Cell]) -> list[dict[str, Any]]:
    """Measurement 7, of noisy readings by the chosen model: median [quartiles] of the seeds."""
    prior = main_prior(cells)
    keys = ("coverage50", "coverage90", "width90", "pit ks", "crps reading", "sd follows error", "trust horizon")
    return [{"problem": problem, "N": n, **{key: _spread(_at(cell, prior, "chosen", key) for cell in _cells_at(cells, problem, n)) for key in keys}} for problem, n in _places(cells)]


def range_rows(cells: Sequence[Cell]) -> list[dict[str, Any]]:
    """Within and beyond the range that was learned: medians of the seeds."""
    keys = ("auroc", "auroc of sd", "nrmse inside", "nrmse beyond", "refused inside", "refused beyond")
    told = [cell for cell in cells if cell.get("out of range")]
    return [{"problem": problem, "N": n, **{key: _median(cell["out of range"][key] for cell in _cells_at(told, problem, n)) for key in keys}} for problem, n in _places(told)]


def horizon_rows(cells: Sequence[Cell]) -> list[dict[str, Any]]:
    """One row a problem, size and time: medians of the seeds for the chosen model."""
    prior = main_prior(cells)
    rows = []
    for problem, n in _places(cells):
        curves = [cell["priors"][prior]["chosen"]["horizon"] for cell in _cells_at(cells, problem, n) if prior in cell["priors"]]
        for i in range(len(curves[0]) if curves else 0):
            keys = ("nrmse", "crps", "coverage90", "width90", "sd", "error")
            rows.append({"problem": problem, "N": n, "time": curves[0][i]["time"], **{key: _median(curve[i][key] for curve in curves) for key in keys}})
    return rows


def task_rows(cells: Sequence[Cell]) -> list[dict[str, Any]]:
    """What each problem is, by seed, and which reaction the wrong structure misses."""
    found = {(cell["problem"], cell["seed"]): {**cell["task"], "seed": cell["seed"], "cut": cell.get("cut"), "no branching": cell.get("counterfactuals left out")} for cell in cells}
    return [{key: ", ".join(value) if isinstance(value, list) else value for key, value in row.items()} for _, row in sorted(found.items())]


def _places(cells: Sequence[Cell]) -> list[tuple[str, int]]:
    return sorted({(cell["problem"], cell["n"]) for cell in cells})


def _cells_at(cells: Sequence[Cell], problem: str, n: int) -> list[Cell]:
    return [cell for cell in cells if (cell["problem"], cell["n"]) == (problem, n)]


def _wins(cells: Sequence[Cell], rival: str, *, prior: str) -> list[Check]:
    checks = []
    for key in ("nrmse", "crps"):
        own, other = chosen(cells, key, prior=prior), of_contestant(cells, rival, key, prior=prior)
        both = [at for at in own if at in other]
        if not both:
            continue
        wins, mean = float(np.mean([own[at] < other[at] for at in both])), geometric(own[at] / max(other[at], 1e-12) for at in both)
        checks.append(_check(f"{key} lower than the {rival} model's, share of cells", wins, f">= {WINS_GOAL}", wins >= WINS_GOAL, len(both)))
        checks.append(_check(f"{key} over the {rival} model's, geometric mean of cells", mean, "< 1", mean is not None and mean < 1, len(both)))
    return checks


def _picked(cells: Sequence[Cell], prior: str) -> dict[tuple[str, int], str]:
    found: dict[tuple[str, int], list[str]] = defaultdict(list)
    for cell in cells:
        if prior in cell["priors"]:
            found[cell["problem"], cell["n"]].append(cell["priors"][prior]["picked"])
    return {at: ", ".join(f"{name} {told.count(name)}" if told.count(name) > 1 else name for name in dict.fromkeys(told)) for at, told in found.items()}


def _at(cell: Cell, prior: str, *path: str) -> Any:
    told: Any = cell["priors"].get(prior)
    for key in path:
        if told is None:
            return None
        told = told.get(key)
    return told


def _median(values: Iterable[float | None]) -> float | None:
    told = [value for value in values if value is not None]
    return float(np.median(told)) if told else None


def _spread(values: Iterable[float | None]) -> str | float | None:
    told = [value for value in values if value is not None]
    if not told:
        return None
    low, middle, high = np.quantile(told, [0.25, 0.5, 0.75])
    return round(float(middle), 4) if len(told) == 1 else f"{middle:.3f} [{low:.3f}, {high:.3f}]"


def _short(value: float | None) -> str:
    return "none" if value is None else f"{value:.3g}"


def _check(name: str, value: float | None, goal: str, ok: bool | None, n: int) -> Check:
    return {"name": name, "value": None if value is None else round(value, 4), "goal": goal, "ok": ok, "n": n}
