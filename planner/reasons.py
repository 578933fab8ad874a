"""Why each experiment was chosen, in one sentence with its numbers."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from world_model.fit import WorldModel
from world_model.posterior import MeanSd
from world_model.terms.goals import Goal
from world_model.terms.proposal import Prediction

from .acquisitions.feasibility import chances, kept_in_mean
from .acquisitions.joined import desirable
from .acquisitions.task import Task

_DRAWS = 512


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


def why_chosen(world: WorldModel, task: Task, asked: Task, design: Tensor, *, seed: int) -> list[str]:
    """A sentence a row: is it expected to be better than the best so far, or is it uncertain enough to be?

    The best so far is the best of what keeps the constraints, as the model believes what was measured to be.

    Args:
        asked: the campaign's own task, for the names.
    """
    told = _of_front(world, task, design, seed=seed) if task.is_front else _of_number(world, task, asked, design, seed=seed)
    if not task.constraints:
        return told
    likely = chances(world, task, design, seed=seed)
    kept = [", ".join(f"{one.what} within its bounds: {share:.0%} likely" for one, share in zip(asked.constraints, row, strict=True)) for row in likely.tolist()]
    return [f"{sentence} ({also})" for sentence, also in zip(told, kept, strict=True)]


def _of_number(world: WorldModel, task: Task, asked: Task, design: Tensor, *, seed: int) -> list[str]:
    """One goal, or several that are joined to one desirability."""
    kept = kept_in_mean(world, task, world.training.design, seed=seed)
    if not kept.any():
        return ["Looks for what keeps the constraints: nothing that was measured does, as the model believes it."] * len(design)
    known = world.training.design[kept]
    if len(task.goals) > 1 or task.join != "pareto":
        goal, name = Goal(readout="desirability"), "the joined desirability"
        seen, told = _desirability(world, task, known, seed=seed).mean, _desirability(world, task, design, seed=seed)
    else:
        goal, name = task.goals[0], str(asked.goals[0])
        seen, told = world.posterior_at(known).readout(goal, seed=seed).mean, world.posterior_at(design).readout(goal, seed=seed)
    place = int(goal.score(seen).argmax())
    best, record = float(goal.score(seen)[place]), _short(float(seen[place]))
    sentences = []
    for mean, sd in zip(told.mean.tolist(), told.sd.tolist(), strict=True):
        worth = float(goal.score(mean))
        chance = float(torch.distributions.Normal(0.0, 1.0).cdf(torch.tensor((worth - best) / max(sd, 1e-12))))
        shown = f"expected {_short(mean)} ± {_short(sd)}"
        if worth > best:
            sentences.append(f"Exploits: {shown} beats the best so far, {record} ({chance:.0%} likely; goal: {name}).")
        else:
            sentences.append(f"Explores: {shown}, uncertain enough to beat the best so far, {record} ({chance:.0%} likely; goal: {name}).")
    return sentences


def _of_front(world: WorldModel, task: Task, design: Tensor, *, seed: int) -> list[str]:
    """Several goals that nobody has weighed: how likely is it that nothing measured so far is as good in all of them?"""
    kept = kept_in_mean(world, task, world.training.design, seed=seed)
    posterior = world.posterior_at(design)
    told = [posterior.readout(goal, seed=seed) for goal in task.goals]
    generator = torch.Generator().manual_seed(seed)
    moves = torch.randn(_DRAWS, len(design), len(task.goals), generator=generator, dtype=torch.double)
    drawn = torch.stack([goal.score(answer.mean + moves[..., i] * answer.sd) for i, (goal, answer) in enumerate(zip(task.goals, told, strict=True))], dim=-1)
    before = world.posterior_at(world.training.design[kept])
    seen = torch.stack([goal.score(before.readout(goal, seed=seed).mean) for goal in task.goals], dim=-1) if kept.any() else drawn.new_zeros(0, len(task.goals))
    beaten = (seen >= drawn.unsqueeze(-2)).all(dim=-1).any(dim=-1).double().mean(dim=0)
    sentences = []
    for i, share in enumerate(beaten.tolist()):
        expected = ", ".join(f"{goal.readout} {_short(float(answer.mean[i]))} ± {_short(float(answer.sd[i]))}" for goal, answer in zip(task.goals, told, strict=True))
        verb = "Exploits" if share < 0.5 else "Explores"
        sentences.append(f"{verb}: expected {expected}; {1 - share:.0%} likely to be a new point of the front, beaten in every goal by nothing measured so far.")
    return sentences


def _desirability(world: WorldModel, task: Task, design: Tensor, *, seed: int) -> MeanSd:
    """Of the joined desirability, by independent draws of each goal's marginal."""
    posterior = world.posterior_at(design)
    told = [posterior.readout(goal, seed=seed) for goal in task.goals]
    moves = torch.randn(_DRAWS, len(design), len(told), generator=torch.Generator().manual_seed(seed), dtype=torch.double)
    drawn = desirable(task, torch.stack([answer.mean + moves[..., i] * answer.sd for i, answer in enumerate(told)], dim=-1), slope=0.0)
    return MeanSd(mean=drawn.mean(dim=0), sd=drawn.std(dim=0))


def _prediction(goal: Goal, answer: MeanSd, row: int) -> Prediction:
    return Prediction(goal=str(goal), mean=float(answer.mean[row]), sd=float(answer.sd[row]), low=float(answer.low[row]), high=float(answer.high[row]))


def _short(number: float) -> str:
    # beyond ten million the digits say nothing: 9.41e+29
    return f"{number:,.0f}" if 1000 <= abs(number) < 1e7 else f"{number:.3g}"
