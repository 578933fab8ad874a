"""Which audit a file gets: told by its ending and its first words. The one place where another kind of robot file is added."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from world_model.terms.errors import DocumentError, Mistake

from ..engine.apart_client import Inputs
from .audit import Audit, audit_opentrons


@dataclass(frozen=True, kw_only=True)
class FileKind:
    """A kind of robot file: how it is recognised, what people call it, and its audit.

    `audit` takes the file's text and what goes with it, and returns everything found; it raises ProtocolError only where it
    can't work at all.
    """

    name: str
    endings: tuple[str, ...]
    recognises: Callable[[str], bool]
    audit: Callable[[str, Inputs], Audit]


KINDS: tuple[FileKind, ...] = (
    FileKind(
        name="Opentrons protocol in Python", endings=(".py",), recognises=lambda text: True,
        audit=lambda text, inputs: audit_opentrons(text, inputs=inputs),
    ),
    FileKind(
        name="Opentrons protocol in JSON", endings=(".json",), recognises=lambda text: "commandSchemaId" in text or '"otSharedSchema"' in text or "$otSharedSchema" in text,
        audit=lambda text, inputs: audit_opentrons(text, suffix=".json", inputs=inputs),
    ),
)  # fmt: skip


def kind_of(path: Path, text: str) -> FileKind:
    """The file's kind.

    Raises:
        DocumentError: no kind has this ending, or none recognises the text.
    """
    for kind in KINDS:
        if path.suffix.lower() in kind.endings and kind.recognises(text):
            return kind
    known = ", ".join(f"{' or '.join(kind.endings)} ({kind.name})" for kind in KINDS)
    raise DocumentError([Mistake(file=str(path), line=None, where="", expected=f"a robot file: {known}", found=f"ending {path.suffix!r}", mend="Give it the ending of its kind.")])
