"""What each type of event says. Readings are kept by column: a plate's time courses are thousands of numbers."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from world_model.terms.certificate import Certificate
from world_model.terms.errors import JournalError, nearest
from world_model.terms.experiment import ExperimentId
from world_model.terms.proposal import Proposal, ProposedExperiment
from world_model.terms.readings import Flag
from world_model.terms.stop import StopReport
from world_model.terms.word import Name, NonNegative, Text, Word

from ..journal.event import Draft, Event
from .charter import Change, Charter

Sha256 = str


class CampaignOpened(Word):
    charter: Charter
    version: Text = Field(description="of nextwell")
    document_sha256: Sha256 | None = Field(None, description="raw campaign file")
    table: Text = Field("", description="file of the table of candidates, where the campaign file names none")


class CampaignRevised(Word):
    charter: Charter
    changes: tuple[Change, ...] = Field(min_length=1)
    document_sha256: Sha256 | None = None
    was: dict[Name, float | str] = Field(default_factory=dict, description="factor that was added → what every earlier experiment had of it")
    reason: Text = ""


class BatchProposed(Word):
    proposal: Proposal
    report: StopReport | None = Field(None, description="what the batch was worth, where the campaign has a rule to stop by", exclude_if=lambda report: report is None)
    version: Text
    asked: int = Field(description="candidates asked for, before the budget was looked at")
    contexts: dict[Name, Text] = Field(default_factory=dict, description="context → the level that the round will be done at")


class Swapped(Word):
    """A proposed experiment that gives its place to another."""

    out: ExperimentId
    into: ProposedExperiment


class BatchAmended(Word):
    round: int
    dropped: tuple[ExperimentId, ...] = ()
    swapped: tuple[Swapped, ...] = ()
    added: tuple[ProposedExperiment, ...] = ()
    reason: Text = Field(min_length=1)


class WrittenFile(Word):
    """A file of a round, as written."""

    name: Text
    sha256: Sha256


class CompiledStage(Word):
    """One robot file: `setup`, or an addition round such as `induce_2h`, run at `at_h` hours."""

    name: Text
    at_h: float
    file: Text


class ProtocolCompiled(Word):
    round: int
    plate: Text
    stages: tuple[CompiledStage, ...]
    layout: dict[str, ExperimentId] = Field(description="well → experiment")
    planned: dict[ExperimentId, dict[Name, float | str]] = Field(description="settings that the pipetting really reaches, in each factor's unit")
    files: tuple[WrittenFile, ...]
    protocol_sha256: Sha256 = Field(description="over all robot files and the instructions, as the compiler says")
    lab_sha256: Sha256 = Field(description="raw lab file")
    volume_ul: float
    inoculum_od600: float | None = None
    findings: tuple[Text, ...] = ()
    drawn_ul: dict[Name, float] = Field(default_factory=dict, description="stock → what this plate takes of it")
    target: Text = Field("", description="the robot that the files are for, as --target calls it")
    verified: dict[str, Any] = Field(default_factory=dict, description="what the check of the emitted files found")


class ProtocolApproved(Word):
    """`person` for a real lab; `policy` = "simulated" where nobody pipettes."""

    round: int
    person: Text | None = None
    policy: Literal["simulated"] | None = None
    files: tuple[WrittenFile, ...]
    comment: Text = ""

    @model_validator(mode="after")
    def _someone(self) -> Self:
        if (self.person is None) == (self.policy is None):
            raise ValueError(f"expected a person or a policy, found person = {self.person!r}, policy = {self.policy!r}")
        return self


def _untold(column: tuple[float | None, ...]) -> bool:
    return all(cell is None for cell in column)


class Readings(Word):
    """Readings by column, all of one length. `value` is None only where the flag says why; `limit` is what it lies beyond, `sd` the sd
    of the reading, where told."""

    experiment_id: tuple[ExperimentId, ...] = ()
    variable: tuple[Name, ...] = ()
    at_h: tuple[NonNegative | None, ...] = ()
    value: tuple[float | None, ...] = ()
    raw: tuple[float | None, ...] = ()
    flag: tuple[Flag, ...] = ()
    well: tuple[Text, ...] = ()
    limit: tuple[float | None, ...] = ()
    sd: tuple[float | None, ...] = Field((), exclude_if=_untold)

    @model_validator(mode="before")
    @classmethod
    def _nothing_told(cls, given: object) -> object:
        # events written before limits were kept have no such column, nor has one where no sd was told
        if isinstance(given, dict):
            empty = (None,) * len(given.get("experiment_id", ()))
            return {**given, **{name: empty for name in ("limit", "sd") if not given.get(name)}}
        return given

    @model_validator(mode="after")
    def _one_length(self) -> Self:
        lengths = {name: len(getattr(self, name)) for name in type(self).model_fields}
        if len(set(lengths.values())) != 1:
            raise ValueError(f"expected columns of one length, found {lengths}")
        for i, (value, flag) in enumerate(zip(self.value, self.flag, strict=True)):
            if value is None and flag == "ok":
                raise ValueError(f"expected a value where the flag is ok, found none for {self.experiment_id[i]}, {self.variable[i]}")
        return self

    def __len__(self) -> int:
        return len(self.experiment_id)


class ResultsRecorded(Word):
    round: int | None = Field(description="None where a file spans rounds")
    source: Text = Field(description="file name, or `frame`")
    sha256: Sha256 = Field(description="raw results as they came")
    simulated: bool = Field(False, description="a simulated lab answered")
    plate: Text = ""
    readings: Readings
    partial: bool = Field(False, description="the file was declared to lack wells or times")
    corrects: Text = Field("", description="why earlier readings of the same wells and times are replaced")
    unread: tuple[Text, ...] = Field((), description="cells of the file that were not taken, and why")
    contexts: dict[ExperimentId, dict[Name, Text]] = Field(default_factory=dict, description="experiment → context → level, as done")


class PastResultsImported(Word):
    source: Text
    sha256: Sha256
    experiments: tuple[ProposedExperiment, ...]
    readings: Readings
    contexts: dict[ExperimentId, dict[Name, Text]] = Field(default_factory=dict, description="experiment → context → level")


class Failure(Word):
    """An experiment that will not be read. One that was never carried out is no sign that it can't be done."""

    id: ExperimentId
    why: Text = Field(min_length=1)
    carried_out: bool = True


