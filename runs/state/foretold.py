"""Stored predictions beside the results that came: what the ledger is made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from world_model.terms.readings import Dataset

from .campaign_state import CampaignState
from .readout import observed

if TYPE_CHECKING:
    from planner.honesty.foretold import Foretold
    from planner.honesty.ledger import Ledger

# how `planner.reasons` begins the reason of a candidate that the model chose; others fill space, are random, or a person's
BY_MODEL = ("Exploits", "Explores")


def foretold(state: CampaignState, data: Dataset) -> tuple[Foretold, ...]:
    """Every prediction that was stored at proposal and whose result is known, in the order of the experiments; all goals.

    The predictions are those of the journal: nothing is refitted. What was predicted of an experiment holds for it as it was asked
    for; what pipetting made of it is part of what a prediction must bear.
    """
    from planner.honesty.foretold import Foretold

    found = []
    for goal in state.charter.goals:
        read = dict(zip(data.ids, observed(goal, data).tolist() if len(data) else (), strict=True))
        for opened in state.rounds:
            chosen = {e.id: e.reason.startswith(BY_MODEL) for e in opened.experiments}
            for experiment in opened.experiments:
                told = next((one for one in experiment.predictions if one.goal == str(goal)), None)
                value = read.get(experiment.id, np.nan)
                if told is None or not np.isfinite(value):
                    continue
                condition = experiment.repeat_of or experiment.id
                found.append(
                    Foretold(
                        id=experiment.id, round=opened.number, goal=told.goal, condition=condition, mean=told.mean, sd=told.sd, low=told.low,
                        high=told.high, stretch=told.stretch, read=float(value), by_model=chosen.get(condition, False),
                    )
                )  # fmt: skip
    return tuple(found)


def ledgers(state: CampaignState, told: Sequence[Foretold]) -> tuple[Ledger, ...]:
    """One ledger a goal."""
    from planner.honesty.ledger import ledger_of

    return tuple(ledger_of(str(goal), told) for goal in state.charter.goals)
