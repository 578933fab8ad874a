"""The back-test of fronts: shares by hand, and a short run on measured yields and costs."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from runs.bench.planner_goals import compare_fronts, front_problem, summary_of_fronts
from world_model.terms.goals import Goal

GOALS = (Goal(readout="yield"), Goal(readout="cost", direction="min"))
MEASURED = Path(__file__).resolve().parents[4] / "shared" / "data" / "edboplus_bms_cost" / "experiments_yield_and_cost.csv"


def test_shares_of_the_true_hypervolume_by_hand():
    # in the unit square (yield up, cost down): (0, 1), (1, 0), (0.5, 0.5), (0.5, 0.25); the best of both corners touch the reference
    frame = pd.DataFrame({"x": range(4), "yield": [0.0, 10.0, 5.0, 5.0], "cost": [0.0, 4.0, 2.0, 3.0]})
    problem = front_problem(frame, name="four", factors=["x"], goals=GOALS)
    assert problem.share_found([0, 1]) == 0.0
    assert problem.share_found([3]) == pytest.approx(0.5)
    assert problem.share_found([2, 0]) == problem.share_found(range(4)) == pytest.approx(1.0)


@pytest.mark.skipif(not MEASURED.exists(), reason=f"needs the measured yields and costs at {MEASURED}")
def test_a_front_of_measured_yields_and_costs_widens():
    frame = pd.read_csv(MEASURED)
    assert len(frame) == 1728
    problem = front_problem(frame, name="yield and cost", factors=["base", "ligand", "solvent", "concentration", "temperature"], goals=GOALS)
    runs = list(compare_fronts(problem, planners=("nextwell", "random"), batches=(5,), budget=10, seeds=(0,)))
    ours, chance = runs
    assert ours["rows"][:5] == chance["rows"][:5] and len(set(ours["rows"])) == len(set(chance["rows"])) == 10
    assert problem.share_found(ours["rows"][:5]) < ours["share at 10"] <= 1
    assert {row["planner"] for row in summary_of_fronts(runs)} == {"nextwell", "random"}
    assert np.isfinite(ours["cpu_s"])
