"""Record results: a file is read whole against the plan, or refused whole; what was read before is known again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from world_model.terms.errors import ApprovalNeeded, ConflictError, ProtocolError, ResultsError
from world_model.terms.plates import FORMATS, PlateFormat, parse_well
from world_model.terms.readings import Observation
from world_model.terms.word import Word

from ..ingest.entries import told_unread
from ..ingest.reading_plan import ReadingPlan
from ..ingest.results import ReadResult, read_results
from ..ingest.workbook import is_workbook
from ..journal.canonical import canonical_json, sha256_of
from ..state.campaign_state import CampaignState, RoundState
from ..state.known_readings import Cell, Read, known_readings
from ..state.payloads import ExperimentsFailed, Failure, Readings, ResultsRecorded
from ..state.progress import levels_of, unfinished_rounds
from .approve import edited_after_approval
from .context_text import check_contexts
from .open_campaign import OpenCampaign
from .outcome import Outcome

MOST_UNREAD_CELLS = 500


@dataclass(frozen=True, kw_only=True)
class HowToRead:
    """What a person says of a file: the program that wrote it, the sheet, the plate that it is, measurement → channel."""

    vendor: str | None = None
    sheet: str | None = None
    plate: str | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Joined:
    """A file's readings on the campaign's wells: `fresh` are new or corrected; `failed` wells are newly so."""

    result: ReadResult
    rounds: tuple[RoundState, ...]
    fresh: tuple[Observation, ...]
    failed: Mapping[str, str]
    messages: tuple[str, ...]


def record_file(
    campaign: OpenCampaign, file: Path, *, round: int | None = None, failed: Mapping[str, str] | None = None, partial: bool = False,
    correct: str = "", offset_h: float = 0.0, how: HowToRead | None = None, contexts: Mapping[str, str] | None = None,
) -> Outcome:  # fmt: skip
    """Record a results file.

    Args:
        contexts: context → the level at which all of it was done.
        how: what a person says of an instrument's file: vendor, sheet, plate, channels.

    Raises:
        ResultsError: there is no such file; else as `record_text`.
    """
    try:
        content = file.read_bytes()
    except OSError as fault:
        raise ResultsError(f"Expected a results file at {file}, found: {fault.strerror}. Name the file that the reader wrote.") from fault
    return record_content(
        campaign, content, name=file.name, round=round, failed=failed, partial=partial, correct=correct, offset_h=offset_h, how=how, contexts=contexts
    )


def record_content(
    campaign: OpenCampaign, content: bytes, *, name: str, round: int | None = None, failed: Mapping[str, str] | None = None,
    partial: bool = False, correct: str = "", offset_h: float = 0.0, simulated: bool = False, plan: ReadingPlan | None = None,
    how: HowToRead | None = None, contexts: Mapping[str, str] | None = None,
) -> Outcome:  # fmt: skip
    """Record the bytes of a results file. The bytes are kept by their hash before anything is made of them.

    Args:
        round: the round that the file is of; needed only where experiments are named by id and several rounds are open.
        failed: well or experiment → why it has no reading that counts.
        partial: the file lacks wells or times, and is taken as far as it goes.
        correct: why readings that differ from recorded ones replace them; both stay in the journal.
        offset_h: the reader's clock to the campaign's zero.
        simulated: a simulated lab answered.
        plan: what the file should hold, where it is not what the journal says: a simulated plate without a protocol.
        contexts: context → the level at which all of it was done (donor D3).

    Raises:
        ConflictError: the file was recorded already, or readings differ from recorded ones and no correction was declared.
        ApprovalNeeded: the round's protocol is not approved.
        ResultsError: the file does not fit the plan; nothing of it is taken.
    """
    state = campaign.standing()
    check_contexts(contexts or {}, state.charter.contexts)
    joined = join_content(state, content, name=name, round=round, failed=failed, partial=partial, correct=correct, offset_h=offset_h, plan=plan, how=how)
    result, rounds, fresh, newly_failed = joined.result, joined.rounds, joined.fresh, joined.failed
    moved = _moved(state, result.readings, contexts or {}) if correct else frozenset()
    if not fresh and not newly_failed and not moved:
        raise ConflictError(f"{name}: expected new readings, found every one of its {len(result.readings)} recorded already. Nothing was changed.")
    recorded = ResultsRecorded(
        round=rounds[0].number if len(rounds) == 1 else None, source=name[:200], sha256=result.sha256, simulated=simulated, plate=", ".join(result.plates),
        readings=columns(fresh), partial=partial, corrects=correct,
        unread=_unread(result), contexts={id: dict(contexts) for id in dict.fromkeys([*(one.experiment_id for one in fresh), *sorted(moved)])} if contexts else {},
    )  # fmt: skip
    campaign.raw.keep(content, suffix=".csv" if not is_workbook(content) else ".xlsx")
    payloads: list[Word] = [recorded]
    if newly_failed:
        payloads.append(ExperimentsFailed(experiments=tuple(Failure(id=id, why=why or "failed") for id, why in sorted(newly_failed.items()))))
    after = campaign.append(payloads, on=state)
    return Outcome(state=after, round=after.rounds[rounds[0].number - 1] if len(rounds) == 1 else None, messages=(*edited_after_approval(campaign, rounds), *_untold(after, fresh), *joined.messages))


def join_content(
    state: CampaignState, content: bytes, *, name: str, round: int | None = None, failed: Mapping[str, str] | None = None,
    partial: bool = False, correct: str = "", offset_h: float = 0.0, plan: ReadingPlan | None = None, how: HowToRead | None = None,
) -> Joined:  # fmt: skip
    """How a file's readings join the campaign's wells; nothing is written. Arguments and failures are those of `record_content`."""
    sha256 = sha256_of(content)
    if not correct:
        _refuse_again(state, sha256, name)
    rounds = _rounds_read(state, round)
    if len(rounds) == 1:
        _refuse_unapproved(state, rounds)
    how = how or HowToRead()
    result = read_results(
        content, plan=plan or reading_plan(state, rounds), name=name, plate=rounds[0].plate or None if len(rounds) == 1 else None,
        told_plate=how.plate, vendor=how.vendor, sheet=how.sheet, mapping=how.mapping, failed=failed, partial=partial, offset_h=offset_h,
    )  # fmt: skip
    rounds = [opened for opened in rounds if not opened.plate or opened.plate in result.plates]
    _refuse_unapproved(state, rounds)
    fresh = _fresh(result.readings, known_readings(state), correct=correct, name=name)
    newly_failed = {id: why for id, why in result.failed.items() if state.failed.get(id) != why}
    return Joined(result=result, rounds=tuple(rounds), fresh=tuple(fresh), failed=newly_failed, messages=_messages(result, fresh, newly_failed))


def reading_plan(state: CampaignState, rounds: Sequence[RoundState]) -> ReadingPlan:
    """What is expected of the rounds' results: by plate and well where they were compiled, else by experiment."""
    plates = {opened.compiled.plate: opened.compiled.layout for opened in rounds if opened.compiled}
    return ReadingPlan(
        measurements=state.charter.measurements, roles={e.id: e.role for opened in rounds for e in opened.experiments},
        plates=plates, sets=_sets(rounds), format=_format(plates),
    )  # fmt: skip


