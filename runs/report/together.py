"""Several goals together, and what outcomes must keep to: sentences of the report."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from world_model.terms.readings import Dataset

from ..state.best import JOINED, best_so_far, compared
from ..state.campaign_state import CampaignState
from ..state.front import front_of
from .numbers import readout_name, settings_text, short, unit_of, with_unit


def together_sentences(state: CampaignState, data: Dataset, units: Mapping[str, str]) -> list[str]:
    """The front or the best joined desirability, and how many conditions keep the outcome constraints; empty of one goal alone."""
    charter, told = state.charter, []
    front = front_of(state, data) if len(data) else None
    if front is not None:
        worst = ", ".join(f"{readout_name(goal, charter)} {with_unit(value, unit_of(goal, charter))}" for goal, value in zip(charter.goals, front.reference, strict=True))
        told.append(
            f"{len(front.points)} of {front.compared} conditions are beaten in every goal by nothing: "
            f"{', '.join(point.experiment_id for point in front.points)}. The hypervolume under them is {short(front.hypervolume)} of the box from the reference ({worst}) to the best of each goal."
        )
    joined = next((best for best in best_so_far(state) if best.goal == JOINED), None) if len(data) else None
    if joined is not None:
        told.append(f"The best joined desirability, {short(joined.value)} of 1, is that of {joined.experiment_id}: {settings_text(joined.settings, units)}.")
    if charter.outcome_constraints and len(data):
        every = compared(state, data)
        read = np.isfinite(every.values).any(axis=1)
        must = "; ".join(map(str, charter.outcome_constraints))
        told.append(f"Of {int(read.sum())} conditions {int((read & every.kept).sum())} keep what must hold ({must}), as they were read; only these count as found.")
    return told
