"""Whole conditions held out: what is held out, what is set aside, and the scores of a problem whose truth is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("petab")
pytest.importorskip("roadrunner")

import runs
from runs.bench.petab_conditions import FOLDS, bench_conditions, folds, interventions, without_gross_errors
from world_model.mechanisms.petab_problem import PetabProblem
from world_model.mechanisms.petab_rows import EXPERIMENT
from world_model.terms.errors import NextwellError
from world_model.terms.readings import Dataset

EXAMPLE = Path(runs.__file__).parent / "examples" / "petab_decay"


def data(dose: list[float], day: list[str], values: np.ndarray) -> Dataset:
    n = len(dose)
    return Dataset(
        ids=tuple(map(str, range(n))), settings={"dose": np.array(dose), EXPERIMENT: np.array(day, dtype=object)}, roles=("candidate",) * n,
        blocks=("",) * n, times_h=np.array([0.0]), variables=("a",), values=values.reshape(n, 1, 1), flags=np.zeros((n, 1, 1), int),
    )  # fmt: skip


def test_equal_settings_are_held_out_together_in_whatever_experiment():
    groups = interventions(data([1, 1, 2, 2, 3], ["x", "y", "x", "x", "y"], np.zeros(5)))
    assert groups[0] == groups[1] != groups[2] == groups[3] != groups[4]


def test_every_row_is_held_out_once_and_never_half_an_intervention():
    groups = np.repeat(np.arange(13), 3)
    masks = folds(groups, seed=4)
    assert len(masks) == FOLDS
    np.testing.assert_array_equal(np.sum(masks, axis=0), 1)
    assert all(len({bool(x) for x in mask[groups == g]}) == 1 for mask in masks for g in range(13))
    assert any((a != b).any() for a, b in zip(masks, folds(groups, seed=5), strict=True))


def test_a_lost_decimal_point_is_set_aside_and_a_large_response_is_not():
    values = np.concatenate([np.linspace(0, 1, 40), [3.5, 985.0]])
    kept, gross = without_gross_errors(data([float(i) for i in range(42)], ["x"] * 42, values))
    assert gross == 1
    assert np.isnan(kept.values[-1]).all() and kept.flags[-1, 0, 0] == -1
    assert kept.values[-2, 0, 0] == 3.5


def test_a_problem_of_few_conditions_is_refused(tmp_path: Path):
    for file in EXAMPLE.iterdir():
        text = file.read_text()
        if file.name == "measurements.tsv":
            text = "\n".join(line for line in text.splitlines() if "\tc1_" in line or line.startswith("observableId")) + "\n"
        (tmp_path / file.name).write_text(text)
    with pytest.raises(NextwellError, match="at least 5 different conditions .* found 4"):
        bench_conditions(tmp_path, seeds=1, progress=lambda line: None)


@pytest.mark.slow
def test_on_a_problem_whose_model_is_right_the_chosen_model_is_better_than_mean_and_nearest():
    told = bench_conditions(EXAMPLE, seeds=1, progress=lambda line: None, pool=("wide", "linear", "mean", "fitted mechanism"))
    rows = {row["model"]: row for row in told["tables"]["held-out conditions"]}
    assert rows["chosen"]["CRPS"] < 0.5 * min(rows["mean"]["CRPS"], rows["nearest"]["CRPS"])
    assert rows["chosen"]["readings"] == np.isfinite(PetabProblem.read(EXAMPLE).dataset.values).sum()
    assert [check["n"] for check in told["checks"]] == [1, 1]
