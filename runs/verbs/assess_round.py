"""What a planned round is worth, and whether a rule to stop by is met."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from world_model.terms.errors import NextwellError
from world_model.terms.proposal import ProposedExperiment
from world_model.terms.stop import StopReport

from ..state.campaign_state import CampaignState
from ..state.dataset import dataset
from ..state.foretold import foretold
from ..state.progress import pending
from .mechanism_of import mechanism_of
from .open_campaign import OpenCampaign
from .outcome import Progress, silent

if TYPE_CHECKING:
    from world_model.fit import WorldModel
    from world_model.terms.space import Settings

Snap = Callable[[dict[str, float | str]], "Settings | None"]


@dataclass(frozen=True, kw_only=True)
class Money:
    """What a plate's stocks cost; None where they have no price or no plate was compiled."""

    cost: float | None = None
    currency: str = ""


def assess_round(
    campaign: OpenCampaign, state: CampaignState, batch: Sequence[ProposedExperiment], *, budget: str = "", exhausted: str = "", why_none: str = "",
    progress: Progress = silent,
) -> StopReport:  # fmt: skip
    """Report on a campaign before a batch.

    Args:
        batch: the next one, with replicates, controls and blanks; empty where there is none.
        budget, exhausted: why there is none.
        why_none: why its worth can't be told, where that is known beforehand.
    """
    from planner.honesty.stretch import stretch_of
    from planner.stopping.assess import assess, enough, is_constant
    from planner.stopping.rules import Standing, report_of

    goal, data = state.charter.goals[0], dataset(state)
    assessed, constant = None, False
    if goal.direction == "hits" or not goal.seeks_best:
        why_none = why_none or "what a batch is worth is told where one best experiment is sought, which this campaign does not do."
    elif not len(data) or not enough(data, goal):
        why_none = why_none or "too little has been read to tell what another batch is worth."
    else:
        constant = is_constant(data, goal)
        try:
            progress("asking what the next batch is worth")
            world = world_now(campaign, state)
            wider = stretch_of([one for one in foretold(state, data) if one.goal == str(goal)]).factor
            assessed = assess(world, goal, data=data, batch=batch, pending=pending(state), snap=snap_of(campaign), seed=state.charter.seed, stretch=wider)
        except NextwellError as fault:
            why_none = f"no model could be asked what another batch is worth: {fault}"
    of = str(goal) + (f" (the first of {len(state.charter.goals)} goals)" if len(state.charter.goals) > 1 else "")
    money = money_of(campaign, state)
    standing = Standing(
        rounds=len(state.rounds), of=of, unit=unit_of(state), best_id=data.ids[assessed.row] if assessed else "", wells=len(batch), budget=budget,
        exhausted=exhausted, constant=constant, cost=money.cost, currency=money.currency,
        before=tuple(opened.report for opened in state.rounds if opened.report is not None),
    )  # fmt: skip
    return report_of(assessed, goal, state.charter.stop, standing, why_none=why_none)


def world_now(campaign: OpenCampaign, state: CampaignState) -> WorldModel:
    """The model as the last proposal's judge would have it, fitted to everything that was read."""
    from world_model.fit import fit_world_model, verdict_from_dict

    last = next((opened.proposal.model for opened in reversed(state.rounds) if opened.proposal.model), None)
    try:
        previous = verdict_from_dict(last) if last else None
    except TypeError:
        previous = None  # the verdict of another kind of search
    return fit_world_model(
        campaign.space, dataset(state), seed=state.charter.seed, goals=state.charter.goals, mechanism=mechanism_of(campaign), previous=previous
    )


def snap_of(campaign: OpenCampaign) -> Snap | None:
    """What the bench makes of settings; None where every setting is within reach."""
    if campaign.lab is None:
        return None
    from protocols.reach import reach

    return reach(campaign.space, campaign.lab.profile).reached


def unit_of(state: CampaignState) -> str:
    """The unit of the first goal's readout."""
    from ..report.numbers import unit_of as unit

    return unit(state.charter.goals[0], state.charter)


def money_of(campaign: OpenCampaign, state: CampaignState) -> Money:
    """What the stocks of the last compiled plate cost, by the lab file's prices: the next plate takes about as much."""
    compiled = next((opened.compiled for opened in reversed(state.rounds) if opened.compiled is not None), None)
    if campaign.lab is None or compiled is None:
        return Money()
    prices = {stock.name: stock.price_per_ml for stock in campaign.lab.profile.stocks if stock.price_per_ml is not None}
    used = {name: volume_ul for name, volume_ul in compiled.drawn_ul.items() if name in prices}
    if not used:
        return Money()
    return Money(cost=sum(prices[name] * volume_ul / 1000 for name, volume_ul in used.items()), currency=campaign.lab.profile.currency)
