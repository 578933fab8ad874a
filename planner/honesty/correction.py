"""What past predictions ask of the next batch: intervals so much wider, and so many wells that explore."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from world_model.fit import WorldModel
from world_model.scores import Z90
from world_model.terms.goals import Goal
from world_model.terms.proposal import Prediction

from .exploring import Exploring, exploring_of
from .foretold import Foretold, by_condition
from .refitted import inside
from .stretch import Stretch, stretch_of

ENOUGH = 12  # conditions whose predictions have met results: they say more than any refit


@dataclass(frozen=True)
class Correction:
    """One stretch a goal, and whether to explore."""

    stretches: tuple[Stretch, ...]
    exploring: Exploring = Exploring()

    @property
    def told(self) -> str:
        """The largest stretch, for the proposal's strategy; empty where there is none."""
        most = max(self.stretches, key=lambda one: one.factor, default=Stretch())
        return f"intervals {most.factor:.2g} times as wide as the model's own" if most.factor > 1 else ""


def correction(world: WorldModel | None, goals: Sequence[Goal], asked: Sequence[Goal], told: Sequence[Foretold] | None, *, seed: int) -> Correction:
    """What the ledger asks for.

    Args:
        goals: as the model reads them.
        asked: the campaign's own goals, as stored predictions name them.
        told: stored predictions that have met their results; None where nobody keeps them, and nothing is corrected.
    """
    if world is None or told is None:
        return Correction(stretches=tuple(Stretch() for _ in asked))
    stretches = []
    for goal, name in zip(goals, map(str, asked), strict=True):
        own = [one for one in told if one.goal == name]
        refitted = inside(world, goal, seed=seed) if len(by_condition(own)) < ENOUGH else None
        stretches.append(stretch_of(own, inside=refitted))
    return Correction(stretches=tuple(stretches), exploring=exploring_of([one for one in told if one.goal == str(asked[0])]))


def stretched(told: Sequence[tuple[Prediction, ...]], found: Correction | None) -> list[tuple[Prediction, ...]]:
    """Predictions, a tuple a row with one a goal, with their sd and intervals stretched."""
    if found is None:
        return list(told)
    return [tuple(_wider(one, stretch.factor) for one, stretch in zip(row, found.stretches, strict=True)) if row else row for row in told]


def _wider(told: Prediction, factor: float) -> Prediction:
    sd = factor * told.sd
    return told.model_copy(update={"sd": sd, "low": told.mean - Z90 * sd, "high": told.mean + Z90 * sd, "stretch": factor}) if factor > 1 else told
