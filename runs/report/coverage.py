"""Were the predictions right? What was predicted before an experiment, against what was read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from world_model.terms.goals import Goal
from world_model.terms.proposal import Prediction, ProposedExperiment
from world_model.terms.readings import Dataset

from ..state.campaign_state import CampaignState
from ..state.readout import observed


@dataclass(frozen=True, kw_only=True)
class Checked:
    """One stored prediction and the result that came. `low` to `high` is the central 90 % of a single reading."""

    id: str
    round: int
    mean: float
    low: float
    high: float
    observed: float

    @property
    def within(self) -> bool:
        return self.low <= self.observed <= self.high


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """How many of `results` lay within their 90 % interval."""

    within: int
    results: int

    @property
    def share(self) -> float:
        return self.within / self.results if self.results else float("nan")


def prediction_of(experiment: ProposedExperiment, goal: Goal) -> Prediction | None:
    """What was predicted of a goal when the experiment was proposed; None where nothing was."""
    return next((told for told in experiment.predictions if told.goal == str(goal)), None)


def checked_predictions(state: CampaignState, data: Dataset, goal: Goal) -> tuple[Checked, ...]:
    """Every prediction stored at proposal time whose result is known, in the order of the experiments."""
    read = dict(zip(data.ids, observed(goal, data) if len(data) else (), strict=True))
    pairs = []
    for opened in state.rounds:
        for experiment in opened.experiments:
            told, seen = prediction_of(experiment, goal), read.get(experiment.id, np.nan)
            if told is not None and np.isfinite(seen):
                pairs.append(
                    Checked(id=experiment.id, round=opened.number, mean=told.mean, low=told.low, high=told.high, observed=float(seen))
                )
    return tuple(pairs)


def coverage(pairs: tuple[Checked, ...]) -> Coverage:
    """The share of all of them."""
    return Coverage(within=sum(pair.within for pair in pairs), results=len(pairs))


def coverage_by_round(pairs: tuple[Checked, ...]) -> dict[int, Coverage]:
    """The share of each round that has any."""
    rounds = sorted({pair.round for pair in pairs})
    return {number: coverage(tuple(pair for pair in pairs if pair.round == number)) for number in rounds}
