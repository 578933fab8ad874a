"""Several goals back-tested on a measured table: how much of the true front's hypervolume is found, beside plain BoTorch and chance."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from world_model.pareto import hypervolume, scores
from world_model.terms.goals import Goal
from world_model.terms.space import SearchSpace

Planner = Literal["nextwell", "botorch", "random"]
PLANNERS: tuple[Planner, ...] = ("nextwell", "botorch", "random")
START = 5  # rows at random, the same for all planners of a seed
TOLD_AT = (10, 20, 30, 40)


@dataclass(frozen=True, kw_only=True)
class FrontProblem:
    """A table whose rows were all measured.

    Attributes:
        table: `n` rows, a column a factor, numbered from 0.
        values: `n x g`, the goals' readouts, in their own units.
    """

    name: str
    table: pd.DataFrame
    values: np.ndarray
    goals: tuple[Goal, ...]

    def share_found(self, rows: Sequence[int]) -> float:
        """The hypervolume under the rows' front, as a share of that under the table's. The reference is the worst value of each goal."""
        turned = scores(self.goals, self.values)
        low, high = turned.min(axis=0), turned.max(axis=0)
        unit, zero = (turned - low) / np.where(high > low, high - low, 1.0), np.zeros(len(self.goals))
        return hypervolume(unit[list(rows)], zero) / hypervolume(unit, zero)


def front_problem(frame: pd.DataFrame, *, name: str, factors: Sequence[str], goals: Sequence[Goal]) -> FrontProblem:
    """The problem of a table with a column a factor and a column a goal."""
    return FrontProblem(
        name=name, table=frame[list(factors)].reset_index(drop=True), goals=tuple(goals), values=frame[[goal.readout for goal in goals]].to_numpy(dtype=float)
    )


def compare_fronts(
    problem: FrontProblem, *, planners: Sequence[Planner] = PLANNERS, batches: Sequence[int] = (1, 5), budget: int = 40, seeds: Sequence[int] = (0, 1, 2),
    progress: Callable[[str], None] = lambda message: None,
) -> Iterator[dict[str, Any]]:  # fmt: skip
    """One row a planner, batch size and seed: the share of the true hypervolume after so many experiments, and CPU seconds."""
    for seed in seeds:
        start = np.random.default_rng(seed).choice(len(problem.table), START, replace=False).tolist()
        for batch in batches:
            for planner in planners:
                progress(f"{problem.name}, batch {batch}, seed {seed}: {planner}")
                begun = time.process_time()
                rows = _run(problem, planner, start=start, batch=batch, budget=budget, seed=seed)
                told = {f"share at {n}": round(problem.share_found(rows[:n]), 4) for n in TOLD_AT if n <= budget}
                yield {"problem": problem.name, "planner": planner, "batch": batch, "seed": seed, **told, "cpu_s": round(time.process_time() - begun, 1), "rows": rows}


def summary_of_fronts(runs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Medians and quartiles over seeds, a row a batch size and planner."""
    rows = []
    for batch, planner in dict.fromkeys((run["batch"], run["planner"]) for run in runs):
        own = [run for run in runs if run["batch"] == batch and run["planner"] == planner]
        row: dict[str, Any] = {"problem": own[0]["problem"], "batch": batch, "planner": planner, "seeds": len(own)}
        for key in (key for key in own[0] if key.startswith("share")):
            low, median, high = (float(np.quantile([run[key] for run in own], q)) for q in (0.25, 0.5, 0.75))
            row[key] = f"{median:.3f} ({low:.3f} to {high:.3f})"
        row["median cpu s"] = float(np.median([run["cpu_s"] for run in own]))
        rows.append(row)
    return rows


def _run(problem: FrontProblem, planner: Planner, *, start: list[int], batch: int, budget: int, seed: int) -> list[int]:
    """The rows in the order in which they were measured, the start first."""
    if planner == "nextwell":
        return _nextwell(problem, start=start, batch=batch, budget=budget, seed=seed)
    rows, rng = list(start), np.random.default_rng(seed + 10_000)
    while len(rows) < budget:
        free = np.setdiff1d(np.arange(len(problem.table)), rows)
        n = min(batch, budget - len(rows))
        rows += rng.choice(free, n, replace=False).tolist() if planner == "random" else _botorch(problem, rows, n=n, seed=seed)
    return rows


def _nextwell(problem: FrontProblem, *, start: list[int], batch: int, budget: int, seed: int) -> list[int]:
    from ..campaign import Campaign  # what `nextwell.Campaign` is

    campaign = Campaign(space=SearchSpace.from_table(problem.table), goals=problem.goals, seed=seed, name=problem.name)
    rows = list(start)
    campaign.record(_read(problem, start))
    while len(rows) < budget:
        proposed = campaign.propose(min(batch, budget - len(rows)))
        chosen = [int(row) for row in proposed["candidate"]]
        told = _read(problem, chosen).drop(columns="candidate")
        campaign.record(told.assign(experiment_id=proposed["experiment_id"].tolist()))
        rows += chosen
    return rows


def _read(problem: FrontProblem, rows: Sequence[int]) -> pd.DataFrame:
    told = pd.DataFrame(problem.values[list(rows)], columns=[goal.readout for goal in problem.goals])
    return told.assign(candidate=list(rows))


def _botorch(problem: FrontProblem, rows: list[int], *, n: int, seed: int) -> list[int]:
    """BoTorch's defaults, levels one-hot; see `planner.plain.fronts`."""
    from planner.plain.fronts import widening_rows

    return widening_rows(_one_hot(problem.table), rows, scores(problem.goals, problem.values[rows]), n=n, seed=seed * 1_000 + len(rows))


def _one_hot(table: pd.DataFrame) -> np.ndarray:
    columns = []
    for name in table:
        column = table[name]
        if pd.api.types.is_numeric_dtype(column):
            columns.append(((column - column.min()) / (np.ptp(column) or 1.0)).to_numpy(dtype=float)[:, None])
        else:
            columns.append(pd.get_dummies(column).to_numpy(dtype=float))
    return np.concatenate(columns, axis=1)
