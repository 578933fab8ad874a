"""Back-test the planner: a measured table answers instead of the lab, and chance and distance always run along.

Over your own table, over a folder of problems, or over three test functions; beside rivals that are installed and runs made elsewhere.
Special questions (several goals, replicates, transfer, scale) are parts of their own, by `--part`.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

from world_model.terms.errors import NextwellError, nearest

from ..version import VERSION
from .planner_formulas import FORMULAS, formula_problem
from .planner_parts import PARTS, Asked
from .planner_plots import draw_regrets
from .planner_problem import Problem, ProblemFile, problem_files, read_problem, read_problem_file
from .planner_rivals import rivals_that_run
from .planner_run import Run, run_all
from .planner_summary import checks_of, mean_best_rows, pair_rows, problem_rows, rank_rows, regret_rows, score_rows
from .planner_traces import read_traces

OUT, RESULT = Path("bench-planner"), "result.json"
BATCHES, QUICK_BATCHES = (1, 5, 8), (5,)
BUDGET, QUICK_BUDGET = 40, 15
SEEDS, QUICK_SEEDS = 10, 2
RIVALS = ("random", "space-filling", "botorch", "edbo")


def bench(
    *, quick: bool, seeds: int | None, progress: Callable[[str], None], first_seed: int = 0, table: Path | None = None, target: str | None = None,
    direction: Literal["max", "min"] = "max", descriptors: Sequence[str] = (), hits: Path | None = None, label: str | None = None, factors: Sequence[str] = (),
    problems: Path | None = None, only: Sequence[str] = (), batch: Sequence[int] = (), budget: int | None = None, rivals: Sequence[str] = (),
    peers: Path | None = None, part: str | None = None, held: Sequence[str] = (), out: Path | None = None, jobs: int = 1,
) -> dict[str, Any]:  # fmt: skip
    """Run it, or go on with it: finished runs lie in `out` and are not computed again.

    Args:
        quick: batches of 5, 15 experiments, 2 seeds.
        seeds: how many, from `first_seed` on.
        table, target, direction, descriptors, hits, label, factors: one's own problem; `descriptors` are `FACTOR=FILE`.
        problems: a folder of problems, one TOML each; `only` names some of them.
        batch, budget: batch sizes; experiments with the initial ones. A problem's own come first.
        rivals: beside nextwell, random and space-filling; empty for all that need nothing installed.
        peers: a folder of runs made elsewhere, as JSON lines.
        part: another question: goals (`target` may then be `a:max,b:min`), replicates, transfer or scale.
        held: for transfer, `FACTOR=VALUE`: the campaign's condition; rows at other values are old data.
        out: the folder of runs, plots and the result; else ./bench-planner.
        jobs: processes.

    Returns:
        `checks` (name, value, goal, ok, n), `tables` and `environment`.

    Raises:
        NextwellError: options that do not go together, or a problem that can't be read.
    """
    wanted = range(first_seed, first_seed + (seeds or (QUICK_SEEDS if quick else SEEDS)))
    if part is not None:
        if part not in PARTS:
            raise NextwellError(f"Expected a part of the planner's bench, found {part!r}. {nearest(part, PARTS)}")
        own = None
        if table is not None and part != "goals":
            (own,) = _problems(table, target, direction, descriptors, hits, label, factors, None, (), quick=quick).values()
        targets = tuple(text.strip() for text in (target or "").split(",") if text.strip())
        return PARTS[part](
            Asked(quick=quick, seeds=wanted, progress=progress, table=table, targets=targets, problem=own, held=tuple(held), batch=tuple(batch), budget=budget, out=out)
        )
    if held:
        raise NextwellError("Expected --held with --part transfer, found it alone.")
    found = _problems(table, target, direction, descriptors, hits, label, factors, problems, only, quick=quick)
    names, notes = rivals_that_run(list(rivals) or list(RIVALS))
    folder = out or OUT
    batches = {name: tuple(batch) or one.batches or (QUICK_BATCHES if quick else BATCHES) for name, one in found.items()}
    budgets = {name: min(budget or one.budget or (QUICK_BUDGET if quick else BUDGET), len(one)) for name, one in found.items()}
    runs = [
        Run(problem=name, planner=planner, batch=size, budget=budgets[name], seed=seed)
        for name in found for size in batches[name] for seed in wanted for planner in names
    ]  # fmt: skip
    lines = run_all(found, runs, folder=folder, jobs=jobs, progress=progress)
    notes += [f"{one['problem']}, batch {one['batch']}, {one['planner']}, seed {one['seed']}: {one['error']}" for one in lines if "error" in one]
    if peers is not None:
        theirs = read_traces(peers, problems=found, batches=batches, budgets=budgets, own=names, seeds=wanted)
        lines, notes = [*lines, *theirs.lines], [*notes, *theirs.notes]
    tables: dict[str, Any] = {
        "problems": problem_rows(found), "regret after so many experiments: median [quartiles] over seeds": regret_rows(found, lines),
        "scores: median [quartiles] over seeds": score_rows(found, lines), "mean best": mean_best_rows(found, lines),
        "gain in regret over each rival, paired by seed": pair_rows(found, lines), "mean rank": rank_rows(found, lines),
        "plots": [str(file) for file in draw_regrets(found, lines, folder=folder)], "notes": notes,
    }  # fmt: skip
    result = {"checks": checks_of(found, lines), "tables": tables, "environment": environment(quick=quick, seeds=list(wanted), jobs=jobs)}
    (folder / RESULT).write_text(json.dumps(result, indent=1, default=str), encoding="utf-8")
    return result


def environment(**told: Any) -> dict[str, Any]:
    """What the figures were measured with."""
    packages = {}
    for name in ("torch", "botorch", "gpytorch", "numpy", "baybe", "ax-platform", "bofire"):
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            continue
    return {"nextwell": VERSION, "python": platform.python_version(), "machine": platform.machine(), **packages, **told}


def _problems(
    table: Path | None, target: str | None, direction: Literal["max", "min"], descriptors: Sequence[str], hits: Path | None, label: str | None,
    factors: Sequence[str], folder: Path | None, only: Sequence[str], *, quick: bool,
) -> dict[str, Problem]:  # fmt: skip
    if table is not None and folder is not None:
        raise NextwellError("Expected --table or --problems, found both. A problem of the folder can name the table.")
    alone = {"--target": target, "--descriptors": descriptors, "--hits": hits, "--label": label, "--factors": factors}
    if table is None and (given := [option for option, value in alone.items() if value]):
        raise NextwellError(f"Expected {given[0]} with --table, found no table.")
    if table is not None:
        if target is None:
            raise NextwellError("Expected --target with --table: the column that holds the answers.")
        apart = [text.partition("=") for text in descriptors]
        if bad := [name for name, sign, file in apart if not (sign and name and file)]:
            raise NextwellError(f"Expected --descriptors FACTOR=FILE, found {bad[0]!r}.")
        here = Path.cwd()
        told = ProblemFile(
            table=str(table), target=target, direction=direction, label=label, factors=tuple(factors), hits=None if hits is None else str(hits),
            descriptors={name: file for name, _, file in apart},
        )  # fmt: skip
        found = [read_problem(told, base=here, name=_name(table.stem))]
    elif folder is not None:
        files = problem_files(folder)
        stems = [file.stem for file in files]
        for name in only:
            if name not in stems:
                raise NextwellError(f"Expected problems of {folder}, found --only {name!r}. {nearest(name, stems)}")
        found = [read_problem_file(file) for file in files if not only or file.stem in only]
    else:
        found = [formula_problem(name) for name in (FORMULAS[:1] if quick else FORMULAS)]
    twice = sorted({one.name for one in found if [other.name for other in found].count(one.name) > 1})
    if twice:
        raise NextwellError(f"Expected each problem's name once, found {twice[0]!r} twice.")
    return {one.name: one for one in found}


def _name(stem: str) -> str:
    """A file's stem as a name."""
    kept = "".join(letter if letter.isalnum() or letter in "_-. " else "_" for letter in stem)
    return kept if kept[:1].isalpha() else f"table {kept}"
