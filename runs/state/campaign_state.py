"""Where a campaign stands, as plain data. It is made by `fold` alone and does nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from world_model.terms.factors import Factor
from world_model.terms.proposal import Proposal, ProposedExperiment
from world_model.terms.stop import StopReport

from .charter import Change, Charter
from .payloads import BatchAmended, ModelCertified, ProtocolApproved, ProtocolCompiled, Readings


def _nothing() -> Mapping[str, str]:
    return MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class RoundState:
    """One proposal and what became of it. `experiments` are as amended; what was dropped is in `dropped` with the reason."""

    number: int
    proposal: Proposal
    experiments: tuple[ProposedExperiment, ...]
    proposed_at: str = ""
    amendments: tuple[BatchAmended, ...] = ()
    dropped: Mapping[str, str] = field(default_factory=_nothing)
    compiled: ProtocolCompiled | None = None
    approval: ProtocolApproved | None = None
    approved_at: str = ""
    contexts: Mapping[str, str] = field(default_factory=_nothing)
    report: StopReport | None = None

    @property
    def plate(self) -> str:
        """The plate's id; empty where no protocol was compiled."""
        return self.compiled.plate if self.compiled else ""


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where readings came from: the event, the file's name and hash."""

    seq: int
    recorded_at: str
    name: str
    sha256: str
    simulated: bool = False


@dataclass(frozen=True, kw_only=True)
class ReadingBlock:
    """The readings of one event, in the order of recording: a later block corrects an earlier one."""

    seq: int
    readings: Readings
    corrects: str = ""
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Certified:
    """A certificate with the event that holds it: what was recorded after `seq` is news to it."""

    seq: int
    recorded_at: str
    payload: ModelCertified


@dataclass(frozen=True, kw_only=True)
class CampaignState:
    """The fold of a campaign's events up to `head`.

    Attributes:
        table: file of the table of candidates, where the campaign file names none.
        rounds: in their order, numbered from 1.
        past: experiments that were never proposed here: imported, or recorded as new rows.
        blocks: all readings ever recorded; `dataset` says which count.
        answered: ids with a reading.
        failed: id → why nothing was or will be read.
        abandoned: those of them that were never carried out: they tell nothing.
        former: factor → how it was before the space was changed, oldest first; empty while it never was.
        sources: by SHA-256, so that a file is known when it comes again.
        certified: the last certificate, expired or not.
        stopped: the report of a stop rule that was met, until another round is proposed.
        contexts: id → context → level, as recorded; what a round was proposed for is in its `contexts`.
    """

    charter: Charter
    head: int
    head_hash: str
    opened_at: str
    table: str = ""
    rounds: tuple[RoundState, ...] = ()
    past: tuple[ProposedExperiment, ...] = ()
    imports: int = 0
    blocks: tuple[ReadingBlock, ...] = ()
    answered: frozenset[str] = frozenset()
    failed: Mapping[str, str] = field(default_factory=_nothing)
    abandoned: frozenset[str] = frozenset()
    former: Mapping[str, tuple[Factor, ...]] = field(default_factory=lambda: MappingProxyType({}))
    sources: Mapping[str, Source] = field(default_factory=lambda: MappingProxyType({}))
    revisions: tuple[tuple[Change, ...], ...] = ()
    certified: Certified | None = None
    stopped: StopReport | None = None
    contexts: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def name(self) -> str:
        return self.charter.name
