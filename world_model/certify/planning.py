"""Level 4: plans made with the model reach what it promised, and more than plans made without it. Only promises made beforehand count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from ..contract import Training
from ..scores import Z90
from ..terms.certificate import Evidence, LevelEvidence
from ..terms.goals import Goal
from .comparison import coverage
from .counterfactual import LabTruth
from .effects import Readouts
from .figures import count_evidence, finite
from .ranking import Interval, regret_at_1, regret_by_chance, regret_of_noise, tau
from .recipe import Predictor
from .rung import rung
from .split import folds

FEWEST_PLANS = 12
FEWEST_ROUNDS = 2
INSIDE_PLANS = 20
DRAWS = 200
NEEDED = (
    f"At least {FEWEST_ROUNDS} rounds planned with the model and {FEWEST_PLANS} plans whose predictions were stored before their results came, "
    "ranked better than by chance, no better promised than reached, and better than plans made without the model."
)


@dataclass(frozen=True, kw_only=True)
class PlanOutcome:
    """One plan: what was promised of a goal before, and what its wells read since.

    Attributes:
        block: the round.
        mean, sd: as stored at proposal, of one reading, in the readout's own unit; None where no model was asked.
        reached: mean of its wells.
        wells: how many.
        planned: True where the model chose it, False where it fills space or was drawn at random.
    """

    block: str
    mean: float | None
    sd: float | None
    reached: float
    wells: int = 1
    planned: bool = True


@dataclass(frozen=True, kw_only=True)
class Lift:
    """How much better than plans made without the model, with its 90 % interval; more is better, in the readout's unit."""

    value: float
    low: float
    high: float
    cases: int
    of: str


def level_from_rounds(outcomes: Sequence[PlanOutcome], goal: Goal, *, noise: float, lift: Lift | None, seed: int) -> LevelEvidence:
    """What promises and results say.

    Args:
        noise: sd of one reading of the goal's readout.
        lift: against random campaigns of equal budget, where some were run; else against the plans of these rounds that were made
            without the model.
    """
    told = [plan for plan in outcomes if plan.mean is not None]
    rounds = {block: [plan for plan in told if plan.block == block] for block in dict.fromkeys(plan.block for plan in told)}
    items = [
        count_evidence("plans whose predictions were stored beforehand", len(told), least=FEWEST_PLANS, of="plans"),
        count_evidence("rounds planned with the model", sum(any(plan.planned for plan in plans) for plans in rounds.values()), least=FEWEST_ROUNDS, of="rounds"),
    ]
    if len(told) < FEWEST_PLANS or len(rounds) < FEWEST_ROUNDS:
        return rung(4, items, needed=NEEDED)
    promised = goal.score(np.array([plan.mean for plan in told], dtype=float))
    reached = goal.score(np.array([plan.reached for plan in told]))
    items.append(_ranked(tau(promised, reached, seed=seed), len(told), of="plans of all rounds, prediction against result"))
    items.append(_kept(told, noise=noise))
    items.append(_regret(rounds, goal, noise=noise))
    items.append(_exploited(rounds, goal, noise=noise))
    items.append(_lifted(lift or _lift_within(outcomes, goal)))
    return rung(4, items, needed=NEEDED)


def level_inside_out(
    predictors: Sequence[Predictor], training: Training, truth: LabTruth, goal: Goal, *, lift: Lift | None, seed: int
) -> LevelEvidence:
    """Optimise inside each fitted model, score outside, in the lab: what a plan promised against what it truly reaches.

    Args:
        predictors: the recipe fitted to different parts of the records, so that one lucky optimum decides nothing.
    """
    readouts = Readouts.of_training(training, [goal])
    shuffled = truth.pool[torch.randperm(len(truth.pool), generator=torch.Generator().manual_seed(seed))]
    plans = shuffled[:INSIDE_PLANS]
    reached_by_plans = goal.score(readouts.of(truth.answer(plans))[:, 0].numpy())
    taus, regrets, gaps, errors, found = [], [], [], [], []
    for k, predictor in enumerate(predictors):
        told = goal.score(readouts.of(predictor.draws(plans, DRAWS, seed=seed + k)).mean(dim=0)[:, 0].numpy())
        taus.append(tau(told, reached_by_plans, seed=seed + k))
        regrets.append(regret_at_1(told, reached_by_plans))
        inside = goal.score(readouts.of(predictor.mean_sd(truth.pool, of="state").mean)[:, 0])
        best = truth.pool[int(inside.argmax())].unsqueeze(0)
        drawn = goal.score(readouts.of(predictor.draws(best, DRAWS, seed=seed + k))[:, 0, 0])
        reached = float(goal.score(readouts.of(truth.answer(best))[0, 0]))
        gaps.append(float(drawn.mean()) - reached)
        errors.append(float(drawn.std()))
        found.append(reached)
    n, of = len(predictors), f"models fitted to parts of the records, scored in the simulated lab {truth.name!r}"
    middle = Interval(*(float(np.median([getattr(one, name) for one in taus])) for name in ("value", "low", "high")))
    chance = regret_by_chance(reached_by_plans)
    better = np.array(found) - float(np.mean(reached_by_plans))
    inside_lift = Lift(value=float(better.mean()), low=float(better.min()), high=float(better.max()), cases=n, of=f"optima inside the model against {len(plans)} random plans, in the lab")
    items = [
        _ranked(middle, len(plans), of=f"random plans, {of}"),
        Evidence(name="regret of the plan said to be best", value=float(np.mean(regrets)), met=float(np.mean(regrets)) <= 0.5 * chance, cases=n, of=of, bound=f"at most half of a random plan's {chance:,.4g}"),
        _gap(np.array(gaps), np.array(errors), of=of, independent=False),
        _lifted(inside_lift),
    ]  # fmt: skip
    if lift is not None:
        items.append(_lifted(lift))
    return rung(4, items, needed="More records: the model must rank unseen plans rightly and promise no more of its best plan than the lab gives.")


