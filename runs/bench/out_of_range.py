"""Out of range: learned within the inner half of every dose, asked within it and beyond. Does the model say where it should not be trusted?"""

from __future__ import annotations

from typing import Any

import numpy as np

from world_model.fit import WorldModel
from world_model.terms.factors import Categorical
from world_model.trust import out_of_range

from .decision_measures import auroc
from .world_model_contest import design_of, told_by_world
from .world_model_tasks import Draw, Task

INNER = 0.5  # the share of each numeric factor's range, about its middle, that training covers
N_ASKED = 200
_SEED = 31
SHARES = (0.25, 0.5, 0.75, 0.9, 1.0)


def inner_draw(task: Task, n: int, *, seed: int) -> Draw:
    """Training experiments of the inner range."""
    return task.draw(n, rng=np.random.default_rng([seed, _SEED, 0]), share=INNER)


def asked(task: Task, *, seed: int) -> tuple[Draw, Draw]:
    """Unseen experiments inside the range, and beyond it in at least one factor."""
    inside = task.draw(N_ASKED, rng=np.random.default_rng([seed, _SEED, 1]), share=INNER)
    whole = task.draw(4 * N_ASKED, rng=np.random.default_rng([seed, _SEED, 2]))
    outside = np.flatnonzero(_beyond(task, whole))[:N_ASKED]
    return inside, whole.take(outside)


def out_of_range_cell(task: Task, world: WorldModel, *, seed: int) -> dict[str, Any]:
    """AUROC of the trust score, and of the predicted sd alone; errors inside and beyond; what refusing the least trusted leaves."""
    inside, beyond = asked(task, seed=seed)
    both = {name: np.concatenate([inside.columns[name], beyond.columns[name]]) for name in inside.columns}
    truth = np.concatenate([inside.truth, beyond.truth])
    design = design_of(world, both)
    told = told_by_world(world, design)
    score, n = out_of_range(world, design).numpy(), len(inside)
    limit = world.range.limit
    spread = (told.sd_state / task.scale).mean((1, 2))
    error = np.square((told.mean - truth) / task.scale).mean((1, 2))
    order = np.argsort(score, kind="stable")
    return {
        "auroc": auroc(score[:n], score[n:]), "auroc of sd": auroc(spread[:n], spread[n:]),
        "nrmse inside": float(np.sqrt(error[:n].mean())), "nrmse beyond": float(np.sqrt(error[n:].mean())), "beyond": len(beyond),
        "refused inside": float((score[:n] > limit).mean()), "refused beyond": float((score[n:] > limit).mean()),
        "refusal": [{"answered": share, "nrmse": float(np.sqrt(error[order[: max(1, round(share * len(order)))]].mean()))} for share in SHARES],
    }  # fmt: skip


def _beyond(task: Task, draw: Draw) -> np.ndarray:
    """`n`: True where a numeric factor lies outside the inner range."""
    outside = np.zeros(len(draw), dtype=bool)
    for factor in task.space.factors:
        if isinstance(factor, Categorical):
            continue
        low, high = factor.bounds
        values = np.asarray(draw.columns[factor.name], dtype=float)
        if getattr(factor, "scale", "linear") == "log":
            low, high, values = np.log(low), np.log(high), np.log(values)
        outside |= np.abs(values - (low + high) / 2) > INNER * (high - low) / 2 * (1 + 1e-9)
    return outside
