"""One cell of the contest: a task, a number of experiments, a seed. Forecasts of 200 unseen interventions under each prior belief."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from world_model.fit import WorldModel
from world_model.judge import Verdict

from .decision_measures import Optimised, ranking, reward_prediction
from .forecast_measures import forecast
from .world_model_contest import Held, design_of, hold, told_by, told_by_world, training_of
from .world_model_tasks import Draw, Prior, Task

N_TEST = 200
SEARCHES, N_PLANS = 4, 128
PRIORS: tuple[Prior, ...] = ("none", "wrong parameters", "wrong structure")
# children of one seed, by purpose
TEST, TRAIN, PLANS = 11, 12, 13


@dataclass(frozen=True)
class Material:
    """What the cells of one task and seed share: unseen interventions, and the longest training set; shorter ones are its beginnings."""

    task: Task
    seed: int
    test: Draw
    train: Draw
    plans: Draw

    @classmethod
    def of(cls, task: Task, *, seed: int, most: int) -> Material:
        """Draw it."""
        return cls(
            task=task, seed=seed, test=task.draw(N_TEST, rng=np.random.default_rng([seed, TEST])),
            train=task.draw(most, rng=np.random.default_rng([seed, TRAIN])), plans=task.draw(SEARCHES * N_PLANS, rng=np.random.default_rng([seed, PLANS])),
        )  # fmt: skip


@dataclass(frozen=True)
class ForecastCell:
    """By prior belief: what is reported, and the judge's verdict."""

    records: dict[Prior, dict[str, Any]]
    verdicts: dict[Prior, Verdict]


def forecast_cell(material: Material, n: int, *, priors: Sequence[Prior] = PRIORS, progress: Callable[[str], None]) -> ForecastCell:
    """Every prior belief in turn: the chosen model with its horizon and decisions, and every contestant's figures."""
    task, data = material.task, material.train.take(slice(n))
    records: dict[Prior, dict[str, Any]] = {}
    verdicts: dict[Prior, Verdict] = {}
    bare: Held | None = None
    for prior in priors:
        if prior != "none" and task.mechanism(prior) is None:
            continue
        held = hold(training_of(task, data, prior=prior), prior=prior, seed=material.seed, bare=bare, progress=progress)
        bare = bare or held
        records[prior], verdicts[prior] = _told(material, held, data), held.world.verdict
    return ForecastCell(records=records, verdicts=verdicts)


def _told(material: Material, held: Held, data: Draw) -> dict[str, Any]:
    task, test = material.task, material.test
    measure = {"truth": test.truth, "readings": test.readings, "scale": task.scale, "times": task.times}
    design = design_of(held.world, test.columns)
    chosen = told_by_world(held.world, design)
    rows: dict[str, Any] = {}
    for name, score in held.contest.scores.items():
        figures = forecast(told_by(held, name, design), **measure)
        rows[name] = {key: figures[key] for key in ("nrmse", "crps", "crps reading", "coverage90", "width90")}
        rows[name] |= {"held out": float(score.nanmean()), "seconds": round(held.contest.seconds[name], 3), "mechanism": name in held.with_mechanism}
    told: dict[str, Any] = {
        "picked": held.world.verdict.picked, "weights": dict(held.world.verdict.weights), "why": held.world.verdict.why, "failed": dict(held.contest.failed), "seconds": round(held.seconds, 3),
        "chosen": forecast(chosen, **measure), "contestants": rows, "decisions": decisions(material, held.world, data),
    }  # fmt: skip
    simulated = held.training.simulated
    if simulated is not None:
        alone = simulated.at(design).numpy()
        told["mechanism alone"] = {"nrmse": float(np.sqrt(np.nanmean(((alone - test.truth) / task.scale) ** 2)))}
    return told


def decisions(material: Material, world: WorldModel, data: Draw) -> dict[str, float | None]:
    """Reward prediction, ranking, lift and exploitability, all in sd of the reward over random plans."""
    task, test = material.task, material.test
    true = task.reward(test.truth)
    believed = task.reward(told_by_world(world, design_of(world, test.columns)).mean)
    spread = float(true.std()) or 1.0
    found = best_of_many(task, world, plans=material.plans, data=data, random=float(true.mean()))
    return {**reward_prediction(believed, true), **ranking(believed, true, spread=spread), **found.told(spread=spread)}


def best_of_many(task: Task, world: WorldModel, *, plans: Draw, data: Draw, random: float) -> Optimised:
    """The plan that the model promises most of, and what it truly yields: means over `SEARCHES` searches among `N_PLANS` random plans
    each. The best run is the one with the best readings."""
    promised = task.reward(told_by_world(world, design_of(world, plans.columns)).mean).reshape(SEARCHES, N_PLANS)
    true = task.reward(plans.truth).reshape(SEARCHES, N_PLANS)
    best, each = promised.argmax(axis=1), np.arange(SEARCHES)
    run = int(np.argmax(task.reward(data.readings)))
    return Optimised(
        promised=float(promised[each, best].mean()), true=float(true[each, best].mean()), random=random, best_run=float(task.reward(data.truth)[run])
    )

