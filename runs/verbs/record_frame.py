"""Record a frame: rows are matched to what was proposed, and what was not proposed is new and welcome."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from world_model.terms.errors import ApprovalNeeded, ConflictError, ResultsError, nearest
from world_model.terms.proposal import ProposedExperiment
from world_model.terms.synthetic_marks import refuse_synthetic
from world_model.terms.word import Word

from ..journal.canonical import sha256_of
from ..state.campaign_state import CampaignState
from ..state.known_readings import Cell, known_readings
from ..state.payloads import PastResultsImported, Readings, ResultsRecorded
from ..state.progress import experiments, pending
from .frame_rows import FrameExperiment, FrameReading, frame_experiments
from .open_campaign import OpenCampaign
from .outcome import Outcome
from .table_rows import candidate_of, plain_label

if TYPE_CHECKING:
    import pandas as pd


def record_frame(campaign: OpenCampaign, frame: pd.DataFrame, *, correct: str = "", source: str = "frame") -> Outcome:
    """Record a frame's readings, all or none.

    A row is matched by `experiment_id`; else by `candidate` or by its exact factors to the oldest pending experiment; else
    it is a new experiment.

    Args:
        correct: why readings that differ from recorded ones replace them; both stay in the journal.

    Raises:
        ResultsError: the frame can't be read, or a row is of no experiment that can be.
        ApprovalNeeded: a row is of a round whose protocol is not approved.
        ConflictError: every reading was recorded before, or some differ from recorded ones.
    """
    state = campaign.standing()
    refuse_synthetic(source, columns=frame.columns, ids=frame.get("experiment_id", ()))
    told = frame_experiments(frame, state.charter, campaign.space)
    if not told:
        raise ResultsError("Expected at least one row of results, found none.")
    matched, new = _matched(campaign, state, told)
    _refuse_unapproved(state, matched)
    known = _columns(matched)
    fresh = _fresh(state, known, correct=correct)
    if not new and not len(fresh):
        raise ConflictError(f"Expected new readings, found all {len(known)} recorded already. Nothing was changed.")
    text = frame.to_csv(index=False)
    sha256 = campaign.raw.keep(text.encode(), suffix=".csv") if campaign.workspace else sha256_of(text)
    payloads: list[Word] = []
    if len(fresh):
        payloads.append(ResultsRecorded(round=None, source=source, sha256=sha256, readings=fresh, corrects=correct, contexts=_contexts(matched, set(fresh.experiment_id))))
    if new:
        payloads.append(_as_past(state, new, campaign, source=source, sha256=sha256))
    after = campaign.append(payloads, on=state)
    messages = [f"{len(matched)} experiments recorded."] if matched else []
    if new:
        messages.append(f"{len(new)} rows were not proposed here; they are taken in as new experiments.")
    return Outcome(state=after, messages=tuple(messages))


def import_frame(campaign: OpenCampaign, frame: pd.DataFrame, *, source: str, content: bytes) -> Outcome:
    """Take in past results: every row is a new experiment, whatever was proposed.

    Raises:
        ResultsError: the frame can't be read, or a row lies outside the space.
        ConflictError: the same content was imported already.
    """
    state = campaign.standing()
    sha256 = sha256_of(content)
    if (before := state.sources.get(sha256)) is not None:
        raise ConflictError(f"{source}: already recorded on {before.recorded_at[:16].replace('T', ' ')} UTC (event {before.seq}, SHA-256 {sha256[:12]}…). Nothing was changed.")
    refuse_synthetic(source, columns=frame.columns, ids=frame.get("experiment_id", ()))
    told = frame_experiments(frame, state.charter, campaign.space)
    if not told:
        raise ResultsError(f"{source}: expected at least one row of results, found none.")
    for one in told:
        # an id of another campaign or notebook means nothing here
        one.experiment_id = None
        if one.settings is None and one.candidate is None:
            raise ResultsError(f"{source}, row {one.row}: expected a candidate or a value for every factor, found neither.")
    campaign.raw.keep(content, suffix=".csv")
    imported = _as_past(state, told, campaign, source=source, sha256=sha256)
    after = campaign.append([imported], on=state)
    return Outcome(state=after, messages=(f"{len(imported.experiments)} past experiments with {len(imported.readings)} readings were taken in.",))


def _matched(
    campaign: OpenCampaign, state: CampaignState, told: Sequence[FrameExperiment]
) -> tuple[dict[str, FrameExperiment], list[FrameExperiment]]:
    """Experiment id → rows of the frame, and the rows that match none."""
    known = {experiment.id for experiment in experiments(state)}
    waiting = list(pending(state))
    matched: dict[str, FrameExperiment] = {}
    new: list[FrameExperiment] = []
    for one in told:
        if one.experiment_id is not None:
            if one.experiment_id not in known:
                raise ResultsError(f"Row {one.row}: expected an experiment of this campaign, found {one.experiment_id!r}. {nearest(one.experiment_id, known)}")
            matched[one.experiment_id] = one
    for one in told:
        if one.experiment_id is None:
            found = next((e for e in waiting if e.id not in matched and _same(one, e)), None)
            if found is None:
                new.append(one)
            else:
                matched[found.id] = one
    return matched, new


def _same(one: FrameExperiment, proposed: ProposedExperiment) -> bool:
    if one.candidate is not None and proposed.candidate is not None:
        return str(plain_label(one.candidate)) == str(proposed.candidate)
    return one.settings is not None and one.settings == proposed.settings


def _refuse_unapproved(state: CampaignState, matched: dict[str, FrameExperiment]) -> None:
    if not state.charter.protocol:
        return
    for opened in state.rounds:
        if opened.approval is None and any(experiment.id in matched for experiment in opened.experiments):
            raise ApprovalNeeded(f"Expected the approval of round {opened.number}, found none: results can't come before it. Compile and approve it first; nothing is taken.")


def _fresh(state: CampaignState, told: Readings, *, correct: str) -> Readings:
    known = known_readings(state)
    keep, differing = [], []
    for i, (id, variable, at_h) in enumerate(zip(told.experiment_id, told.variable, told.at_h, strict=True)):
        before = known.get(Cell(id, variable, None if at_h is None else round(at_h * 3600)))
        if before is None or (before.value, before.flag) != (told.value[i], told.flag[i]):
            keep.append(i)
        if before is not None and (before.value, before.flag) != (told.value[i], told.flag[i]):
            differing.append(f"{id} {variable}: {before.value} → {told.value[i]}")
    if differing and not correct:
        raise ConflictError(
            f"Expected readings that are new, found {len(differing)} that differ from recorded ones ({'; '.join(differing[:4])}). Nothing is "
            f'taken. If the new ones are right, say why: correct="REASON"; the old ones stay in the journal.'
        )
    return Readings(**{name: tuple(getattr(told, name)[i] for i in keep) for name in Readings.model_fields})


def _columns(matched: dict[str, FrameExperiment]) -> Readings:
    flat: list[tuple[str, FrameReading]] = [(id, reading) for id, one in matched.items() for reading in one.readings]
    return Readings(
        experiment_id=tuple(id for id, _ in flat), variable=tuple(r.variable for _, r in flat), at_h=tuple(r.at_h for _, r in flat),
        value=tuple(r.value for _, r in flat), raw=tuple(r.value for _, r in flat), flag=tuple(r.flag for _, r in flat), well=("",) * len(flat),
        limit=tuple(r.limit for _, r in flat), sd=tuple(r.sd for _, r in flat),
    )  # fmt: skip


def _as_past(state: CampaignState, new: Sequence[FrameExperiment], campaign: OpenCampaign, *, source: str, sha256: str) -> PastResultsImported:
    made = {f"P{state.imports + 1:02d}-{k:03d}": one for k, one in enumerate(new, start=1)}
    past = tuple(_past_experiment(id, one, campaign) for id, one in made.items())
    return PastResultsImported(source=source[:200], sha256=sha256, experiments=past, readings=_columns(made), contexts=_contexts(made, set(made)))


def _contexts(told: Mapping[str, FrameExperiment], ids: Collection[str]) -> dict[str, dict[str, str]]:
    return {id: one.contexts for id, one in told.items() if id in ids and one.contexts}


def _past_experiment(id: str, one: FrameExperiment, campaign: OpenCampaign) -> ProposedExperiment:
    space = campaign.space
    settings, candidate = one.settings, None
    if one.candidate is not None:
        row = campaign.labels().row(one.candidate)
        of_label = space.candidate_settings(row)
        if settings is not None and any(not _equal(settings[name], of_label[name]) for name in space.names):
            raise ResultsError(f"Row {one.row}: expected the factors of candidate {one.candidate!r}, found others: {settings} instead of {of_label}.")
        assert space.candidates is not None
        settings, candidate = of_label, plain_label(space.candidates.labels[row])
    assert settings is not None
    # bounds and levels must hold, for the model lives on them; a constraint may be broken by what was done before it was set
    absent = space.absent(settings)
    reasons = [f"{factor.name}: {reason}" for factor in space.factors if factor.name not in absent and (reason := factor.reason_against(settings[factor.name])) is not None]
    if reasons:
        raise ResultsError(f"Row {one.row}: expected settings within the factors, found {'; '.join(reasons)}. Widen the factor, or leave the row out.")
    if candidate is None and space.candidates is not None:
        candidate = candidate_of(space, settings)
    return ProposedExperiment(id=id, role="candidate", settings=settings, candidate=candidate, reason="not proposed here")


def _equal(left: float | str, right: float | str) -> bool:
    if isinstance(left, str) or isinstance(right, str):
        return str(left) == str(right)
    return abs(left - right) <= 1e-9 * max(abs(left), abs(right), 1.0)

