"""The bench of old data: what it compares, by a table whose answer is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from runs.bench.planner_problem import Problem
from runs.bench.planner_transfer import TransferRun, summary, transfer


def problem() -> Problem:
    frame = pd.DataFrame([(x, t) for x in np.linspace(0, 1, 12) for t in (30.0, 37.0)], columns=["x", "temperature"])
    return Problem.of(frame.assign(titre=np.sin(3 * frame.x) + 0.01 * frame.temperature), name="table", target="titre")


def test_only_rows_at_the_held_value_are_campaign_rows_and_the_kinds_share_the_source() -> None:
    told: list[str] = []
    runs = transfer(problem(), held={"temperature": 37.0}, share=0.75, batch=2, budget=2, seeds=[0], kinds=("none", "source"), progress=told.append)
    best = (np.sin(3 * np.linspace(0, 1, 12)) + 0.37).max()
    assert [run.kind for run in runs] == ["none", "source"] and len(told) == 2
    assert runs[0].routes == () and runs[1].routes == ("covariate",)
    # nine rows at 30 degrees tell where the best at 37 lies: the first two experiments are next to it
    assert runs[1].best[-1] == pytest.approx(best, abs=0.05)


def test_the_summary_pairs_kinds_by_seed() -> None:
    def run(kind: str, seed: int, best: float) -> TransferRun:
        return TransferRun(kind=kind, seed=seed, best=(best / 2, best), routes=("off", "covariate") if kind != "none" else (), cpu_s=1.0)  # type: ignore[arg-type]

    rows = {row["kind"]: row for row in summary([run("none", 0, 90), run("none", 1, 100), run("source", 0, 100), run("source", 1, 98)])}
    assert rows["source"]["mean best"] == 99.0 and rows["source"]["mean difference to none"] == pytest.approx((10 - 2) / 2)
    assert rows["none"]["mean half-way"] == 47.5 and rows["source"]["rounds with the source on"] == 0.5
