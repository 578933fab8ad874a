"""lab.toml, read whole: the profile of the bench, or every mistake in it, alone and together with its campaign."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from world_model.terms.errors import DocumentError, Mistake
from world_model.terms.lab_profile import LabProfile

from .draft import Draft, build, complain_of_whole, open_draft
from .lab_and_campaign import check_together
from .lab_checks import check_bench
from .toml_file import read_toml


@dataclass
class LabRead:
    """A lab file. `draft` is None where it is no TOML; `profile` where it has any mistake."""

    text: str
    mistakes: list[Mistake]
    draft: Draft | None = None

    @property
    def profile(self) -> LabProfile | None:
        return self.draft.whole if self.draft is not None and not self.mistakes else None


def load_lab(path: Path | str) -> LabProfile:
    """A lab file by itself.

    Raises:
        DocumentError: every mistake in it.
    """
    read = _read(Path(path), Path(path).name)
    if read.profile is None:
        raise DocumentError(read.mistakes)
    return read.profile


def check_lab(path: Path | str) -> list[Mistake]:
    """Every mistake of a lab file by itself, by line."""
    return sorted(_read(Path(path), Path(path).name).mistakes, key=lambda mistake: mistake.line or 0)


def read_lab(campaign: Draft) -> LabRead | None:
    """The lab file that a campaign names, checked alone and with the campaign; None where it names none that exists."""
    name = campaign.data.get("lab")
    if not isinstance(name, str):
        return None
    path = campaign.file.path.parent / name
    if not path.is_file():
        campaign.mistake(("lab",), expected="a lab file beside the campaign file", found=f"none at {path}", mend="`nextwell new FOLDER` writes one.")
        return None
    read = _read(path, name)
    if read.draft is not None:
        check_together(campaign, read.draft)
    return read


def _read(path: Path, name: str) -> LabRead:
    try:
        file = read_toml(path, name=name)
    except DocumentError as fault:
        return LabRead(text="", mistakes=list(fault.mistakes))
    draft = open_draft(file, LabProfile)
    build(draft)
    check_bench(draft)
    complain_of_whole(draft)
    return LabRead(text=file.text, mistakes=draft.mistakes, draft=draft)