class ExperimentsFailed(Word):
    experiments: tuple[Failure, ...] = Field(min_length=1)


class ModelCertified(Word):
    """What a certificate said when it was written. A later one counts in its place; an expired one stays in the journal."""

    certificate: Certificate
    goals: tuple[Text, ...] = Field(description="what plans were judged by")
    simulated: bool = Field(description="records of a simulated lab: a simulator result")
    valid_until: date
    files: tuple[WrittenFile, ...] = ()
    version: Text


class StopReached(Word):
    """A rule to stop by was met before another batch: `nextwell run` ended. Another batch may be proposed all the same."""

    report: StopReport


PAYLOADS: dict[str, type[Word]] = {
    "campaign_opened": CampaignOpened, "campaign_revised": CampaignRevised, "batch_proposed": BatchProposed, "batch_amended": BatchAmended,
    "protocol_compiled": ProtocolCompiled, "protocol_approved": ProtocolApproved, "results_recorded": ResultsRecorded,
    "past_results_imported": PastResultsImported, "experiments_failed": ExperimentsFailed, "model_certified": ModelCertified, "stop_reached": StopReached,
}  # fmt: skip
_TYPES = {payload: name for name, payload in PAYLOADS.items()}


def draft(payload: Word) -> Draft:
    """A payload as an event to be."""
    return Draft(type=_TYPES[type(payload)], payload=payload.model_dump(mode="json"))


def payload_of(event: Event) -> Word:
    """What an event says.

    Raises:
        JournalError: a type that this version does not know, or a payload that it can't read.
    """
    if event.type not in PAYLOADS:
        raise JournalError(f"Expected a known type of event, found {event.type!r} in event {event.seq}. {nearest(event.type, PAYLOADS)} A newer nextwell may have written it: update.")
    try:
        return PAYLOADS[event.type].model_validate_json(event.payload_text)
    except ValidationError as fault:
        raise JournalError(f"Expected event {event.seq} to be a {event.type}, found a payload that does not fit: {fault}. A newer nextwell may have written it: update.") from fault