def parts(training: Training, *, seed: int) -> list[Training]:
    """The training parts of the folds, for `level_inside_out`."""
    return [training.take(split.train) for split in folds(training, seed=seed)]


def _ranked(found: Interval, n: int, *, of: str) -> Evidence:
    return Evidence(
        name="Kendall's tau of promised and reached", value=finite(found.value), low=finite(found.low), high=finite(found.high), met=found.low > 0, cases=n, of=of,
        bound="90 % interval above 0",
    )  # fmt: skip


def _kept(plans: list[PlanOutcome], *, noise: float) -> Evidence:
    """The intervals that were stored beforehand, brought from one reading to the mean of a plan's wells. Plans of a round err together."""
    within = [float(abs(plan.reached - float(plan.mean or 0.0)) <= Z90 * _sd_of_mean(plan, noise)) for plan in plans]
    codes = {block: i for i, block in enumerate(dict.fromkeys(plan.block for plan in plans))}
    found = coverage(torch.tensor(within).unsqueeze(1), torch.tensor([codes[plan.block] for plan in plans]))
    low = found.band[0]
    return Evidence(
        name="results within the 90 % promised beforehand", value=finite(found.share), met=found.share >= low, cases=found.cases, of="plans",
        bound=f"at least {100 * low:.0f} % (worth {found.effective:.0f} independent cases)",
    )  # fmt: skip


def _sd_of_mean(plan: PlanOutcome, noise: float) -> float:
    """The stored sd is of one reading; the mean of several wells has less noise."""
    sd = float(plan.sd or 0.0)
    return (max(sd**2 - noise**2, 0.0) + min(noise, sd) ** 2 / plan.wells) ** 0.5


def _regret(rounds: dict[str, list[PlanOutcome]], goal: Goal, *, noise: float) -> Evidence:
    """By round, for a round's plans are what was chosen among. A round of equally good plans has the regret that noise makes."""
    own, allowed = [], []
    for plans in rounds.values():
        if len(plans) < 2:
            continue
        promised, reached = goal.score(np.array([plan.mean for plan in plans], dtype=float)), goal.score(np.array([plan.reached for plan in plans]))
        own.append(regret_at_1(promised, reached))
        wells = float(np.mean([plan.wells for plan in plans]))
        allowed.append(max(0.5 * regret_by_chance(reached), regret_of_noise(len(plans), noise / wells**0.5)))
    mean, most = (float(np.mean(own)), float(np.mean(allowed))) if own else (float("nan"), float("nan"))
    return Evidence(
        name="regret of the plan promised to be best", value=finite(mean), met=bool(own) and mean <= most, cases=len(own), of="rounds",
        bound=f"at most {most:,.4g}: half of a random plan's, or what noise makes of equal plans",
    )  # fmt: skip


def _exploited(rounds: dict[str, list[PlanOutcome]], goal: Goal, *, noise: float) -> Evidence:
    gaps, errors = [], []
    for plans in rounds.values():
        best = max(plans, key=lambda plan: float(goal.score(float(plan.mean or 0.0))))
        gaps.append(float(goal.score(float(best.mean or 0.0)) - goal.score(best.reached)))
        errors.append(_sd_of_mean(best, noise))
    return _gap(np.array(gaps), np.array(errors), of="rounds, the plan promised to be best", independent=True)


def _gap(gaps: np.ndarray, errors: np.ndarray, *, of: str, independent: bool) -> Evidence:
    """Promised less reached. It must not lie above what the promises' own intervals allow."""
    error = float(np.sqrt((errors**2).sum()) / len(errors)) if independent else float(errors.mean())
    mean = float(gaps.mean())
    return Evidence(
        name="exploitability: promised less reached", value=mean, low=mean - Z90 * error, high=mean + Z90 * error, met=mean - Z90 * error <= 0, cases=len(gaps), of=of,
        bound="not above 0 beyond the 90 % interval of the promise",
    )  # fmt: skip


def _lifted(lift: Lift | None) -> Evidence:
    name = "lift over plans made without the model"
    if lift is None:
        return Evidence(name=name, met=False, bound="told from at least 3 plans made without the model (space-filling or random) on; found fewer", of="plans")
    return Evidence(name=name, value=lift.value, low=lift.low, high=lift.high, met=lift.low > 0, cases=lift.cases, of=lift.of, bound="90 % interval above 0")


def _lift_within(outcomes: Sequence[PlanOutcome], goal: Goal) -> Lift | None:
    """Plans of the model against those that fill space or were drawn at random, in the same campaign. Source: Welch (1947), Biometrika 34:28."""
    with_model = goal.score(np.array([plan.reached for plan in outcomes if plan.planned]))
    without = goal.score(np.array([plan.reached for plan in outcomes if not plan.planned]))
    if min(len(with_model), len(without)) < 3:
        return None
    error = float(np.sqrt(with_model.var(ddof=1) / len(with_model) + without.var(ddof=1) / len(without)))
    value = float(with_model.mean() - without.mean())
    return Lift(
        value=value, low=value - Z90 * error, high=value + Z90 * error, cases=len(outcomes),
        of=f"plans of this campaign: {len(with_model)} of the model against {len(without)} that fill space or were drawn at random",
    )  # fmt: skip
