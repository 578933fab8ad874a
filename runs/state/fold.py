"""State is a fold of events: the same events give the same state, always."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import reduce, singledispatch
from types import MappingProxyType

from world_model.terms.errors import JournalError
from world_model.terms.factors import Factor
from world_model.terms.proposal import ProposedExperiment
from world_model.terms.word import Word

from ..journal.event import Event
from .campaign_state import CampaignState, Certified, ReadingBlock, RoundState, Source
from .payloads import (
    BatchAmended,
    BatchProposed,
    CampaignOpened,
    CampaignRevised,
    ExperimentsFailed,
    ModelCertified,
    PastResultsImported,
    ProtocolApproved,
    ProtocolCompiled,
    ResultsRecorded,
    StopReached,
    payload_of,
)


def fold(events: Iterable[Event], start: CampaignState | None = None) -> CampaignState | None:
    """The state after the events; None where nothing has happened.

    Args:
        start: the state that the events continue.

    Raises:
        JournalError: an event that does not fit the state before it.
    """
    return reduce(evolve, events, start)


def evolve(state: CampaignState | None, event: Event) -> CampaignState:
    """The state after one more event.

    Raises:
        JournalError: the event does not fit the state.
    """
    payload = payload_of(event)
    if state is None:
        if not isinstance(payload, CampaignOpened):
            raise JournalError(f"Expected campaign_opened as the first event of {event.campaign!r}, found {event.type} in event {event.seq}.")
        return CampaignState(charter=payload.charter, head=event.seq, head_hash=event.hash, opened_at=event.recorded_at, table=payload.table)
    return replace(_after(payload, state, event), head=event.seq, head_hash=event.hash)


@singledispatch
def _after(payload: Word, state: CampaignState, event: Event) -> CampaignState:
    raise JournalError(f"Expected an event that continues {state.name!r}, found {event.type} in event {event.seq}.")


@_after.register
def _(payload: CampaignRevised, state: CampaignState, event: Event) -> CampaignState:
    return after_revision(state, payload)


def after_revision(state: CampaignState, payload: CampaignRevised) -> CampaignState:
    """The state after a change of the campaign's terms; factors that were added are filled in in earlier experiments."""
    revised = replace(state, charter=payload.charter, revisions=(*state.revisions, payload.changes), former=_former(state, payload))
    return _filled(revised, payload.was) if payload.was else revised


@_after.register
def _(payload: BatchProposed, state: CampaignState, event: Event) -> CampaignState:
    number = payload.proposal.round
    if number != len(state.rounds) + 1:
        raise JournalError(f"Expected round {len(state.rounds) + 1} of {state.name!r}, found round {number} in event {event.seq}.")
    opened = RoundState(number=number, proposal=payload.proposal, experiments=payload.proposal.experiments, proposed_at=event.recorded_at, contexts=MappingProxyType(payload.contexts), report=payload.report)
    return replace(state, rounds=(*state.rounds, opened), stopped=None)


@_after.register
def _(payload: BatchAmended, state: CampaignState, event: Event) -> CampaignState:
    before = _round(state, payload.round, event)
    into = {swap.out: swap.into for swap in payload.swapped}
    unknown = sorted({*payload.dropped, *into} - {experiment.id for experiment in before.experiments})
    if unknown:
        raise JournalError(f"Expected experiments of round {payload.round}, found {', '.join(unknown)} in event {event.seq}.")
    gone = dict.fromkeys((*payload.dropped, *into), payload.reason)
    kept = [into.get(experiment.id, experiment) for experiment in before.experiments if experiment.id not in payload.dropped]
    # a plan for other wells is no plan: compile and approve again
    after = replace(
        before, experiments=(*kept, *payload.added), dropped=MappingProxyType({**before.dropped, **gone}),
        amendments=(*before.amendments, payload), compiled=None, approval=None, approved_at="",
    )  # fmt: skip
    return _with_round(state, after)


@_after.register
def _(payload: ProtocolCompiled, state: CampaignState, event: Event) -> CampaignState:
    before = _round(state, payload.round, event)
    _refuse_strangers(payload.layout.values(), before.experiments, event)
    return _with_round(state, replace(before, compiled=payload, approval=None, approved_at=""))


@_after.register
def _(payload: ProtocolApproved, state: CampaignState, event: Event) -> CampaignState:
    before = _round(state, payload.round, event)
    if before.compiled is None or before.compiled.files != payload.files:
        raise JournalError(f"Expected the approval in event {event.seq} to bind the compiled files of round {payload.round}, found others.")
    return _with_round(state, replace(before, approval=payload, approved_at=event.recorded_at))


