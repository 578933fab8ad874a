"""A workspace whose rounds lie there while their journal does not: nothing is begun over it."""

from __future__ import annotations

from pathlib import Path

from world_model.terms.errors import JournalError

from ..journal.store import Journal
from ..journal.workspace import Workspace, slug

# what propose and compile write into a round's folder
_WRITTEN = ("proposal.csv", "wells.csv", "layout.json")


def refuse_missing_journal(workspace: Workspace) -> None:
    """Rounds of any campaign without a journal file: it was deleted, or left behind when the folder was copied.

    Raises:
        JournalError: with the round folders that were found.
    """
    if not workspace.journal_file.exists() and (found := _rounds(workspace.folder, "*")):
        raise JournalError(f"{workspace.journal_file}: expected the journal of {_told(found, workspace)}, found none. {_mend(workspace.folder)}")


def refuse_unknown_rounds(workspace: Workspace, journal: Journal, campaign: str) -> None:
    """Rounds of a campaign that the journal has no event of: another journal lies in the place of theirs.

    Raises:
        JournalError: with the round folders that were found.
    """
    # a round's folder is written after its event, so that no crash leaves one without the other
    if slug(campaign) in {slug(name) for name in journal.campaigns()}:
        return
    if found := _rounds(workspace.folder, slug(campaign)):
        raise JournalError(
            f"{workspace.journal_file}: expected the events of {_told(found, workspace)}, found none of campaign {campaign!r}. {_mend(workspace.campaign_folder(campaign))}"
        )


def _rounds(folder: Path, campaign: str) -> list[Path]:
    return sorted(found for found in folder.glob(f"{campaign}/round-[0-9][0-9]") if any((found / name).is_file() for name in _WRITTEN))


def _told(found: list[Path], workspace: Workspace) -> str:
    shown = ", ".join(folder.relative_to(workspace.folder).as_posix() for folder in found[:4])
    return f"{shown}{f' and {len(found) - 4} more' if len(found) > 4 else ''}"


def _mend(folder: Path) -> str:
    return f"Nothing was written. Restore journal.sqlite from a backup; or, to begin anew, move {folder} away."
