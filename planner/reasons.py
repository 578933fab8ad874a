"""Why each experiment was chosen, in one sentence with its numbers."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from world_model.fit import WorldModel
from world_model.posterior import MeanSd
from world_model.terms.goals import Goal
from world_model.terms.proposal import Prediction


def predictions(world: WorldModel, goals: Sequence[Goal], asked: Sequence[Goal], design: Tensor, *, seed: int) -> list[tuple[Prediction, ...]]:
    """What one more reading of each experiment is expected to give, a tuple a row.

    Args:
        goals: as the model reads them.
        asked: the campaign's own goals, for the names.
    """
    posterior = world.posterior_at(design)
    told = [posterior.readout(goal, of="reading", seed=seed) for goal in goals]
    return [
        tuple(_prediction(goal, answer, i) for goal, answer in zip(asked, told, strict=True)) for i in range(len(design))
    ]


def why_chosen(world: WorldModel, goals: Sequence[Goal], asked: Sequence[Goal], design: Tensor, *, seed: int) -> list[str]:
    """A sentence a row: is it expected to be better than the best so far, or is it uncertain enough to be?"""
    goal, name = goals[0], str(asked[0])
    seen = goal.sign * world.posterior_at(world.training.design).readout(goal, seed=seed).mean
    best = float(seen.max())
    told = world.posterior_at(design).readout(goal, seed=seed)
    sentences = []
    for mean, sd in zip((goal.sign * told.mean).tolist(), told.sd.tolist(), strict=True):
        chance = float(torch.distributions.Normal(0.0, 1.0).cdf(torch.tensor((mean - best) / max(sd, 1e-12))))
        shown, record = _short(goal.sign * mean), _short(goal.sign * best)
        if mean > best:
            sentences.append(f"Exploits: expected {shown} ± {_short(sd)} beats the best so far, {record} ({chance:.0%} likely; goal: {name}).")
        else:
            sentences.append(
                f"Explores: expected {shown} ± {_short(sd)}, uncertain enough to beat the best so far, {record} ({chance:.0%} likely; goal: {name})."
            )
    return sentences


def _prediction(goal: Goal, answer: MeanSd, row: int) -> Prediction:
    return Prediction(goal=str(goal), mean=float(answer.mean[row]), sd=float(answer.sd[row]), low=float(answer.low[row]), high=float(answer.high[row]))


def _short(number: float) -> str:
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.3g}"
