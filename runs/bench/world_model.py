"""World models against the truth: any SBML file, any PEtab problem's measurements, any simulated lab; seven measurements and plots."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from world_model.contestants.registry import contestants
from world_model.terms.errors import NextwellError

from ..version import VERSION
from .forecast_cell import PRIORS
from .world_model_cells import Work, run_cells
from .world_model_plots import draw_plots
from .world_model_summary import (
    accuracy_rows,
    calibration_rows,
    contestant_rows,
    counterfactual_rows,
    decision_checks,
    decision_rows,
    forecast_checks,
    horizon_rows,
    main_prior,
    range_rows,
    task_rows,
)
from .world_model_tasks import default_problems

SIZES, QUICK_SIZES = (20, 50, 200), (20,)
SEEDS, QUICK_SEEDS = 5, 1
OUT = Path("bench-world-model")
PETAB = "petab:"
RESULT = "result.json"


def bench(
    *, quick: bool, seeds: int | None, progress: Callable[[str], None], problem: Sequence[str] = (), n: Sequence[int] = (), out: Path | None = None,
    jobs: int = 1, cost: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """Run it, or go on with it: finished cells lie in `out` and are not computed again.

    Args:
        quick: one shipped model, N = 20, one seed, no wrong structure; what takes a model of its own at N = 50 alone.
        seeds: of tasks and experiments, seeds 0, 1, …
        problem: `sbml:FILE[@T_END]`, `sbml:NAME` of a shipped model, `petab:FOLDER`, or a simulated lab; empty for the shipped models.
        n: experiments to learn from; empty for 20, 50 and 200.
        out: the folder of cells, plots and the result; else ./bench-world-model.
        jobs: processes.
        cost: measure seconds and memory of a contest as well, up to 5,000 experiments.

    Returns:
        `checks` (name, value, goal, ok, n; ok is None for what is only printed), `tables` and `environment`.
    """
    folder = out or OUT
    problems = list(problem) or default_problems()[-1 if quick else 0 :]
    sizes = tuple(sorted(set(n))) or (QUICK_SIZES if quick else SIZES)
    if min(sizes) < 3:
        raise NextwellError(f"Expected at least 3 experiments to learn from, found --n {min(sizes)}.")
    n_seeds = seeds or (QUICK_SEEDS if quick else SEEDS)
    measured = [spec for spec in problems if spec.startswith(PETAB)]
    priors = PRIORS[:2] if quick else PRIORS
    asked_from = max(sizes) if quick else 0
    works = [Work(problem=spec, seed=seed, sizes=sizes, priors=priors, asked_from=asked_from) for spec in problems if spec not in measured for seed in range(n_seeds)]
    cells = run_cells(works, folder=folder, jobs=jobs, progress=progress)
    checks: list[dict[str, Any]] = []
    tables: dict[str, Any] = {}
    if cells:
        checks += forecast_checks(cells) + decision_checks(cells)
        tables |= {
            "problems": task_rows(cells), "mechanism in the tables below": main_prior(cells), "accuracy": accuracy_rows(cells),
            "1-2 counterfactuals and rollouts, by branching": counterfactual_rows(cells),
            "3-6 reward, ranking, lift, exploitability": decision_rows(cells), "7 calibration": calibration_rows(cells),
            "out of range": range_rows(cells), "contestants": contestant_rows(cells), "horizon": horizon_rows(cells),
        }  # fmt: skip
    for spec in measured:
        told = _measured(Path(spec.removeprefix(PETAB)), seeds=n_seeds, progress=progress)
        checks += told["checks"]
        tables |= {f"{spec}: {title}": rows for title, rows in told["tables"].items()}
    spent: dict[str, Any] = {"checks": [], "rows": []}
    if cost:
        from .contest_cost import measure_cost

        spent = measure_cost(progress=progress)
        checks += spent["checks"]
        tables["cost"] = spent["rows"]
    tables["plots"] = [str(file) for file in draw_plots(cells, cost=spent["rows"], folder=folder)]
    result = {"checks": checks, "tables": tables, "environment": _environment(quick=quick, seeds=n_seeds, sizes=sizes)}
    (folder / RESULT).write_text(json.dumps(result, indent=1, default=str), encoding="utf-8")
    return result


def _measured(folder: Path, *, seeds: int, progress: Callable[[str], None]) -> dict[str, Any]:
    """Real measurements, whole conditions held out."""
    from .petab_conditions import bench_conditions

    told: dict[str, Any] = bench_conditions(folder, seeds=seeds, progress=progress)
    return told


def _environment(*, quick: bool, seeds: int, sizes: Sequence[int]) -> dict[str, Any]:
    return {
        "nextwell": VERSION, "python": platform.python_version(), "machine": platform.machine(), "torch": version("torch"), "botorch": version("botorch"),
        "numpy": version("numpy"), "quick": quick, "seeds": seeds, "N": list(sizes), "contestants": list(contestants()),
    }  # fmt: skip
