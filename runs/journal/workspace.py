"""The folder that holds a user's campaigns: the journal, the raw files, and what is written for people and robots."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

DEFAULT_FOLDER = "lab"


@dataclass(frozen=True)
class Workspace:
    """Where things lie in a workspace folder."""

    folder: Path

    @property
    def journal_file(self) -> Path:
        return self.folder / "journal.sqlite"

    @property
    def raw_folder(self) -> Path:
        return self.folder / "raw"

    def campaign_folder(self, campaign: str) -> Path:
        return self.folder / slug(campaign)

    def round_folder(self, campaign: str, number: int) -> Path:
        return self.campaign_folder(campaign) / f"round-{number:02d}"

    def report_folder(self, campaign: str) -> Path:
        return self.campaign_folder(campaign) / "report"


def slug(name: str) -> str:
    """A campaign's name as a folder name and in plate ids: `Lac operon 2` → `lac-operon-2`."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "campaign"
