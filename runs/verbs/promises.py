"""Plans as promised before and as reached since, from the journal; and how they were laid out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from world_model.terms.campaign_doc import CampaignDoc
from world_model.terms.goals import Goal
from world_model.terms.readings import Dataset

from ..report.coverage import prediction_of
from ..state.campaign_state import CampaignState
from ..state.progress import is_simulated
from ..state.readout import observed

if TYPE_CHECKING:
    from world_model.certify.counterfactual import Layout
    from world_model.certify.planning import PlanOutcome

# how `planner.reasons` begins the reason of a candidate that the model chose; others fill space, are random, or a person's
_BY_MODEL = ("Exploits", "Explores")


def plan_outcomes(state: CampaignState, data: Dataset, goal: Goal) -> list[PlanOutcome]:
    """One entry a candidate that was read; its repeats are its wells. The predictions are the stored ones: nothing is refitted."""
    from world_model.certify.planning import PlanOutcome

    read = dict(zip(data.ids, observed(goal, data).tolist() if len(data) else (), strict=True))
    told = []
    for opened in state.rounds:
        wells: dict[str, list[float]] = {}
        for experiment in opened.experiments:
            if experiment.role in ("candidate", "replicate") and np.isfinite(value := read.get(experiment.id, np.nan)):
                wells.setdefault(experiment.repeat_of or experiment.id, []).append(value)
        for experiment in opened.experiments:
            if experiment.id not in wells or experiment.role != "candidate":
                continue
            promised, values = prediction_of(experiment, goal), wells[experiment.id]
            told.append(
                PlanOutcome(
                    block=f"R{opened.number:02d}", mean=promised.mean if promised else None, sd=promised.sd if promised else None,
                    reached=float(np.mean(values)), wells=len(values), planned=promised is not None and experiment.reason.startswith(_BY_MODEL),
                )
            )  # fmt: skip
    return told


def layout_of(state: CampaignState, data: Dataset, doc: CampaignDoc | None) -> Layout:
    """Were actions dealt out over wells by chance? nextwell's own layouts are; of others only a person can say so."""
    from world_model.certify.counterfactual import Layout

    if doc is not None and doc.card.randomised is not None:
        return Layout(randomised=doc.card.randomised, why=f"the campaign file says randomised = {str(doc.card.randomised).lower()}.")
    laid = {e.id for opened in state.rounds if opened.compiled is not None for e in opened.experiments}
    others = [id for id in data.ids if id not in laid]
    if not others:
        return Layout(randomised=True, why="nextwell dealt every experiment out over its plate's wells at random.")
    if is_simulated(state) and not state.past:
        return Layout(randomised=True, why="a simulated lab without plates has no wells that could matter.")
    return Layout(
        randomised=False,
        why=f"{len(others)} of {len(data)} experiments were not laid out by nextwell. Where they were randomised, say so: randomised = true under [card].",
    )
