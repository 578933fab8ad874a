"""Compare a workspace with its journal: the chain, the raw files, the files of every round."""

from __future__ import annotations

from dataclasses import dataclass

from world_model.terms.errors import ConflictError, VerificationError

from ..journal.canonical import sha256_of
from ..journal.event import GENESIS
from ..journal.store import Journal
from ..journal.workspace import Workspace
from ..state.fold import fold
from .approve import refuse_edited


@dataclass(frozen=True, kw_only=True)
class Checked:
    """How much was checked. `head_hash` kept elsewhere shows later that no event was cut off the end."""

    events: int
    campaigns: tuple[str, ...]
    raw_files: int
    round_files: int
    head_hash: str


def verify_workspace(workspace: Workspace) -> Checked:
    """Check everything.

    Raises:
        ConflictError: there is no journal in the folder.
        VerificationError: an event was changed, or a file is missing or was changed; the first is named.
    """
    if not workspace.journal_file.exists():
        raise ConflictError(f"Expected a journal at {workspace.journal_file}, found none. Name the workspace with -w FOLDER.")
    raw_files = round_files = 0
    with Journal.open(workspace.journal_file) as journal:  # opening checks the chain
        events = list(journal.events())
        campaigns = journal.campaigns()
        for name in campaigns:
            state = fold(event for event in events if event.campaign == name)
            assert state is not None
            for source in state.sources.values():
                _refuse_changed(workspace, source.sha256)
                raw_files += 1
            for opened in state.rounds:
                if opened.compiled is not None:
                    refuse_edited(workspace.round_folder(name, opened.number), opened.compiled)
                    round_files += len(opened.compiled.files)
    return Checked(
        events=len(events), campaigns=campaigns, raw_files=raw_files, round_files=round_files, head_hash=events[-1].hash if events else GENESIS,
    )  # fmt: skip


def _refuse_changed(workspace: Workspace, sha256: str) -> None:
    file = next((kept for ending in (".csv", ".xlsx") if (kept := workspace.raw_folder / f"{sha256}{ending}").is_file()), workspace.raw_folder / f"{sha256}.csv")
    if not file.is_file():
        raise VerificationError(f"{file}: expected the raw results as recorded, found no file. Restore it from a backup.")
    if sha256_of(file.read_bytes()) != sha256:
        raise VerificationError(f"{file}: expected the raw results as recorded, found other content. Restore it from a backup.")
