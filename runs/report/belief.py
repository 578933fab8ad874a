"""What the model believes now: refitted to everything that was read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from world_model.terms.custom import Custom
from world_model.terms.errors import NextwellError
from world_model.terms.readings import Dataset
from world_model.terms.space import SearchSpace

from ..state.campaign_state import CampaignState
from ..state.planning_space import planning_space

if TYPE_CHECKING:
    from world_model.fit import WorldModel
    from world_model.mechanisms.mechanism import Mechanism


@dataclass(frozen=True, kw_only=True)
class Belief:
    """A fitted model, or a sentence on why there is none."""

    model: WorldModel | None
    why_not: str = ""


def space_of(state: CampaignState, given: SearchSpace | None) -> SearchSpace | None:
    """The space of a campaign: as given, else what the charter keeps (a table of candidates lies outside the journal)."""
    if given is not None:
        return given
    charter = state.charter
    # a function of the user's own is a name in the journal: what it forbids is not known here
    kept = tuple(constraint for constraint in charter.constraints if not (isinstance(constraint, Custom) and constraint.told_only))
    return planning_space(SearchSpace(factors=charter.factors, constraints=kept, derived=charter.derived), state) if charter.factors else None


def current_belief(
    state: CampaignState, data: Dataset, space: SearchSpace | None, *, mechanism: Mechanism | None = None, progress: Callable[[str], None] | None
) -> Belief:
    """Fit the world model to the data, at the pace of the judge's last verdict."""
    if space is None:
        return Belief(model=None, why_not="The candidates are a table that was not at hand when this report was written, so no model was fitted for it.")
    if not len(data):
        return Belief(model=None, why_not="Nothing has been read yet, so there is nothing to fit a model to.")
    from world_model.fit import fit_world_model, verdict_from_dict

    last = next((opened.proposal.model for opened in reversed(state.rounds) if "picked" in opened.proposal.model), None)
    previous = verdict_from_dict(last) if last else None
    try:
        return Belief(model=fit_world_model(space, data, seed=state.charter.seed, goals=state.charter.goals, mechanism=mechanism, previous=previous, progress=progress))
    except NextwellError as fault:
        # told on the page: a report without a model is still a report
        return Belief(model=None, why_not=f"No model could be fitted: {fault}")
