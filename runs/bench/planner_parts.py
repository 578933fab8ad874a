"""Special questions of the planner's bench: several goals, replicate allocation, old data, scale."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from world_model.terms.errors import NextwellError, nearest
from world_model.terms.goals import Goal

from .planner_problem import Problem, read_frame

Told = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a part may be asked. `problem` is one's own table, where one was given with a single target."""

    quick: bool
    seeds: range
    progress: Callable[[str], None]
    table: Path | None = None
    targets: tuple[str, ...] = ()
    problem: Problem | None = None
    held: tuple[str, ...] = ()
    batch: tuple[int, ...] = ()
    budget: int | None = None
    out: Path | None = None


def goals(asked: Asked) -> Told:
    """The share of the true front's hypervolume that is found: on `--table` with `--target a:max,b:min`, else on Branin-Currin."""
    from .planner_goals import compare_fronts, front_problem, summary_of_fronts

    if asked.table is not None:
        wanted = [_goal(text) for text in asked.targets]
        if len(wanted) < 2:
            raise NextwellError(f"Expected at least two targets, such as --target yield:max,cost:min, found {len(wanted)}.")
        frame = read_frame(asked.table)
        for goal in wanted:
            if goal.readout not in frame.columns:
                raise NextwellError(f"Expected a column of the table, found {goal.readout!r}. {nearest(goal.readout, map(str, frame.columns))}")
        names = [str(column) for column in frame.columns if column not in {goal.readout for goal in wanted}]
        problem = front_problem(frame, name=asked.table.stem, factors=names, goals=wanted)
    else:
        import torch
        from botorch.test_functions import BraninCurrin

        unit = np.stack(np.meshgrid(np.linspace(0, 1, 21), np.linspace(0, 1, 21), indexing="ij"), axis=-1).reshape(-1, 2)
        values = BraninCurrin()(torch.as_tensor(unit)).numpy()
        frame = pd.DataFrame({"x1": unit[:, 0], "x2": unit[:, 1], "branin": values[:, 0], "currin": values[:, 1]})
        problem = front_problem(frame, name="Branin-Currin", factors=["x1", "x2"], goals=[Goal(readout=name, direction="min") for name in ("branin", "currin")])
    runs = list(
        compare_fronts(
            problem, batches=asked.batch or ((5,) if asked.quick else (1, 5)), budget=asked.budget or (20 if asked.quick else 40), seeds=list(asked.seeds), progress=asked.progress
        )
    )
    last = max(key for key in runs[0] if key.startswith("share"))
    means = {who: float(np.mean([run[last] for run in runs if run["planner"] == who])) for who in ("nextwell", "botorch", "random")}
    return _told(asked, [_check(f"mean {last}: nextwell minus {who}", round(means["nextwell"] - means[who], 4), 0.0, len(asked.seeds)) for who in ("botorch", "random")], {"fronts": summary_of_fronts(runs)})


def replicates(asked: Asked) -> Told:
    """Replicate allocation against every fixed count, on landscapes with noise 20 % of the range."""
    from .planner_replicates import compare_replicates

    seeds, progress = list(asked.seeds), asked.progress
    told = compare_replicates(seeds=seeds, landscapes=("branin",), fixed=(1, 2), budget=24, progress=progress) if asked.quick else compare_replicates(seeds=seeds, progress=progress)
    arms = [arm for arm in next(iter(told.regrets.values())) if arm != "auto"]
    leads = {arm: told.lead(arm) for arm in arms}
    checks = [_check(f"regret of {arm} wells a candidate minus that of allocation (90 % interval {low:.4f} to {high:.4f})", round(mean, 4), 0.0, len(asked.seeds)) for arm, (mean, low, high) in leads.items()]
    frame = told.table().round(4).rename_axis("landscape").reset_index()
    return _told(asked, checks, {"mean regret of what is recommended, as a share of the range": frame.to_dict("records")})


def transfer(asked: Asked) -> Told:
    """Old data, good and bad: `--table … --target … --held FACTOR=VALUE`, else Branin at x1 = 2.5 with a tenth of its other rows."""
    from .planner_formulas import formula_problem
    from .planner_transfer import summary
    from .planner_transfer import transfer as compare

    problem, held = asked.problem, dict(_held(text) for text in asked.held)
    if problem is None:
        problem, held = formula_problem("branin"), {"x1": 2.5}
    for name, value in held.items():
        if name not in problem.table or not pd.api.types.is_numeric_dtype(problem.table[name]):
            raise NextwellError(f"Expected a numeric factor in --held, found {name!r}. {nearest(name, map(str, problem.table.columns))}")
        if not 3 <= int((problem.table[name] == value).sum()) < len(problem):
            raise NextwellError(f"Expected some rows, and not all, at {name} = {value:g}, found {int((problem.table[name] == value).sum())} of {len(problem)}.")
    if not held:
        raise NextwellError("Expected --held FACTOR=VALUE with --table: the condition of the campaign; the rows at other values are the old data.")
    own = int(np.all([problem.table[name] == value for name, value in held.items()], axis=0).sum())
    runs = compare(problem, held=held, batch=(asked.batch or (2,))[0], budget=min(asked.budget or (10 if asked.quick else 20), own), seeds=list(asked.seeds), progress=asked.progress)
    rows = summary(runs)
    told = {row["kind"]: row for row in rows}
    span, sign = problem.span, 1.0 if problem.direction == "max" else -1.0
    gain = {kind: sign * float(told[kind]["mean difference to none"]) / span for kind in ("source", "permuted", "mirrored")}  # type: ignore[arg-type]
    checks = [_check("gain by the source, as a share of best minus median", round(gain["source"], 4), 0.0, len(asked.seeds))]
    checks += [_check(f"gain by a {kind} source, as a share of best minus median", round(gain[kind], 4), -0.02, len(asked.seeds)) for kind in ("permuted", "mirrored")]
    return _told(asked, checks, {"best after the campaign": rows})


def scale(asked: Asked) -> Told:
    """CPU seconds and memory as candidates and observations grow."""
    from .planner_scale import bench

    return bench(quick=asked.quick, progress=asked.progress, out=asked.out)


PARTS: dict[str, Callable[[Asked], Told]] = {"goals": goals, "replicates": replicates, "transfer": transfer, "scale": scale}


def _goal(text: str) -> Goal:
    name, colon, direction = text.rpartition(":")
    if not colon:
        return Goal(readout=text)
    if direction not in ("max", "min"):
        raise NextwellError(f"Expected max or min after the colon, such as cost:min, found {text!r}.")
    return Goal(readout=name, direction="max" if direction == "max" else "min")


def _held(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        return name.strip(), float(value)
    except ValueError as fault:
        raise NextwellError(f"Expected --held FACTOR=NUMBER, found {text!r}.") from fault


def _check(name: str, value: float, least: float, n: int) -> Told:
    return {"name": name, "value": value, "goal": f">= {least:g}", "ok": value >= least, "n": n}


def _told(asked: Asked, checks: Sequence[Told], tables: Told) -> Told:
    from .planner import environment

    return {"checks": list(checks), "tables": tables, "environment": environment(quick=asked.quick, seeds=list(asked.seeds))}
