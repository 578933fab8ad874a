"""lab.toml, read whole: the profile of the bench, or every mistake in it, alone and together with its campaign."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from world_model.terms.errors import DocumentError, Mistake
from world_model.terms.lab_profile import LabProfile
from world_model.terms.space import SearchSpace

from .draft import Draft, build, complain_of_whole, open_draft
from .toml_file import read_toml


@dataclass
class LabRead:
    """A lab file: its profile, None where it has mistakes."""

    text: str = ""
    profile: LabProfile | None = None
    mistakes: list[Mistake] = field(default_factory=list)


def load_lab(path: Path | str) -> LabProfile:
    """A lab file by itself.

    Raises:
        DocumentError: every mistake in it.
    """
    read = _read_alone(Path(path), Path(path).name)[0]
    if read.profile is None:
        raise DocumentError(read.mistakes)
    return read.profile


def check_lab(path: Path | str) -> list[Mistake]:
    """Every mistake of a lab file by itself."""
    return _read_alone(Path(path), Path(path).name)[0].mistakes


def read_lab(campaign: Draft, space: SearchSpace | None) -> LabRead:
    """The lab file that a campaign names, checked against the campaign where both are whole."""
    name = campaign.data["lab"]
    path = campaign.file.path.parent / name
    if not path.is_file():
        campaign.mistake(("lab",), expected="a lab file beside the campaign file", found=f"none at {path}", mend="`nextwell new FOLDER` writes one.")
        return LabRead()
    read, _ = _read_alone(path, name)
    return read


def _read_alone(path: Path, name: str) -> tuple[LabRead, Draft | None]:
    try:
        file = read_toml(path, name=name)
    except DocumentError as fault:
        return LabRead(mistakes=list(fault.mistakes)), None
    draft = open_draft(file, LabProfile)
    build(draft)
    complain_of_whole(draft)
    profile = draft.whole if not draft.mistakes else None
    return LabRead(text=file.text, profile=profile, mistakes=draft.mistakes), draft