def _sets(rounds: Sequence[RoundState]) -> dict[str, str]:
    """The experiments of a round that should read alike: repeats with what they repeat, controls of equal settings, blanks."""
    named: dict[str, str] = {}
    for opened in rounds:
        for experiment in opened.experiments:
            match experiment.role:
                case "unused":
                    continue
                case "blank":
                    name = f"the blanks of round {opened.number}"
                case "control":
                    name = f"the control {canonical_json(experiment.settings)} of round {opened.number}"
                case _:
                    name = experiment.repeat_of or experiment.id
            named[experiment.id] = name
    many = Counter(named.values())
    return {id: name for id, name in named.items() if many[name] > 1}


def _format(plates: Mapping[str, Mapping[str, str]]) -> PlateFormat:
    """96 wells where they hold the layouts, else 384: a layout names wells, not labware."""
    for layout in plates.values():
        for well in layout:
            try:
                parse_well(well, FORMATS[96])
            except ProtocolError:
                return FORMATS[384]
    return FORMATS[96]


def columns(observations: Sequence[Observation]) -> Readings:
    """Observations by column, as an event keeps them."""
    return Readings(
        experiment_id=tuple(o.experiment_id for o in observations), variable=tuple(o.variable for o in observations),
        at_h=tuple(o.at_h for o in observations), value=tuple(o.value for o in observations), raw=tuple(o.raw for o in observations),
        flag=tuple(o.flag for o in observations), well=tuple(o.well for o in observations),
        limit=tuple(o.limit for o in observations), sd=tuple(o.sd for o in observations),
    )  # fmt: skip


def _refuse_again(state: CampaignState, sha256: str, name: str) -> None:
    before = state.sources.get(sha256)
    if before is not None:
        raise ConflictError(f"{name}: already recorded on {before.recorded_at[:16].replace('T', ' ')} UTC as {before.name!r} (event {before.seq}, SHA-256 {sha256[:12]}…). Nothing was changed.")


