"""One cell of the contest: a task, a number of experiments, a seed. Forecasts of 200 unseen interventions under each prior belief."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from world_model.contest import hold_contest
from world_model.contestants.rivals import MLPEnsemble, OneStepEnsemble
from world_model.judge import Verdict

from .decision_measures import Optimised, ranking, reward_prediction
from .forecast_measures import forecast
from .world_model_contest import Held, design_of, hold, told_by, told_by_world, training_of
from .world_model_tasks import Draw, Prior, Task

N_TEST = 200
SEARCHES = 4
PRIORS: tuple[Prior, ...] = ("none", "wrong parameters", "wrong structure")
# children of one seed, by purpose
TEST, TRAIN = 11, 12


@dataclass(frozen=True)
class Material:
    """What the cells of one task and seed share: unseen interventions, and the longest training set; shorter ones are its beginnings."""

    task: Task
    seed: int
    test: Draw
    train: Draw

    @classmethod
    def of(cls, task: Task, *, seed: int, most: int) -> Material:
        """Draw it."""
        return cls(
            task=task, seed=seed, test=task.draw(N_TEST, rng=np.random.default_rng([seed, TEST])),
            train=task.draw(most, rng=np.random.default_rng([seed, TRAIN])),
        )  # fmt: skip


@dataclass(frozen=True)
class ForecastCell:
    """By prior belief: what is reported, and the judge's verdict; and the figures of rivals, which can't be chosen."""

    records: dict[Prior, dict[str, Any]]
    verdicts: dict[Prior, Verdict]
    rivals: dict[str, Any]


def forecast_cell(material: Material, n: int, *, priors: Sequence[Prior] = PRIORS, progress: Callable[[str], None]) -> ForecastCell:
    """Every prior belief in turn: the chosen model with its horizon and decisions, and every contestant's figures."""
    task, data = material.task, material.train.take(slice(n))
    records: dict[Prior, dict[str, Any]] = {}
    verdicts: dict[Prior, Verdict] = {}
    rivals: dict[str, Any] = {}
    bare: Held | None = None
    for prior in priors:
        if prior != "none" and task.mechanism(prior) is None:
            continue
        held = hold(training_of(task, data, prior=prior), prior=prior, seed=material.seed, bare=bare, progress=progress)
        if bare is None:
            bare = held
            rivals = _rivals(material, held)
        records[prior], verdicts[prior] = _told(material, held, data, known=records.get("none", {}).get("contestants", {})), held.world.verdict
    return ForecastCell(records=records, verdicts=verdicts, rivals=rivals)


def _rivals(material: Material, held: Held) -> dict[str, Any]:
    """What others would take, on the same records."""
    entered = [rival for rival in (MLPEnsemble(), OneStepEnsemble()) if rival.why_not(held.training) is None]
    if not entered:
        return {}
    apart = replace(held, contest=hold_contest(held.training, entered, seed=material.seed), with_mechanism=frozenset())
    return {name: _figures(material, apart, name) for name in apart.contest.fitted}


def _figures(material: Material, held: Held, name: str) -> dict[str, Any]:
    """One contestant's, with a calibration of its own."""
    test = material.test
    told = told_by(held, name, design_of(held.world, test.columns))
    figures = forecast(told, truth=test.truth, readings=test.readings, scale=material.task.scale, times=material.task.times)
    return {
        **{key: figures[key] for key in ("nrmse", "crps", "crps reading", "coverage90", "width90")}, "held out": float(held.contest.scores[name].nanmean()),
        "seconds": round(held.contest.seconds[name], 3), "mechanism": name in held.with_mechanism,
    }  # fmt: skip


def _told(material: Material, held: Held, data: Draw, *, known: Mapping[str, Any]) -> dict[str, Any]:
    """One prior belief. `known` are the figures of contestants that need no mechanism, which are the same under each."""
    task, test = material.task, material.test
    design = design_of(held.world, test.columns)
    chosen = told_by_world(held.world, design)
    figures = forecast(chosen, truth=test.truth, readings=test.readings, scale=task.scale, times=task.times)
    shared = {name: figures for name, figures in known.items() if name not in held.with_mechanism}
    rows = {name: shared[name] if name in shared else _figures(material, held, name) for name in held.contest.scores}
    told: dict[str, Any] = {
        "picked": held.world.verdict.picked, "weights": dict(held.world.verdict.weights), "why": held.world.verdict.why, "failed": dict(held.contest.failed), "seconds": round(held.seconds, 3),
        "chosen": figures, "contestants": rows, "decisions": decisions(task, data, promised=task.reward(chosen.mean), true=task.reward(test.truth)),
    }  # fmt: skip
    simulated = held.training.simulated
    if simulated is not None:
        alone = simulated.at(design).numpy()
        told["mechanism alone"] = {"nrmse": float(np.sqrt(np.nanmean(((alone - test.truth) / task.scale) ** 2)))}
    return told


def decisions(task: Task, data: Draw, *, promised: np.ndarray, true: np.ndarray) -> dict[str, float | None]:
    """Reward prediction, ranking, lift and exploitability, all in sd of the reward over random plans."""
    spread = float(true.std()) or 1.0
    found = best_of_many(task, data, promised=promised, true=true)
    return {**reward_prediction(promised, true), **ranking(promised, true, spread=spread), **found.told(spread=spread)}


def best_of_many(task: Task, data: Draw, *, promised: np.ndarray, true: np.ndarray) -> Optimised:
    """The plan that the model promises most of, and what it truly yields: means over `SEARCHES` searches among as many random plans
    each. The best run is the one with the best readings.

    Args:
        promised, true: `n`, the plans' rewards as forecast and as they are.
    """
    promised, true = promised.reshape(SEARCHES, -1), true.reshape(SEARCHES, -1)
    best, each = promised.argmax(axis=1), np.arange(SEARCHES)
    run = int(np.argmax(task.reward(data.readings)))
    return Optimised(
        promised=float(promised[each, best].mean()), true=float(true[each, best].mean()), random=float(true.mean()), best_run=float(task.reward(data.truth)[run])
    )

