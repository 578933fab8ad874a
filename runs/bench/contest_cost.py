"""What a contest costs: seconds and peak memory, each measured in a process of its own, and how they grow with N, times and observables."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from world_model.terms.errors import NextwellError

SECONDS_GOAL = {200: 20.0, 5000: 300.0}
MEMORY_GOAL_GB = 4.0
TRAJECTORIES, TRAJECTORIES_GOAL_S = 10_000, 1.0
BASE = (200, 13, 4)
# one axis at a time
GROWTH = ((50, 13, 4), (100, 13, 4), BASE, (400, 13, 4), (800, 13, 4), (200, 7, 4), (200, 25, 4), (200, 49, 4), (200, 13, 1), (200, 13, 2), (200, 13, 8))
LARGE = (5000, 13, 4)
_LIMIT_S = 900


def measure_cost(*, progress: Callable[[str], None]) -> dict[str, Any]:
    """`checks` and `rows`: every size in a process of its own."""
    rows = []
    for n, times, observables in (*GROWTH, LARGE):
        progress(f"cost of a contest: N = {n}, {times} times, {observables} observables")
        rows.append(_apart(n, times, observables))
    by_size = {(row["N"], row["times"], row["observables"]): row for row in rows}
    checks = []
    for size in (BASE, LARGE):
        row, goal = by_size[size], SECONDS_GOAL[size[0]]
        seconds = row["wall s"]
        checks.append({"name": f"seconds of the whole contest at N = {size[0]}", "value": seconds, "goal": f"<= {goal:g}", "ok": seconds is not None and seconds <= goal, "n": 1})
    memory, drawn = by_size[LARGE]["peak GB"], by_size[BASE]["gp 10,000 trajectories s"]
    checks.append({"name": f"peak memory of the whole contest at N = {LARGE[0]}, GB", "value": memory, "goal": f"<= {MEMORY_GOAL_GB:g}", "ok": memory is not None and memory <= MEMORY_GOAL_GB, "n": 1})
    checks.append({"name": "seconds for 10,000 trajectories of a GP fitted to 200", "value": drawn, "goal": f"<= {TRAJECTORIES_GOAL_S:g}", "ok": drawn is not None and drawn <= TRAJECTORIES_GOAL_S, "n": 1})
    return {"checks": checks, "rows": rows}


def _apart(n: int, times: int, observables: int) -> dict[str, Any]:
    size = {"N": n, "times": times, "observables": observables}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "runs.bench.contest_cost", str(n), str(times), str(observables)], capture_output=True, text=True, timeout=_LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return {**size, "wall s": None, "cpu s": None, "peak GB": None, "gp 10,000 trajectories s": None, "fault": f"stopped after {_LIMIT_S} s"}
    if done.returncode:
        raise NextwellError(f"Expected the contest of N = {n} to run, found: {done.stderr.strip()[-400:]}")
    told: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return told


def contest_alone(n: int, times: int, observables: int) -> dict[str, Any]:
    """One contest in this process: the shipped cascade with its wrong-parameter mechanism, fitted for a forecast."""
    import torch

    from world_model.contestants.trajectory_gp import FittedTrajectoryGP
    from world_model.fit import fit_training

    training = cascade_training(n, times, observables)
    wall, cpu = time.perf_counter(), time.process_time()
    world = fit_training(training, seed=0, purpose="forecast")
    spent = {"wall s": round(time.perf_counter() - wall, 2), "cpu s": round(time.process_time() - cpu, 2)}
    # ru_maxrss is in kilobytes on Linux, in bytes on a Mac
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e9 if sys.platform == "darwin" else 1e6)
    gp = fit_training(training, seed=0, contestants=["wide"])
    assert isinstance(gp.fitted, FittedTrajectoryGP)
    design = torch.rand(TRAJECTORIES, len(training.space.factors), dtype=torch.double, generator=torch.Generator().manual_seed(0))
    gp.posterior_at(design[:10]).mean_sd()
    begun = time.perf_counter()
    gp.posterior_at(design).mean_sd()
    asked = time.perf_counter() - begun
    return {
        "N": n, "times": times, "observables": observables, **spent, "peak GB": round(peak, 2), "gp 10,000 trajectories s": round(asked, 3),
        "picked": world.verdict.picked, "failed": dict(world.verdict.failed),
    }  # fmt: skip


def cascade_training(n: int, times: int, observables: int) -> Any:
    """Readings of the cascade at any number of times and of its species, with a mechanism whose constants are off."""
    from world_model.contract import Training
    from world_model.mechanisms.sbml import SbmlMechanism, SbmlSpec
    from world_model.terms.mechanism_doc import Observed
    from world_model.terms.readings import Dataset

    from .believed import Believed
    from .sbml_task import SbmlTask
    from .world_model_tasks import NOISE, shipped_models

    task = SbmlTask.of(shipped_models()["cascade"], t_end=60.0, seed=0)
    rng, species = np.random.default_rng(5), task.model.species[:observables]
    spec = task.spec({})
    read = {name: Observed(of=name, quantity="amount", offset=1.0, log=True) for name in species}
    whole = SbmlSpec(factors=spec.factors, observables=read, initial_assignments="kept")
    mechanism = SbmlMechanism(task.model.text, whole, name="cascade")
    grid = np.linspace(0.0, task.t_end, times)
    columns = {name: rng.uniform(-1, 1, n) for name in task.space.names}
    rows = [{name: float(columns[name][i]) for name in columns} for i in range(n)]
    truth = mechanism.simulate(rows, grid, species)
    known = np.isfinite(truth).all(axis=(1, 2))
    readings = truth + NOISE * np.nanstd(truth, axis=(0, 1)) * rng.normal(size=truth.shape)
    data = Dataset(
        ids=tuple(f"R01-{i + 1:04d}" for i in range(n)), settings=columns, roles=("candidate",) * n, blocks=("",) * n, times_h=grid,
        variables=species, values=readings, flags=np.zeros(readings.shape, dtype=int),
    )  # fmt: skip
    return Training.of(task.space, data.take(known), mechanism=Believed(mechanism=mechanism, wrong=task.wrong))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(contest_alone(*(int(word) for word in sys.argv[1:4]))) + "\n")
