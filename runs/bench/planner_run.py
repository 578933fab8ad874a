"""One planner on one problem with one seed: the same random start for all, then batch by batch, with the seconds that it took."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from .planner_problem import Problem
from .planner_rivals import Rival, open_rival

Progress = Callable[[str], None]
Line = dict[str, Any]

FEWEST_INITIAL = 5
LINES = "runs.jsonl"
# what the first proposal would load: imports are no planner's cost
_LOADED = {
    "nextwell": ("runs.campaign", "planner.propose", "world_model.fit", "botorch.acquisition", "botorch.optim", "botorch.fit", "botorch.models"),
    "botorch": ("planner.plain.improvement",),
    "edbo": ("planner.plain.edbo",),
    "baybe": ("baybe", "baybe.recommenders", "baybe.surrogates", "botorch.acquisition", "botorch.optim", "botorch.models"),
    "ax": ("ax.api.client", "ax.adapter.registry", "botorch.acquisition"),
    "bofire": ("bofire.strategies.api", "botorch.acquisition"),
}


@dataclass(frozen=True, kw_only=True)
class Run:
    """What is run. `budget` counts the initial rows."""

    problem: str
    planner: str
    batch: int
    budget: int
    seed: int

    @property
    def initial(self) -> int:
        return min(max(FEWEST_INITIAL, self.batch), self.budget)


def back_test(problem: Problem, run: Run) -> Line:
    """One run as a line: what was measured in its order, the best so far, and the CPU seconds of every proposal.

    A planner that fails, or names rows that it may not, ends its run; the line says why in `error`.
    """
    load(run.planner)
    told: Line = {"problem": problem.name, "planner": run.planner, "batch": run.batch, "budget": run.budget, "seed": run.seed, "n_init": run.initial}
    first = [int(row) for row in np.random.default_rng(run.seed).choice(len(problem), min(run.initial, len(problem)), replace=False)]
    try:
        begun = time.process_time()
        rival = open_rival(run.planner, problem, run.seed)
        told["build_cpu"] = time.process_time() - begun
        walked = _walk(rival, problem, first, batch=run.batch, budget=min(run.budget, len(problem)))
    except Exception as fault:  # a planner's failure is a result of the bench, not its end
        return {**told, "error": f"{type(fault).__name__}: {str(fault)[:500]}"}
    return {**told, **walked, **scores(problem, walked["rows"], n_init=len(first)), "rss_mb": _peak_mb()}


def load(planner: str) -> None:
    """Import what a planner needs, on one thread, before any clock runs."""
    if planner in _LOADED:
        import torch

        torch.set_num_threads(1)
        for module in _LOADED[planner]:
            import_module(module)


def _walk(rival: Rival, problem: Problem, first: Sequence[int], *, batch: int, budget: int) -> Line:
    rows, cpu, wall = list(first), [], []
    rival.observe(rows, problem.y[rows])
    while len(rows) < budget:
        n = min(batch, budget - len(rows))
        clock, cpu_clock = time.perf_counter(), time.process_time()
        asked = [int(row) for row in rival.propose(n)]
        cpu.append(round(time.process_time() - cpu_clock, 4))
        wall.append(round(time.perf_counter() - clock, 4))
        if len(asked) != n or len({*asked, *rows}) != n + len(rows):
            raise RuntimeError(f"expected {n} distinct rows that were not measured, found {asked} after {len(rows)}")
        rival.observe(asked, problem.y[asked])
        rows += asked
    return {"rows": rows, "cpu": cpu, "secs": wall}


def scores(problem: Problem, rows: Sequence[int], *, n_init: int) -> Line:
    """What a run is worth; `trace` is the best so far, bigger is better."""
    trace = np.maximum.accumulate(problem.y[list(rows)])
    order = np.argsort(-problem.y, kind="stable")
    measured = set(rows)
    told: Line = {
        "trace": [float(value) for value in trace], "best": float(trace[-1]), "norm_regret": float((problem.y.max() - trace[-1]) / problem.span),
        "auc": area(problem, trace, n_init=n_init), "top_recall": float(np.mean([int(row) in measured for row in order[: problem.top]])),
    }  # fmt: skip
    return told if problem.hits is None else {**told, "hits": int(problem.hits[list(rows)].sum())}


def area(problem: Problem, trace: Sequence[float] | np.ndarray, *, n_init: int) -> float | None:
    """1 minus the mean regret after the initial rows: 1 where the optimum is found at once, 0 at the median row."""
    after = np.asarray(trace, dtype=float)[n_init:]
    return float(1 - np.mean((problem.y.max() - after) / problem.span)) if len(after) else None


@dataclass
class LineFile:
    """Finished runs, a line each; a run counts only for the table and the code that it was computed with."""

    file: Path
    known: dict[str, Line]

    @classmethod
    def open(cls, folder: Path) -> LineFile:
        """Those of a folder, which is made where it is missing. A line that was cut off, or that ended in an error, is run again."""
        folder.mkdir(parents=True, exist_ok=True)
        found = cls(file=folder / LINES, known={})
        for line in found.file.read_text(encoding="utf-8").splitlines() if found.file.exists() else ():
            try:
                told = json.loads(line)
            except json.JSONDecodeError:
                continue
            if "error" not in told:
                found.known[told["key"]] = told
        return found

    def add(self, line: Line) -> None:
        """Append a finished run."""
        cut = self.file.exists() and self.file.stat().st_size > 0 and not self.file.read_bytes().endswith(b"\n")
        with self.file.open("a", encoding="utf-8") as out:
            out.write(("\n" if cut else "") + json.dumps(line) + "\n")
        self.known[line["key"]] = line


def run_all(problems: Mapping[str, Problem], runs: Sequence[Run], *, folder: Path, jobs: int, progress: Progress) -> list[Line]:
    """Every run, from the folder where it is there, else computed; each in a process of its own where `jobs` is above 1."""
    lines = LineFile.open(folder)
    keys = {run: key_of(problems[run.problem], run) for run in runs}
    missing = [run for run in runs if keys[run] not in lines.known]
    begun, found = time.perf_counter(), len(runs) - len(missing)
    for done, (run, line) in enumerate(_computed(problems, missing, jobs=jobs), start=1):
        lines.add({"key": keys[run], **line})
        left = (time.perf_counter() - begun) / done * (len(missing) - done) / 60
        said = line.get("error") or f"best {line['best']:.4g}, regret {line['norm_regret']:.3f}"
        progress(f"{done} of {len(missing)}{f' ({found} from before)' if found else ''}: {run.problem}, batch {run.batch}, {run.planner}, seed {run.seed}: {said}; about {left:.0f} min left")
    return [lines.known[keys[run]] for run in runs]


def key_of(problem: Problem, run: Run) -> str:
    """What a finished run is known by."""
    ours = code_digest() if run.planner == "nextwell" else ""
    return json.dumps([problem.name, problem.digest(), run.planner, run.batch, run.budget, run.seed, ours])


@cache
def code_digest() -> str:
    """Of the code that chooses: nextwell's own runs are repeated when it changes."""
    home = Path(__file__).resolve().parents[2]
    sha = sha256()
    for room in ("planner", "world_model"):
        for file in sorted((home / room).rglob("*.py")):
            sha.update(file.read_bytes())
    return sha.hexdigest()[:16]


def _computed(problems: Mapping[str, Problem], runs: Sequence[Run], *, jobs: int) -> Iterator[tuple[Run, Line]]:
    if jobs == 1:
        for run in runs:
            yield run, back_test(problems[run.problem], run)
        return
    with ProcessPoolExecutor(max_workers=jobs, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
        waiting: dict[Future[Line], Run] = {pool.submit(back_test, problems[run.problem], run): run for run in runs}
        try:
            while waiting:
                done, _ = wait(waiting, return_when=FIRST_COMPLETED)
                for future in done:
                    yield waiting.pop(future), future.result()
        finally:
            for future in waiting:
                future.cancel()


def _peak_mb() -> float:
    """The process's peak memory; macOS tells bytes where Linux tells kilobytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
