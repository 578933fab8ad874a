"""Propose the next round: what the planner chooses, within the budget and within what the lab can pipette."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from numbers import Integral
from typing import Literal, get_args

from world_model.terms.errors import ConflictError, DesignError, nearest
from world_model.terms.proposal import Proposal
from world_model.terms.space import SearchSpace
from world_model.terms.stop import StopReport

from ..journal.raw_files import write_durably
from ..state.budget import allowance, rounds_left
from ..state.campaign_state import CampaignState
from ..state.dataset import dataset
from ..state.foretold import foretold
from ..state.oddities import oddities
from ..state.payloads import BatchProposed
from ..state.progress import pending, unfinished_rounds, waiting
from ..version import VERSION
from .assess_round import assess_round
from .batch_on_plate import batch_on_plate
from .context_text import check_contexts
from .mechanism_of import mechanism_of
from .open_campaign import LabFile, OpenCampaign
from .outcome import Outcome, Progress, silent
from .proposal_table import proposal_csv
from .sources_of import sources_of, told_of_sources

Strategy = Literal["auto", "random", "endpoint"]
Snap = Callable[[dict[str, float | str]], dict[str, float | str] | None]


@dataclass(frozen=True, kw_only=True)
class Reachable:
    """The part of a space that the stocks on the bench reach. Without a lab file it is all of it."""

    space: SearchSpace
    snap: Snap | None = None
    findings: tuple[str, ...] = ()


def reachable(space: SearchSpace, lab: LabFile | None) -> Reachable:
    """Add what the lab file implies: volumes must fit into the well, and no amount lies below the smallest pipettable one."""
    if lab is None:
        return Reachable(space=space)
    from protocols.reach import reach

    found = reach(space, lab.profile)
    narrowed = replace(space, constraints=(*space.constraints, *found.constraints))
    return Reachable(space=narrowed, snap=found.reached, findings=tuple(map(str, found.findings)))


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A round as the planner would have it, on a state; nothing of it is recorded. `report` where the campaign has a rule to stop by."""

    state: CampaignState
    proposal: Proposal
    asked: int
    contexts: Mapping[str, str]
    report: StopReport | None = None
    messages: tuple[str, ...] = ()


def propose(
    campaign: OpenCampaign, *, n: int | None = None, strategy: Strategy = "auto", ahead: bool = False, contexts: Mapping[str, str] | None = None,
    progress: Progress = silent,
) -> Outcome:
    """Propose a round and record it; where a rule to stop by is met a message says so.

    Args and Raises: as `plan_round`.
    """
    return put_round(campaign, plan_round(campaign, n=n, strategy=strategy, ahead=ahead, contexts=contexts, progress=progress))


def put_round(campaign: OpenCampaign, planned: Planned) -> Outcome:
    """Record a planned round.

    Raises:
        ConflictError: another process has written since it was planned.
    """
    event = BatchProposed(proposal=planned.proposal, version=VERSION, asked=planned.asked, contexts=dict(planned.contexts), report=planned.report)
    after = campaign.append([event], on=planned.state)
    proposed = after.rounds[-1]
    if campaign.workspace is not None:
        file = campaign.workspace.round_folder(after.name, proposed.number) / "proposal.csv"
        write_durably(file, proposal_csv(proposed, after.charter).encode())
    return Outcome(state=after, round=proposed, messages=planned.messages)


def plan_round(
    campaign: OpenCampaign, *, n: int | None = None, strategy: Strategy = "auto", ahead: bool = False, contexts: Mapping[str, str] | None = None,
    progress: Progress = silent,
) -> Planned:
    """What the planner proposes for the next round.

    Args:
        n: new candidates; else as many as the campaign's batch says. The budget may cut it, with a message.
        ahead: propose though an earlier round still waits; the planner takes what is pending into account.
        contexts: context → the level at which the round will be done (donor D3): it is planned for that level.

    Raises:
        ConflictError: an earlier round waits (and `ahead` was not asked for), or the budget is spent.
        DesignError: nothing can be proposed.
    """
    if strategy not in get_args(Strategy):
        raise DesignError(f"Expected a strategy, found {strategy!r}. {nearest(strategy, get_args(Strategy))}")
    if n is not None and not _is_count(n):
        raise DesignError(f"Expected a whole number of candidates, found {n!r}.")
    state = campaign.standing()
    check_contexts(contexts or {}, state.charter.contexts)
    open_rounds = unfinished_rounds(state)
    if open_rounds and not ahead:
        told = "; ".join(f"round {opened.number} waits for {len(waiting(state, opened))} experiments" for opened in open_rounds)
        raise ConflictError(f"Expected every round to be finished, found: {told}. Record its results, drop wells with `amend`, or propose --ahead.")
    asked = state.charter.batch.candidates if n is None else n
    if asked < 1:
        raise DesignError(f"Expected at least 1 candidate, found {asked}.")
    allowed = allowance(state, int(asked))
    from planner.propose import propose as plan
    from planner.sources.conditions import done_under, snap_under, under, waiting_under, without

    within, data = reachable(campaign.space, campaign.lab), dataset(state)
    sources = sources_of(campaign, campaign.space, data)
    fixed = sources.conditions
    proposal = plan(
        space=under(within.space, fixed), goals=state.charter.goals, measurements=state.charter.measurements, data=done_under(data, fixed),
        pending=waiting_under(pending(state), fixed), sources=sources.earlier,
        batch=batch_on_plate(state.charter.batch, campaign.space, campaign.lab.profile if campaign.lab else None), controls=state.charter.controls, round=len(state.rounds) + 1, n=allowed.candidates,
        outcome_constraints=state.charter.outcome_constraints, join=state.charter.join, seed=state.charter.seed, strategy=strategy, snap=snap_under(within.snap, fixed),
        previous_model=next((opened.proposal.model for opened in reversed(state.rounds) if opened.proposal.model), None),
        priors=state.charter.priors, mechanism=mechanism_of(campaign), contexts=contexts or {}, foretold=foretold(state, data), progress=progress,
        rounds_left=rounds_left(state, allowed.candidates),
    )  # fmt: skip
    proposal = without(proposal, fixed)
    report = assess_round(campaign, state, proposal.experiments, progress=progress) if state.charter.stop.is_set and strategy == "auto" else None
    messages = (allowed.message, *within.findings, *oddities(state, data, campaign.space), *sources.notes, *told_of_sources(proposal), *([report.advice] if report and report.stop else []))
    return Planned(
        state=state, proposal=proposal, asked=asked, contexts=contexts or {}, report=report, messages=tuple(message for message in messages if message)
    )


def _is_count(n: object) -> bool:
    """True for whole numbers, numpy's too."""
    return isinstance(n, Integral) and not isinstance(n, bool)