@_after.register
def _(payload: ResultsRecorded, state: CampaignState, event: Event) -> CampaignState:
    known = [experiment for opened in state.rounds for experiment in opened.experiments]
    _refuse_strangers(payload.readings.experiment_id, (*known, *state.past), event)
    return replace(
        state, blocks=(*state.blocks, ReadingBlock(seq=event.seq, readings=payload.readings, corrects=payload.corrects, unread=payload.unread)),
        answered=state.answered | frozenset(payload.readings.experiment_id), sources=_with_source(state, event, payload, payload.simulated),
        contexts=_with_contexts(state, payload.contexts),
    )  # fmt: skip


@_after.register
def _(payload: PastResultsImported, state: CampaignState, event: Event) -> CampaignState:
    _refuse_strangers(payload.readings.experiment_id, payload.experiments, event)
    return replace(
        state, past=(*state.past, *payload.experiments), imports=state.imports + 1,
        blocks=(*state.blocks, ReadingBlock(seq=event.seq, readings=payload.readings)),
        answered=state.answered | frozenset(payload.readings.experiment_id), sources=_with_source(state, event, payload, False),
        contexts=_with_contexts(state, payload.contexts),
    )  # fmt: skip


@_after.register
def _(payload: ExperimentsFailed, state: CampaignState, event: Event) -> CampaignState:
    _refuse_strangers((failure.id for failure in payload.experiments), [e for opened in state.rounds for e in opened.experiments], event)
    failed = {**state.failed, **{failure.id: failure.why for failure in payload.experiments}}
    never = {failure.id for failure in payload.experiments if not failure.carried_out}
    # told twice, the later word counts
    told = {failure.id for failure in payload.experiments}
    return replace(state, failed=MappingProxyType(failed), abandoned=(state.abandoned - told) | never)


@_after.register
def _(payload: ModelCertified, state: CampaignState, event: Event) -> CampaignState:
    return replace(state, certified=Certified(seq=event.seq, recorded_at=event.recorded_at, payload=payload))


def _former(state: CampaignState, payload: CampaignRevised) -> Mapping[str, tuple[Factor, ...]]:
    """Each factor as it was before this revision and earlier ones; a table of candidates keeps its factors outside the journal."""
    before, after = state.charter, payload.charter
    if before.factors == after.factors and before.factor_names == after.factor_names and before.candidates_digest == after.candidates_digest:
        return state.former
    own = {factor.name: factor for factor in before.factors}
    return MappingProxyType({name: (*state.former.get(name, ()), *((own[name],) if name in own else ())) for name in before.factor_names} | {
        name: told for name, told in state.former.items() if name not in before.factor_names
    })  # fmt: skip


def _filled(state: CampaignState, was: Mapping[str, float | str]) -> CampaignState:
    """Earlier experiments with what they had of factors that were no factors then."""

    def whole(experiment: ProposedExperiment) -> ProposedExperiment:
        return experiment.model_copy(update={"settings": {**was, **experiment.settings}}) if experiment.settings else experiment

    rounds = tuple(replace(opened, experiments=tuple(map(whole, opened.experiments))) for opened in state.rounds)
    return replace(state, rounds=rounds, past=tuple(map(whole, state.past)))


@_after.register
def _(payload: StopReached, state: CampaignState, event: Event) -> CampaignState:
    return replace(state, stopped=payload.report)


def _round(state: CampaignState, number: int, event: Event) -> RoundState:
    if not 1 <= number <= len(state.rounds):
        raise JournalError(f"Expected a round of {state.name!r} from 1 to {len(state.rounds)}, found {number} in event {event.seq}.")
    return state.rounds[number - 1]


def _with_round(state: CampaignState, changed: RoundState) -> CampaignState:
    return replace(state, rounds=tuple(changed if opened.number == changed.number else opened for opened in state.rounds))


def _with_contexts(state: CampaignState, told: Mapping[str, Mapping[str, str]]) -> Mapping[str, Mapping[str, str]]:
    """Later recorded levels replace earlier ones, context by context."""
    if not told:
        return state.contexts
    return MappingProxyType({**state.contexts, **{id: {**state.contexts.get(id, {}), **levels} for id, levels in told.items()}})


def _with_source(state: CampaignState, event: Event, payload: ResultsRecorded | PastResultsImported, simulated: bool) -> MappingProxyType[str, Source]:
    source = Source(seq=event.seq, recorded_at=event.recorded_at, name=payload.source, sha256=payload.sha256, simulated=simulated)
    return MappingProxyType({**state.sources, payload.sha256: source})


def _refuse_strangers(ids: Iterable[str], known: Iterable[ProposedExperiment], event: Event) -> None:
    unknown = sorted(set(ids) - {experiment.id for experiment in known})
    if unknown:
        raise JournalError(f"Expected experiments that event {event.seq} ({event.type}) can know, found {', '.join(unknown[:5])}.")
