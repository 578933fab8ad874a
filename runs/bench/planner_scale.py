"""What one proposal costs as candidates and observations grow: CPU seconds of build, observe and propose, and how far memory grows.

Each measurement runs in a process of its own, after imports and with the table in memory; nextwell and plain BoTorch in one run.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from world_model.terms.errors import NextwellError

Row = dict[str, Any]
LEVELS = 10
TABLE, PLATE = "table", "constrained plate"
PLANNERS = ("nextwell", "botorch")
LIMIT_S = 400  # CPU seconds after which a measurement is stopped, and said to be


@dataclass(frozen=True, kw_only=True)
class Size:
    """`candidates` rows of a full factorial of ten-level factors, or a plate of `batch` wells in ten constrained numbers."""

    kind: str = TABLE
    candidates: int = 0
    observations: int
    batch: int = 1
    goal_s: float
    goal_gb: float | None = None

    @property
    def name(self) -> str:
        if self.kind == PLATE:
            return f"{self.batch} wells in 10 constrained factors, {self.observations} observations"
        return f"{self.candidates:,} candidates, {self.observations:,} observations"


SIZES = (
    Size(candidates=10_000, observations=50, goal_s=1.0), Size(candidates=100_000, observations=50, goal_s=3.0),
    Size(candidates=1_000_000, observations=50, goal_s=10.0, goal_gb=1.0), Size(candidates=10_000, observations=1_000, goal_s=6.0),
    Size(candidates=10_000, observations=5_000, goal_s=60.0, goal_gb=3.0), Size(kind=PLATE, observations=100, batch=96, goal_s=60.0),
)  # fmt: skip


def bench(*, quick: bool, progress: Callable[[str], None], out: Path | None = None) -> dict[str, Any]:
    """Measure every size; with `quick` the smallest one."""
    from .planner import environment

    rows: list[Row] = []
    for size in SIZES[:1] if quick else SIZES:
        for planner in PLANNERS:
            progress(f"{planner}: {size.name}")
            rows.append(_apart(planner, size))
    checks = [check for size in (SIZES[:1] if quick else SIZES) for check in _checks(size, rows)]
    result = {"checks": checks, "tables": {"cost of one proposal": rows}, "environment": environment(quick=quick)}
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / "scale.json").write_text(json.dumps(result, indent=1), encoding="utf-8")
    return result


def _checks(size: Size, rows: Sequence[Row]) -> list[Row]:
    own = next(row for row in rows if row["planner"] == "nextwell" and row["what"] == size.name)
    told = [_check(f"CPU seconds: {size.name}", own["CPU s"], size.goal_s)]
    return told if size.goal_gb is None else [*told, _check(f"memory growth in GB: {size.name}", own["growth GB"], size.goal_gb)]


def _check(name: str, value: float | None, goal: float) -> Row:
    return {"name": name, "value": value, "goal": f"<= {goal:g}", "ok": value is not None and value <= goal, "n": 1}


def _apart(planner: str, size: Size) -> Row:
    told = {"planner": planner, "what": size.name}
    asked = [size.kind, str(size.candidates), str(size.observations), str(size.batch), planner]
    try:
        done = subprocess.run([sys.executable, "-m", "runs.bench.planner_scale", *asked], capture_output=True, text=True, timeout=4 * LIMIT_S, check=False)
    except subprocess.TimeoutExpired:
        return {**told, "CPU s": None, "growth GB": None, "build": None, "observe": None, "propose": None, "fault": "stopped: it did not end"}
    if done.returncode:
        stopped = done.returncode < 0  # by the operating system, at the limit of CPU seconds
        why = f"stopped after {LIMIT_S} CPU s" if stopped else (done.stderr.strip().splitlines() or ["no reason"])[-1][:300]
        return {**told, "CPU s": None, "growth GB": None, "build": None, "observe": None, "propose": None, "fault": why}
    return {**told, **json.loads(done.stdout.strip().splitlines()[-1]), "fault": ""}


def measure(kind: str, planner: str, *, candidates: int, observations: int, batch: int) -> Row:
    """One measurement in this process. Seconds are of the processor, on one thread."""
    from .planner_run import load

    load(planner)
    if kind == PLATE:
        return _plate(planner, observations=observations, batch=batch)
    from .planner_rivals import open_rival

    problem = synthetic(candidates)
    first = [int(row) for row in np.random.default_rng(0).choice(len(problem), observations, replace=False)]
    before, clock = _now_gb(), [time.process_time()]
    rival = open_rival(planner, problem, 0)
    clock.append(time.process_time())
    rival.observe(first, problem.y[first])
    clock.append(time.process_time())
    rows = rival.propose(batch)
    clock.append(time.process_time())
    if len(set(rows)) != batch or set(rows) & set(first):
        raise NextwellError(f"Expected {batch} rows that were not measured, found {rows}.")
    return _told(clock, before)


def synthetic(candidates: int) -> Any:
    """A full factorial of factors of ten levels, each level with an effect and each neighbouring pair with an interaction."""
    from .planner_problem import Problem

    k = round(float(np.log10(candidates)))
    if LEVELS**k != candidates:
        raise NextwellError(f"Expected a power of ten of candidates, found {candidates}.")
    rng = np.random.default_rng(0)
    codes = np.indices((LEVELS,) * k).reshape(k, -1).T
    y = np.zeros(len(codes))
    for i in range(k):
        y += rng.normal(size=LEVELS)[codes[:, i]]
    for i in range(k - 1):
        y += 0.5 * rng.normal(size=(LEVELS, LEVELS))[codes[:, i], codes[:, i + 1]]
    y += 0.05 * rng.normal(size=len(y))
    names = np.array([f"L{level}" for level in range(LEVELS)], dtype=object)
    table = pd.DataFrame({f"f{i}": names[codes[:, i]] for i in range(k)})
    unit = np.eye(LEVELS)[codes].reshape(len(codes), -1)
    # built directly: reading and checking a table is no part of what is measured
    return Problem(name="synthetic", table=table, target="y", direction="max", y=y, unit=unit)


def _plate(planner: str, *, observations: int, batch: int) -> Row:
    """Ten numbers in [0, 1] with sum at most 4 and the first two at least 0.2 together; a plate of new points at once."""
    from .plate_in_ten import PLATES

    rng = np.random.default_rng(0)
    points = rng.dirichlet(np.ones(11), size=8 * observations)[:, :10] * 4.0
    points = points[(points <= 1).all(axis=1) & (points[:, :2].sum(axis=1) >= 0.2)][:observations]
    y = -np.square(points - 0.35).sum(axis=1) + 0.01 * rng.normal(size=len(points))
    before = _now_gb()
    clock, chosen = PLATES[planner](points, y, batch)
    if len(chosen) != batch or (chosen.sum(axis=1) > 4 + 1e-6).any() or (chosen[:, :2].sum(axis=1) < 0.2 - 1e-6).any():
        raise NextwellError(f"Expected {batch} points that meet both constraints, found others.")
    return _told(clock, before)


def _told(clock: Sequence[float], before: float) -> Row:
    build, observe, propose = (round(float(later - earlier), 3) for earlier, later in pairwise(clock))
    return {"CPU s": round(float(clock[-1] - clock[0]), 3), "growth GB": round(max(_peak_gb() - before, 0.0), 3), "build": build, "observe": observe, "propose": propose}


def _peak_gb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**30 if sys.platform == "darwin" else 2**20)


def _now_gb() -> float:
    """Memory in use now; where the system does not tell, the peak so far."""
    statm = Path("/proc/self/statm")
    if not statm.exists():
        return _peak_gb()
    return int(statm.read_text().split()[1]) * resource.getpagesize() / 2**30


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CPU, (LIMIT_S, LIMIT_S + 5))
    kind, n_candidates, n_observations, n_batch, who = sys.argv[1:]
    answer = measure(kind, who, candidates=int(n_candidates), observations=int(n_observations), batch=int(n_batch))
    sys.stdout.write(json.dumps(answer) + "\n")
