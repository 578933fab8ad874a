"""The loop against chance: the same plates, roles, sensor and budget, on a lab of ours and on two truths that we did not write."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import resources
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from world_model.labs.registry import open_lab
from world_model.terms.goals import Goal
from world_model.terms.lab import Lab

from ..documents.campaign_file import LoadedCampaign, load_campaign
from ..loop import best_true_curves, closed_loop
from ..state.charter import Charter
from ..verbs.open_campaign import LabFile
from ..verbs.propose import Strategy

SEEDS, QUICK_SEEDS = 10, 1
STRATEGIES: tuple[Strategy, ...] = ("random", "auto", "endpoint")
WINS_GOAL, SHARE_GOAL = 0.9, 0.5


@dataclass(frozen=True)
class _Problem:
    """A campaign file with whatever answers it."""

    name: str
    loaded: LoadedCampaign
    lab: Lab

    @property
    def goal(self) -> Goal:
        return self.loaded.doc.goals[0]

    @property
    def candidates(self) -> list[int]:
        """New candidates of each round, until the budget is spent."""
        doc = self.loaded.doc
        rounds = doc.budget.rounds or (doc.budget.experiments or 0) // doc.wells_per_round
        return [doc.batch.candidates] * rounds

    @property
    def strategies(self) -> tuple[Strategy, ...]:
        """Without time courses the endpoint rival is the loop itself."""
        return STRATEGIES if any(len(m.at_h) > 1 for m in self.loaded.doc.measurements) else STRATEGIES[:2]


def bench(*, quick: bool, seeds: int | None, progress: Callable[[str], None], table: Path | None = None) -> dict[str, Any]:
    """Run it.

    Args:
        quick: the microplate alone, one seed, two rounds.
        seeds: campaigns a strategy, seeds 0, 1, …
        table: the published arylation table (see runs/examples/arylation.toml); without it that problem is left out, and said so.

    Returns:
        `checks` (name, value, goal, ok, n), `tables` and `environment`.
    """
    n_seeds = seeds or (QUICK_SEEDS if quick else SEEDS)
    problems = _problems(table, quick=quick)
    checks: list[dict[str, Any]] = []
    tables: dict[str, Any] = {"summary": []}
    for problem in problems:
        runs = _runs(problem, range(n_seeds), rounds=2 if quick else None, progress=progress)
        tables[problem.name] = runs
        for strategy in problem.strategies[1:]:
            summary = _summary(problem, runs, strategy)
            tables["summary"].append(summary)
            if strategy == "auto":
                checks += _checks(problem, summary, n_seeds)
    if table is None and not quick:
        tables["left out"] = ["arylation: give the published table with --table FILE"]
    return {"checks": checks, "tables": tables, "environment": _environment(quick)}


def _problems(table: Path | None, *, quick: bool) -> list[_Problem]:
    found = [_problem("microplate", "microplate")]
    if not quick:
        found.append(_problem("penicillin", "penicillin"))
        if table is not None:
            found.append(_problem("arylation", f"table:{table.resolve()}", table=table.resolve()))
    return found


def _problem(name: str, spec: str, *, table: Path | None = None) -> _Problem:
    with resources.as_file(resources.files("runs.examples") / f"{name}.toml") as file:
        loaded = load_campaign(file, table=table)
        return _Problem(name=name, loaded=loaded, lab=open_lab(spec, doc=loaded.doc, space=loaded.space, base=loaded.base))


def _runs(problem: _Problem, seeds: Sequence[int], *, rounds: int | None, progress: Callable[[str], None]) -> list[dict[str, Any]]:
    """One row a seed: where each strategy ended, and after how many experiments it reached random's final best."""
    charter = Charter.of(problem.loaded.doc, problem.loaded.space)
    profile = problem.loaded.lab
    lab_file = None if profile is None else LabFile(profile=profile, text=problem.loaded.lab_text or "")
    rows = []
    for seed in seeds:
        row: dict[str, Any] = {"seed": seed}
        curves: dict[str, np.ndarray] = {}
        for strategy in problem.strategies:
            progress(f"{problem.name}, seed {seed}: {strategy}")
            begun = time.process_time()
            state = closed_loop(
                charter=charter, space=problem.loaded.space, lab=problem.lab, candidates=problem.candidates[:rounds], seed=seed,
                strategy=strategy, lab_file=lab_file,
            )  # fmt: skip
            curves[strategy] = problem.goal.sign * best_true_curves(state, problem.lab)[0]
            row[f"{strategy} best"] = round(problem.goal.sign * float(curves[strategy][-1]), 4)
            row[f"{strategy} cpu s"] = round(time.process_time() - begun, 1)
        target, budget = curves["random"][-1], len(curves["random"])
        for strategy in problem.strategies:
            reached = np.flatnonzero(curves[strategy] >= target - 1e-12 * abs(target))
            row[f"{strategy} reached after"] = int(reached[0]) + 1 if len(reached) else None
        row["budget"] = budget
        rows.append(row)
    return rows


def _summary(problem: _Problem, runs: Sequence[dict[str, Any]], strategy: str) -> dict[str, Any]:
    sign = problem.goal.sign
    gain = sign * np.array([run[f"{strategy} best"] - run["random best"] for run in runs])
    shares = np.array([(run[f"{strategy} reached after"] or np.inf) / run["budget"] for run in runs])
    low, high = (float(np.quantile(shares, q, method="higher")) for q in (0.25, 0.75))
    median = float(np.median(shares))
    return {
        "problem": problem.name, "strategy": strategy, "seeds": len(runs), "experiments": runs[0]["budget"],
        "better than random": int((gain > 0).sum()), "equal": int((gain == 0).sum()),
        "median best": round(float(np.median([run[f"{strategy} best"] for run in runs])), 3),
        "random's median best": round(float(np.median([run["random best"] for run in runs])), 3),
        "share of budget to random's best, median": _told(median), "quartiles": f"{_told(low)} to {_told(high)}",
        "median cpu s": float(np.median([run[f"{strategy} cpu s"] for run in runs])),
    }  # fmt: skip


def _told(share: float) -> float | str:
    return round(share, 3) if np.isfinite(share) else "not reached"


def _checks(problem: _Problem, summary: dict[str, Any], n: int) -> list[dict[str, Any]]:
    wins, share = summary["better than random"], summary["share of budget to random's best, median"]
    needed = int(np.ceil(WINS_GOAL * n))
    return [
        {"name": f"{problem.name}: best true value better than random's at equal budget", "value": wins, "goal": f">= {needed} of {n}", "ok": wins >= needed, "n": n},
        {
            "name": f"{problem.name}: share of random's experiments to reach random's final best, median", "value": share,
            "goal": f"<= {SHARE_GOAL}", "ok": not isinstance(share, str) and share <= SHARE_GOAL, "n": n,
        },
    ]  # fmt: skip


def _environment(quick: bool) -> dict[str, Any]:
    return {
        "python": platform.python_version(), "machine": platform.machine(), "torch": version("torch"), "botorch": version("botorch"),
        "numpy": version("numpy"), "quick": quick,
    }  # fmt: skip
