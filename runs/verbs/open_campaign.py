"""A campaign that is open: its journal, its space and its lab file, held together while verbs work on it."""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from world_model.terms.campaign_doc import CampaignDoc
from world_model.terms.errors import ConflictError, JournalError
from world_model.terms.lab_profile import LabProfile
from world_model.terms.sources import Source
from world_model.terms.space import SearchSpace
from world_model.terms.word import Word

from ..journal.raw_files import FolderRawFiles, MemoryRawFiles, RawFiles
from ..journal.store import Journal
from ..journal.workspace import Workspace, slug
from ..state.campaign_state import CampaignState
from ..state.charter import Change, Charter, revision
from ..state.fold import fold
from ..state.payloads import CampaignOpened, CampaignRevised, draft
from ..state.planning_space import planning_space
from ..version import VERSION
from .lost_journal import refuse_missing_journal, refuse_unknown_rounds

if TYPE_CHECKING:
    from world_model.mechanisms.mechanism import Mechanism

    from .label_index import LabelIndex


@dataclass(frozen=True, kw_only=True)
class LabFile:
    """A lab file as read, with its text: the journal keeps what was compiled with."""

    profile: LabProfile
    text: str


@dataclass
class OpenCampaign:
    """Handles only: what stands is in `state()`, what can be done is in the verbs.

    `space` is what is planned in; `asked` the space as a file or a notebook says it, without what earlier data add to it.

    `workspace` is None for a campaign in memory, `lab` where no lab file is named, `doc` where no campaign file is, `mechanism` where
    none was given (a campaign file's is opened when a model is fitted). `sources` are a notebook's; a file's are in `doc`.
    """

    journal: Journal
    raw: RawFiles
    charter: Charter
    space: SearchSpace
    workspace: Workspace | None = None
    doc: CampaignDoc | None = None
    lab: LabFile | None = None
    base: Path = field(default_factory=Path)
    actor: str = ""
    mechanism: Mechanism | None = None
    sources: tuple[Source, ...] = ()
    told_space: SearchSpace | None = None
    _seen: CampaignState | None = None
    _labels: LabelIndex | None = None

    @property
    def asked(self) -> SearchSpace:
        """The space as it was given."""
        return self.told_space if self.told_space is not None else self.space

    def state(self) -> CampaignState | None:
        """The state now; only what is new since the last call is folded. None where nothing was recorded yet."""
        after = self._seen.head if self._seen else 0
        self._seen = fold(self.journal.events(self.charter.name, after=after), self._seen)
        return self._seen

    def standing(self) -> CampaignState:
        """The state of a campaign that has begun.

        Raises:
            ConflictError: nothing was recorded yet.
        """
        state = self.state()
        if state is None:
            raise ConflictError(f"Expected campaign {self.charter.name!r} to have begun, found nothing recorded. Propose a first batch: nextwell propose.")
        return state

    def append(self, payloads: Sequence[Word], *, on: CampaignState) -> CampaignState:
        """Write what was decided on a state, all or nothing; returns the state after it.

        Raises:
            ConflictError: another process has written since.
        """
        self.journal.append(self.charter.name, [draft(payload) for payload in payloads], actor=self.actor, head=on.head)
        return self.standing()

    def labels(self) -> LabelIndex:
        """Candidate labels → rows of the table, built when first asked for."""
        if self._labels is None:
            from .label_index import LabelIndex

            self._labels = LabelIndex(self.space)
        return self._labels

    def close(self) -> None:
        self.journal.close()


def begin(
    charter: Charter, space: SearchSpace, *, workspace: Workspace | None, doc: CampaignDoc | None = None, document_text: str = "",
    lab: LabFile | None = None, base: Path | None = None, table: Path | None = None,
) -> OpenCampaign:  # fmt: skip
    """Open a campaign: the journal records that it was opened, or what was revised in its file since.

    Args:
        table: file of the table of candidates, where the campaign file names none.

    Raises:
        ConflictError: the file changed in a way that would give past results another meaning, or two campaigns share a folder.
        JournalError, VerificationError: the journal can't be opened.
    """
    campaign = attach(charter, space, workspace=workspace, doc=doc, lab=lab, base=base, writes=True)
    try:
        _record_terms(campaign, document_text, table)
    except BaseException:
        campaign.close()
        raise
    return campaign


def attach(
    charter: Charter, space: SearchSpace, *, workspace: Workspace | None, doc: CampaignDoc | None = None, lab: LabFile | None = None,
    base: Path | None = None, writes: bool = False,
) -> OpenCampaign:  # fmt: skip
    """A campaign to look at: nothing is written, not even a journal where there is none.

    Raises:
        JournalError: the journal can't be opened, or rounds lie in the workspace that it does not know.
    """
    if workspace is not None:
        refuse_missing_journal(workspace)
    journal = Journal.open(workspace.journal_file) if workspace and (workspace.journal_file.exists() or writes) else Journal.in_memory()
    if workspace is not None:
        try:
            refuse_unknown_rounds(workspace, journal, charter.name)
        except JournalError:
            journal.close()
            raise
    raw: RawFiles = FolderRawFiles(workspace.raw_folder) if workspace else MemoryRawFiles()
    campaign = OpenCampaign(
        journal=journal, raw=raw, charter=charter, space=space, workspace=workspace, doc=doc, lab=lab, base=base or Path(), actor=_whoami(),
    )  # fmt: skip
    campaign.space, campaign.told_space = planning_space(space, campaign.state()), space
    return campaign


def _record_terms(campaign: OpenCampaign, document_text: str, table: Path | None) -> None:
    state = campaign.state()
    sha256 = campaign.raw.keep(document_text.encode(), suffix=".toml") if document_text else None
    if state is None:
        others = [name for name in campaign.journal.campaigns() if slug(name) == slug(campaign.charter.name)]
        if others and campaign.workspace is not None:
            raise ConflictError(f"Expected a campaign name with a folder of its own, found {others[0]!r} in {slug(others[0])}/ already. Rename this one.")
        opened = CampaignOpened(charter=campaign.charter, version=VERSION, document_sha256=sha256, table=str(table) if table else "")
        campaign.journal.append(campaign.charter.name, [draft(opened)], actor=campaign.actor, head=0)
    elif changes := revision(state.charter, campaign.charter):
        campaign.append([CampaignRevised(charter=campaign.charter, changes=changes, document_sha256=sha256)], on=state)


def changes_since_opening(campaign: OpenCampaign) -> tuple[Change, ...]:
    """What the campaign file says now that the journal does not know yet.

    Raises:
        ConflictError: a change that would give past results another meaning.
    """
    state = campaign.state()
    return revision(state.charter, campaign.charter) if state else ()


def _whoami() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return "unknown"
