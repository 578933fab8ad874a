"""The long run: cells that are kept, a run that goes on, figures from made-up cells by hand, and one small real run."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

pytest.importorskip("roadrunner", reason="needs libroadrunner, extra `sbml`")
pytest.importorskip("libsbml", reason="needs python-libsbml, extra `sbml`")

from runs.bench import forecast_cell, out_of_range, world_model_cells, world_model_contest
from runs.bench.counterfactuals import branch_histories
from runs.bench.forecast_cell import Material, best_of_many
from runs.bench.forecast_measures import forecast
from runs.bench.world_model import RESULT, bench
from runs.bench.world_model_cells import CELLS, CellFile, Work, run_cells
from runs.bench.world_model_contest import told_by_world, training_of
from runs.bench.world_model_summary import decision_checks, forecast_checks, ratios
from runs.bench.world_model_tasks import open_task
from runs.cli.bench import sizes_of
from runs.cli.main import app
from world_model.calibration import Calibration
from world_model.contestants.registry import contestants
from world_model.contestants.rivals import MLPEnsemble, OneStepEnsemble
from world_model.contract import Belief, Capabilities
from world_model.fit import WorldModel
from world_model.judge import Verdict
from world_model.terms.errors import NextwellError


def made_up(problem: str, n: int, seed: int, *, chosen: float, others: dict[str, float], coverage: float, cut: float | None = None, exploited: float = 0.0) -> dict:
    def prior(value: float) -> dict:
        rows = {name: {"nrmse": nrmse, "crps": nrmse / 2} for name, nrmse in others.items()}
        figures = {"nrmse": value, "crps": value / 2, "coverage90": coverage, "width90": 0.3, "sd follows error": 0.5}
        return {"chosen": figures, "contestants": rows, "decisions": {"exploitability": exploited}, "picked": "wide", "seconds": 1.0}

    priors = {"none": prior(chosen), "wrong parameters": prior(chosen), **({"wrong structure": prior(cut)} if cut else {})}
    return {"problem": problem, "n": n, "seed": seed, "priors": priors}


def named(checks: list[dict], words: str) -> dict:
    (found,) = [check for check in checks if check["name"].endswith(words) or f"{words} " in check["name"] or f"{words}," in check["name"]]
    return found


def test_the_choice_is_compared_with_the_best_median_of_its_cell():
    # cell A: medians 0.2 against 0.1 and 0.4 → 2; cell B: 0.3 against 0.6 and 0.3 → 1; geometric mean sqrt(2)
    cells = [made_up("A", 20, s, chosen=c, others={"linear": 0.4, "wide": w}, coverage=0.9) for s, c, w in ((0, 0.2, 0.1), (1, 0.1, 0.1), (2, 0.9, 0.9))]
    cells.append(made_up("B", 20, 0, chosen=0.3, others={"linear": 0.6, "wide": 0.3}, coverage=0.7))
    assert ratios(cells, "nrmse", prior="none") == {("A", 20): pytest.approx(2.0), ("B", 20): pytest.approx(1.0)}
    checks = forecast_checks(cells)
    mean = named(checks, "nrmse of the chosen model over the best contestant's, geometric")
    assert mean["value"] == pytest.approx(2**0.5, abs=1e-4) and not mean["ok"] and mean["n"] == 2
    assert named(checks, "nrmse of the chosen model over the best contestant's, worst")["value"] == pytest.approx(2.0)
    assert named(checks, "nrmse lower than the linear")["value"] == 1.0
    # one of two cells lies within 85 to 95 %
    assert named(checks, "cover 85 to 95")["value"] == 0.5


def test_a_wrong_structure_is_charged_against_no_mechanism():
    cells = [made_up("A", 20, 0, chosen=0.2, others={"linear": 0.4}, coverage=0.9, cut=0.21), made_up("B", 20, 0, chosen=0.2, others={"linear": 0.4}, coverage=0.9, cut=0.2)]
    check = named(forecast_checks(cells), "wrong-structure")
    assert check["value"] == pytest.approx(1.05**0.5, abs=1e-4) and check["ok"]


def test_exploitability_is_to_shrink_in_size_whatever_its_sign():
    cells = [made_up("A", n, 0, chosen=0.2, others={"linear": 0.4}, coverage=0.9, exploited=e) for n, e in ((20, -0.5), (200, 0.1))]
    assert named(decision_checks(cells), "exploitability")["ok"]


def test_signs_of_all_pairs_are_added_up_and_judged_from_two_hundred_on():
    cells = [made_up("A", n, s, chosen=0.2, others={"linear": 0.4}, coverage=0.9) for n in (20, 200) for s in (0, 1)]
    for cell, (share, pairs) in zip(cells, ((0.5, 100), (1.0, 300), (0.9, 100), (0.99, 300)), strict=True):
        cell["counterfactuals"] = {"sign right": share, "pairs": pairs}
    small, large = (named(decision_checks(cells), f"branching, N = {n}") for n in ("20", "200"))
    assert small["value"] == pytest.approx(0.875) and small["ok"] is None
    assert large["value"] == pytest.approx((90 + 297) / 400) and large["ok"]


def test_a_finished_cell_is_not_computed_again_and_a_cut_off_line_is(tmp_path, monkeypatch):
    asked: list[int] = []

    def cells_of(work, *, progress):
        for n in work.sizes:
            asked.append(n)
            yield {"key": world_model_cells._key(work, n), "problem": work.problem, "n": n, "seed": work.seed, "wall s": 0.1, "share": np.float64(0.5), "none": float("nan")}

    monkeypatch.setattr(world_model_cells, "cells_of", cells_of)
    work = Work(problem="made up", seed=0, sizes=(20, 50))
    said: list[str] = []
    first = run_cells([work], folder=tmp_path, jobs=1, progress=said.append)
    assert asked == [20, 50] and [cell["n"] for cell in first] == [20, 50]
    assert first[0]["share"] == 0.5 and first[0]["none"] is None and "cell 2 of 2" in said[-1]
    file = tmp_path / CELLS
    file.write_text(file.read_text()[:-30])
    again = run_cells([work], folder=tmp_path, jobs=1, progress=said.append)
    assert asked == [20, 50, 50] and again == first
    assert len(CellFile.open(tmp_path).known) == 2
    # another seed is another cell
    run_cells([Work(problem="made up", seed=1, sizes=(20,))], folder=tmp_path, jobs=1, progress=said.append)
    assert asked[-1] == 20


class Oracle:
    """Knows the truth, and says how sure it is."""

    capabilities = Capabilities()

    def __init__(self, task, training, *, state: float, reading: float) -> None:
        self.task, self.training, self.state, self.reading = task, training, state, reading

    def beliefs(self, design: torch.Tensor) -> Belief:
        rows = self.training.encoder.settings(design)
        mean = torch.as_tensor(self.task.truth({name: np.array([row[name] for row in rows]) for name in self.task.space.names}))
        scale = torch.as_tensor(self.task.scale)
        return Belief(mean=mean, epistemic=(self.state * scale).square().expand_as(mean), aleatoric=(self.reading * scale).square().expand_as(mean))


@pytest.fixture(scope="module")
def material() -> Material:
    return Material.of(open_task("sbml:tumour_drug@30", seed=0), seed=0, most=12)


def oracle(material: Material, *, reading: float) -> WorldModel:
    training = training_of(material.task, material.train, prior="none")
    verdict = Verdict(picked="oracle", scores={}, lead={}, n_records=12, n_interventions=12, level=1, why="")
    return WorldModel(fitted=Oracle(material.task, training, state=1e-9, reading=reading), training=training, verdict=verdict, calibration=Calibration.none(13, len(material.task.variables)))


@pytest.mark.parametrize("reading, covers", [(0.05, 0.9), (0.0125, 0.319)])
def test_an_exact_model_scores_zero_and_an_overconfident_one_covers_too_little(material, reading, covers):
    # sd of a quarter of the noise's: |z| < 1.645 / 4 for 31.9 % of readings
    world = oracle(material, reading=reading)
    told = told_by_world(world, world.encoder.design(material.test.columns))
    figures = forecast(told, truth=material.test.truth, readings=material.test.readings, scale=material.task.scale, times=material.task.times)
    assert figures["nrmse"] < 1e-4 and figures["crps"] < 1e-4
    assert figures["coverage90"] == pytest.approx(covers, abs=0.02)


def test_who_knows_the_truth_promises_it(material):
    world = oracle(material, reading=0.05)
    promised = material.task.reward(told_by_world(world, world.encoder.design(material.test.columns)).mean)
    true = material.task.reward(material.test.truth)
    found = best_of_many(material.task, material.train, promised=promised, true=true)
    assert found.promised == pytest.approx(found.true, abs=1e-4)
    assert found.true == pytest.approx(true.reshape(4, 50).max(axis=1).mean()) and found.random == pytest.approx(true.mean())


@pytest.mark.slow
def test_a_small_run_has_the_shape_that_every_bench_has(tmp_path, monkeypatch):
    few = ("mechanism residual", "linear", "mean")
    monkeypatch.setattr(world_model_contest, "in_order", lambda training, plans: [one for name, one in contestants().items() if name in few and one.why_not(training) is None])
    # smaller than a real run in every way that its shape does not show
    monkeypatch.setattr(forecast_cell, "MLPEnsemble", lambda: MLPEnsemble(updates=30))
    monkeypatch.setattr(forecast_cell, "OneStepEnsemble", lambda: OneStepEnsemble(updates=30))
    for module, name, value in ((forecast_cell, "N_TEST", 60), (out_of_range, "N_ASKED", 40)):
        monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(world_model_cells, "branch_histories", partial(branch_histories, histories=2, plans=5))
    said: list[str] = []
    told = bench(quick=False, seeds=1, progress=said.append, problem=["sbml:tumour_drug@30"], n=[12], out=tmp_path)
    assert {"checks", "tables", "environment"} <= set(told)
    assert all(set(check) == {"name", "value", "goal", "ok", "n"} for check in told["checks"])
    assert json.loads((tmp_path / RESULT).read_text())["checks"] == told["checks"]
    accuracy = told["tables"]["accuracy"]
    assert {row["mechanism"] for row in accuracy} == {"none", "wrong parameters", "wrong structure"}
    assert all(Path(file).stat().st_size > 1000 for file in told["tables"]["plots"])
    (row,) = told["tables"]["1-2 counterfactuals and rollouts, by branching"]
    assert 0 <= row["sign right"] <= 1 and row["pairs"] > 0
    (asked,) = told["tables"]["out of range"]
    assert 0 <= asked["auroc"] <= 1
    assert {"MLP ensemble", "one-step ensemble", *few} <= {row["contestant"] for row in told["tables"]["contestants"]}
    assert any("1 of 1" in line for line in said)


def test_sizes_are_whole_numbers_with_commas():
    assert sizes_of("20, 50,200") == [20, 50, 200]
    with pytest.raises(NextwellError, match="whole numbers"):
        sizes_of("20,many")


def test_a_bench_without_problems_refuses_them():
    told = CliRunner().invoke(app, ["bench", "demo", "--problem", "sbml:x.xml", "--json"])
    assert told.exit_code != 0 and "Expected no --problem for bench 'demo'" in told.output
