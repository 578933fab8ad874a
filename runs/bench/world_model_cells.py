"""The long run as cells: each finished one is a line in a file, so that a run that was interrupted goes on where it stopped."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from world_model.contestants.registry import contestants
from world_model.judge import Verdict
from world_model.terms.errors import NextwellError

from ..version import VERSION
from .branching_task import BranchingTask
from .counterfactuals import branch_histories, counterfactual_cell
from .forecast_cell import PRIORS, TRAIN, Material, forecast_cell
from .out_of_range import inner_draw, out_of_range_cell
from .sbml_task import SbmlTask
from .world_model_contest import refit
from .world_model_tasks import Prior, Task, open_task

CELLS = "cells.jsonl"
ASKED_SEEDS = 2  # seeds with counterfactuals and a second model for what is out of range: thousands of pairs and plans each
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Work:
    """What one process does in one go: one problem with one seed, at several sizes.

    Attributes:
        asked_from: the smallest size whose model is asked about other plans, and beyond its range.
    """

    problem: str
    seed: int
    sizes: tuple[int, ...]
    priors: tuple[Prior, ...] = PRIORS
    asked_from: int = 0


@dataclass
class CellFile:
    """The finished cells of a folder. A cell counts only for the same problem, contestants and version that it was computed with."""

    file: Path
    known: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: Path) -> CellFile:
        """The cells of a folder, which is made where it is missing. A last line that was cut off is left out."""
        folder.mkdir(parents=True, exist_ok=True)
        found = cls(file=folder / CELLS)
        if found.file.exists():
            for line in found.file.read_text(encoding="utf-8").splitlines():
                try:
                    cell = json.loads(line)
                except json.JSONDecodeError:  # the run was stopped while this line was written: that cell is computed again
                    continue
                found.known[cell["key"]] = cell
        return found

    def add(self, told: dict[str, Any]) -> None:
        """Append a finished cell."""
        cell = _plain(told)
        begun = self.file.exists() and not self.file.read_bytes().endswith(b"\n") and self.file.stat().st_size > 0
        with self.file.open("a", encoding="utf-8") as out:
            out.write(("\n" if begun else "") + json.dumps(cell) + "\n")
        self.known[cell["key"]] = cell


def run_cells(works: Sequence[Work], *, folder: Path, jobs: int, progress: Progress) -> list[dict[str, Any]]:
    """Every cell of the works, from the file where it is there, else computed.

    Args:
        jobs: processes; 1 computes here.

    Raises:
        NextwellError: a problem that can't be opened, or a cell for which no contestant can be fitted.
    """
    cells = CellFile.open(folder)
    keys = {(work.problem, work.seed, n): _key(work, n) for work in works for n in work.sizes}
    missing = [
        Work(problem=work.problem, seed=work.seed, sizes=left, priors=work.priors, asked_from=work.asked_from)
        for work in works if (left := tuple(n for n in work.sizes if keys[work.problem, work.seed, n] not in cells.known))
    ]  # fmt: skip
    clock = _Clock(total=sum(len(work.sizes) for work in missing), found=len(keys) - sum(len(work.sizes) for work in missing))
    for cell in _computed(missing, jobs=jobs, progress=progress):
        cells.add(cell)
        progress(clock.after(cell))
    return [cells.known[key] for key in keys.values()]


def cells_of(work: Work, *, progress: Progress) -> Iterator[dict[str, Any]]:
    """The cells of one problem and seed, smallest first."""
    task = open_task(work.problem, seed=work.seed)
    material = Material.of(task, seed=work.seed, most=max(work.sizes))
    branching = _branching(task)
    for n in sorted(work.sizes):
        begun = time.perf_counter()
        where = f"{task.name}, N = {n}, seed {work.seed}"
        told = forecast_cell(material, n, priors=work.priors, progress=partial(_say, progress, where))
        record: dict[str, Any] = {"priors": told.records, "rivals": told.rivals}
        prior: Prior = "wrong parameters" if "wrong parameters" in told.records else "none"
        if work.seed >= ASKED_SEEDS or n < work.asked_from:
            yield _cell(work, n, task, record, begun=begun)
            continue
        progress(f"{where}: out of range")
        world = refit(task, inner_draw(task, n, seed=work.seed), prior=prior, verdict=told.verdicts[prior], seed=work.seed)
        record["out of range"] = out_of_range_cell(task, world, seed=work.seed)
        if isinstance(branching, BranchingTask):
            progress(f"{where}: counterfactuals")
            record["counterfactuals"] = _counterfactuals(branching, n, prior=prior, verdict=told.verdicts[prior], seed=work.seed)
        else:
            record["counterfactuals left out"] = branching
        yield _cell(work, n, task, record, begun=begun)


def _cell(work: Work, n: int, task: Task, record: dict[str, Any], *, begun: float) -> dict[str, Any]:
    return {
        "key": _key(work, n), "problem": task.name, "n": n, "seed": work.seed, "task": task.told(), **record,
        "cut": task.cut().what if isinstance(task, SbmlTask) and "wrong structure" in work.priors else None,
        "wall s": round(time.perf_counter() - begun, 2),
    }  # fmt: skip


def _say(progress: Progress, where: str, said: str) -> None:
    progress(f"{where}: {said}")


def _counterfactuals(task: BranchingTask, n: int, *, prior: Prior, verdict: Verdict, seed: int) -> dict[str, Any]:
    train = task.draw(n, rng=np.random.default_rng([seed, TRAIN, 1]))
    world = refit(task, train, prior=prior, verdict=verdict, seed=seed)
    return counterfactual_cell(task, world, branch_histories(task, seed=seed))


def _branching(task: Task) -> BranchingTask | str:
    """The branching task, or why there is none."""
    if not isinstance(task, SbmlTask):
        return f"{task.name} can't go back to a saved state"
    try:
        return BranchingTask.of(task)
    except NextwellError as fault:
        return str(fault)


def _key(work: Work, n: int) -> str:
    return json.dumps([work.problem, n, work.seed, list(work.priors), n >= work.asked_from, sorted(contestants()), VERSION])


def _computed(works: Sequence[Work], *, jobs: int, progress: Progress) -> Iterator[dict[str, Any]]:
    if jobs == 1:
        for work in works:
            yield from cells_of(work, progress=progress)
        return
    with ProcessPoolExecutor(max_workers=jobs, mp_context=get_context("spawn"), initializer=_one_thread) as pool:
        waiting: set[Future[list[dict[str, Any]]]] = {pool.submit(_all_cells_of, work) for work in works}
        try:
            while waiting:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for future in done:
                    yield from future.result()
        finally:
            for future in waiting:
                future.cancel()


def _all_cells_of(work: Work) -> list[dict[str, Any]]:
    return list(cells_of(work, progress=lambda _: None))


def _one_thread() -> None:
    import torch

    torch.set_num_threads(1)


class _Clock:
    """How far, and how long still."""

    def __init__(self, *, total: int, found: int) -> None:
        self.total, self.found, self.done, self.begun = total, found, 0, time.perf_counter()

    def after(self, cell: dict[str, Any]) -> str:
        """One sentence after a cell."""
        self.done += 1
        left = (time.perf_counter() - self.begun) / self.done * (self.total - self.done)
        again = f" ({self.found} from before)" if self.found else ""
        return f"cell {self.done} of {self.total}{again}: {cell['problem']}, N = {cell['n']}, seed {cell['seed']}, {cell['wall s']:g} s; about {math.ceil(left / 60)} min left"


def _plain(told: Any) -> Any:
    """As JSON can say it: NumPy's numbers as Python's, and null for what is no number."""
    if isinstance(told, dict):
        return {key: _plain(value) for key, value in told.items()}
    if isinstance(told, list | tuple):
        return [_plain(value) for value in told]
    if isinstance(told, np.generic):
        told = told.item()
    return None if isinstance(told, float) and not math.isfinite(told) else told
