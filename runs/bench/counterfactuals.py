"""Counterfactuals: one history, many plans, and the truth by branching the simulator from the very same state.

Both sides use common random numbers: the simulator has one saved state for all plans, and draw i of the model is one hypothesis of
the world for all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from world_model.fit import WorldModel
from world_model.state import History
from world_model.what_if import what_if

from .branching_task import BRANCH, BranchingTask
from .decision_measures import PLANS, effect_signs, kendall, regret
from .forecast_measures import Z90
from .world_model_contest import design_of, told_by_world
from .world_model_tasks import NOISE

HISTORIES = 10
_DRAWS = 256
_SEED = 21


@dataclass(frozen=True)
class Branched:
    """One history with `p` plans: `settings` of each, the true `p x t x y`, and the history's noisy readings until the branch, `m x y`."""

    settings: list[dict[str, float]]
    truth: np.ndarray
    read: np.ndarray


def branch_histories(task: BranchingTask, *, seed: int, histories: int = HISTORIES, plans: int = PLANS) -> list[Branched]:
    """New histories, each with random plans that the simulator carries out from its saved state."""
    rng = np.random.default_rng([seed, _SEED])
    found: list[Branched] = []
    for _ in range(3 * histories):
        start = rng.uniform(-1, 1, len(task.start.actions))
        settings = [task.settings(start, rng.uniform(-1, 1, len(task.later))) for _ in range(plans)]
        futures = task.futures(settings[0], settings)
        noise = rng.normal(size=(BRANCH + 1, len(task.variables)))
        if all(future is not None for future in futures):
            truth = np.array(futures)
            found.append(Branched(settings=settings, truth=truth, read=truth[0, : BRANCH + 1] + NOISE * task.scale * noise))
        if len(found) == histories:
            break
    return found


def counterfactual_cell(task: BranchingTask, world: WorldModel, branched: list[Branched]) -> dict[str, Any]:
    """Action fidelity, closed-loop validity, ranking and regret of plans, given the readings until the branch."""
    believed, coverage, errors_given, errors_bare, errors_last, leaks = [], [], [], [], [], []
    for i, case in enumerate(branched):
        values, leak = _answer(task, world, case, seed=i)
        told = told_by_world(world, design_of(world, {name: np.array([row[name] for row in case.settings]) for name in world.space.names}))
        later = slice(BRANCH + 1, None)
        believed.append(values.mean(axis=0))
        leaks.append(leak)
        errors_given.append((believed[-1] - case.truth)[:, later] / task.scale)
        errors_bare.append((told.mean - case.truth)[:, later] / task.scale)
        errors_last.append((case.read[-1] - case.truth)[:, later] / task.scale)
        sd = np.sqrt(values.var(axis=0) + (NOISE * task.scale) ** 2)
        noisy = case.truth + NOISE * task.scale * np.random.default_rng([i, _SEED]).normal(size=case.truth.shape)
        coverage.append((np.abs(noisy - believed[-1]) < Z90 * sd)[:, later])
    true = np.array([case.truth for case in branched])
    guess = np.array(believed)
    rewards_true, rewards_guess = task.reward(true), task.reward(guess)
    spread = float(rewards_true.std()) or 1.0
    taus = [tau for tau in (kendall(g, t) for g, t in zip(rewards_guess, rewards_true, strict=True)) if tau is not None]
    signs = effect_signs(_effects(guess) / task.scale, _effects(true) / task.scale, noise=NOISE)
    return {
        "sign right": signs.share, "pairs": signs.n, "effect rmse": signs.rmse,
        "kendall tau": float(np.mean(taus)) if taus else None,
        "regret@1": float(np.mean([regret(g, t, at=1) for g, t in zip(rewards_guess, rewards_true, strict=True)])) / spread,
        "regret@5": float(np.mean([regret(g, t, at=5) for g, t in zip(rewards_guess, rewards_true, strict=True)])) / spread,
        "promised beyond true": float(np.mean([g.max() - t[g.argmax()] for g, t in zip(rewards_guess, rewards_true, strict=True)])) / spread,
        "rollout nrmse": _rms(errors_given), "nrmse without the history": _rms(errors_bare), "last reading's nrmse": _rms(errors_last),
        "rollout coverage90": float(np.mean(coverage)), "leak": float(np.median(leaks)),
        "histories": len(branched), "plans": len(branched[0].settings),
    }  # fmt: skip


def _answer(task: BranchingTask, world: WorldModel, case: Branched, *, seed: int) -> tuple[np.ndarray, float]:
    """`s x p x t x y` under common hypotheses, and how much the model believes that plans change the past."""
    history = History(
        settings=case.settings[0], now_h=task.branch_at, times_h=task.times[: BRANCH + 1], values=case.read, variables=task.variables
    )
    plans = {f"plan {i}": row for i, row in enumerate(case.settings) if i}
    with torch.no_grad():
        told = what_if(world, history, plans, n=_DRAWS, seed=seed, claim="exploration", method="covariance")
    return told.values.numpy(), float(told.leak.max())


def _effects(values: np.ndarray) -> np.ndarray:
    """Differences of every pair of plans after the branch: `h x pairs x t' x y`."""
    first, second = np.triu_indices(values.shape[1], k=1)
    later = values[:, :, BRANCH + 1 :]
    return np.asarray(later[:, second] - later[:, first])


def _rms(errors: list[np.ndarray]) -> float:
    return float(np.sqrt(np.mean(np.square(errors))))
