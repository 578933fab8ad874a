"""Open a campaign from its file."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..journal.store import Journal
from ..journal.workspace import Workspace
from ..state.charter import Charter
from ..state.fold import fold
from .amend_terms import amend_terms
from .open_campaign import LabFile, OpenCampaign, attach, begin
from .outcome import Outcome
from .settings_text import read_was

if TYPE_CHECKING:
    from ..documents.campaign_file import LoadedCampaign


@dataclass(frozen=True, kw_only=True)
class FileAndCampaign:
    """A campaign with the file that it was opened from."""

    file: LoadedCampaign
    campaign: OpenCampaign


def open_file(path: Path, *, workspace: Path, table: Path | None = None) -> FileAndCampaign:
    """Read a campaign file and open its campaign; what was revised in the file is recorded.

    Args:
        table: the table of candidates where the file names none; the journal remembers it.

    Raises:
        DocumentError: every mistake of the file.
        ConflictError: the file changed in a way that would give past results another meaning.
    """
    loaded = _load(path, workspace, table)
    return FileAndCampaign(
        file=loaded,
        campaign=begin(
            Charter.of(loaded.doc, loaded.space), loaded.space, workspace=Workspace(workspace), doc=loaded.doc, document_text=loaded.text,
            lab=_lab(loaded), base=loaded.base, table=table.absolute() if table else None,
        ),
    )  # fmt: skip


def amend_from_file(path: Path, *, workspace: Path, reason: str, was: Sequence[str] = (), table: Path | None = None) -> tuple[OpenCampaign, Outcome]:
    """Take over what the file now says of the space, the measurements and the goals; what was measured stays data.

    Args:
        was: `factor=value` of each factor that is added: what every earlier experiment had.

    Raises:
        DocumentError: every mistake of the file.
        DesignError, ConflictError: as `amend_terms`.
    """
    loaded = _load(path, workspace, table)
    charter = Charter.of(loaded.doc, loaded.space)
    campaign = attach(charter, loaded.space, workspace=Workspace(workspace), doc=loaded.doc, lab=_lab(loaded), base=loaded.base)
    try:
        return campaign, amend_terms(campaign, doc=loaded.doc, space=loaded.space, reason=reason, was=read_was(was, loaded.space), text=loaded.text)
    except BaseException:
        campaign.close()
        raise


def look_at_file(path: Path, *, workspace: Path, table: Path | None = None) -> FileAndCampaign:
    """Read a campaign file and what the journal says of it; nothing is written.

    Raises:
        DocumentError: every mistake of the file.
    """
    loaded = _load(path, workspace, table)
    charter = Charter.of(loaded.doc, loaded.space)
    campaign = attach(charter, loaded.space, workspace=Workspace(workspace), doc=loaded.doc, lab=_lab(loaded), base=loaded.base)
    return FileAndCampaign(file=loaded, campaign=campaign)


def _load(path: Path, workspace: Path, table: Path | None) -> LoadedCampaign:
    from ..documents.campaign_file import load_campaign

    return load_campaign(path, table=table or _remembered_table(path, workspace))


def _remembered_table(path: Path, workspace: Path) -> Path | None:
    """The table that the campaign was opened with, where its file names none."""
    file = Workspace(workspace).journal_file
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None  # the reader of documents says what is wrong with it
    candidates = told.get("candidates")
    if not isinstance(candidates, dict) or "file" in candidates or not isinstance(told.get("name"), str) or not file.exists():
        return None
    with Journal.open(file) as journal:
        state = fold(journal.events(told["name"]))
    return Path(state.table) if state and state.table else None


def _lab(loaded: LoadedCampaign) -> LabFile | None:
    return LabFile(profile=loaded.lab, text=loaded.lab_text) if loaded.lab is not None else None