def _rounds_read(state: CampaignState, number: int | None) -> list[RoundState]:
    """The rounds that a file may be of: the one named; with plates, every compiled one; else the one that waits, or the last."""
    if not state.rounds:
        raise ConflictError("Expected a proposed round, found none. Propose one (nextwell propose), or take in past results (nextwell import).")
    if number is not None:
        if not 1 <= number <= len(state.rounds):
            raise ConflictError(f"Expected a round from 1 to {len(state.rounds)}, found {number}.")
        return [state.rounds[number - 1]]
    open_rounds = unfinished_rounds(state)
    compiled = [opened for opened in state.rounds if opened.compiled is not None]
    if compiled and (len(compiled) == len(state.rounds) or not all(opened.compiled is None for opened in open_rounds)):
        return compiled
    if len(open_rounds) > 1:
        raise ConflictError(f"Expected one open round, found {', '.join(str(opened.number) for opened in open_rounds)}. Say which one with --round.")
    return list(open_rounds) or [state.rounds[-1]]


def _refuse_unapproved(state: CampaignState, rounds: Sequence[RoundState]) -> None:
    if not state.charter.protocol:
        return
    for opened in rounds:
        if opened.compiled is None:
            raise ApprovalNeeded(f"Expected the approved protocol of round {opened.number}, found none compiled. Compile and approve it first (nextwell compile, nextwell approve); these results are not taken.")
        if opened.compiled is not None and opened.approval is None:
            raise ApprovalNeeded(f"Expected the approval of round {opened.number}, found none: results can't come before it. Approve its files first (nextwell approve); these results are not taken.")


def _fresh(observations: Sequence[Observation], known: Mapping[Cell, Read], *, correct: str, name: str) -> list[Observation]:
    """The readings that are new, or declared corrections. One that comes again with the same raw value is the same reading.

    Raises:
        ConflictError: readings differ from recorded ones and no correction was declared.
    """
    fresh, differing = [], []
    for one in observations:
        before = known.get(Cell(one.experiment_id, one.variable, None if one.at_h is None else round(one.at_h * 3600)))
        if before is None:
            fresh.append(one)
        elif (before.raw, before.flag) != (one.raw, one.flag):
            fresh.append(one)
            differing.append(one)
    if differing and not correct:
        shown = "; ".join(f"{one.well or one.experiment_id} {one.variable}{'' if one.at_h is None else f' at {one.at_h:g} h'}" for one in differing[:6])
        raise ConflictError(
            f"{name}: expected readings that are new, found {len(differing)} that differ from recorded ones ({shown}{' …' if len(differing) > 6 else ''}). "
            f'Nothing is taken. If the new ones are right, say why: --correct "REASON"; the old ones stay in the journal.'
        )
    return fresh


def _moved(state: CampaignState, observations: Sequence[Observation], contexts: Mapping[str, str]) -> frozenset[str]:
    """The experiments that were recorded under other levels of these contexts, or under none."""
    before = levels_of(state)
    return frozenset(id for id in {one.experiment_id for one in observations} if any(before.get(id, {}).get(name) != level for name, level in contexts.items()))


def _untold(state: CampaignState, fresh: Sequence[Observation]) -> tuple[str, ...]:
    """A sentence for each context of the campaign that nobody has told of experiments with new readings; blanks have none."""
    roles = {e.id: e.role for opened in state.rounds for e in opened.experiments}
    told, ids = levels_of(state), {one.experiment_id for one in fresh if roles.get(one.experiment_id) != "blank"}
    unknown = {context.name: sum(not told.get(id, {}).get(context.name) for id in ids) for context in state.charter.contexts}
    return tuple(
        f'No {name} is told of {count} experiments: the model learns from them as from an unknown one. To tell it, record the file again with --context {name}=LEVEL --correct "REASON".'
        for name, count in unknown.items() if count
    )  # fmt: skip


def _unread(result: ReadResult) -> tuple[str, ...]:
    """Cell by cell where they are few; an instrument's file has thousands about itself: there by reason, with the rows. The file is kept."""
    if len(result.unread) > MOST_UNREAD_CELLS:
        return tuple(line[:2000] for line in told_unread(result.unread))
    return tuple(f"row {cell.row}, column {cell.column}: {cell.text!r} ({cell.why})"[:2000] for cell in result.unread)


def _messages(result: ReadResult, fresh: Sequence[Observation], failed: Mapping[str, str]) -> tuple[str, ...]:
    told = list(result.notes)
    if again := len(result.readings) - len(fresh):
        told.append(f"{again} readings were recorded before and are unchanged.")
    if failed:
        told.append(f"{len(failed)} wells failed: {', '.join(f'{id} ({why})' for id, why in sorted(failed.items())[:6])}.")
    if above := sum(one.flag == "above limit" for one in fresh):
        told.append(f"{above} readings lay above the reader's limit and are kept as such.")
    if result.unread:
        told.append(f"{len(result.unread)} cells were not taken; the first: row {result.unread[0].row}, {result.unread[0].column}: {result.unread[0].why}.")
    if result.missing:
        wells = sorted({missing.well or missing.experiment_id for missing in result.missing})
        told.append(f"{len(result.missing)} readings of {len(wells)} wells are still missing: {', '.join(wells[:8])}{' …' if len(wells) > 8 else ''}.")
    return tuple(told)
