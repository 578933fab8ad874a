"""Copy a shipped example into a user's folder."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from world_model.terms.errors import NextwellError

from ..journal.raw_files import write_durably


def copy_example(name: str, folder: Path, *, goes_with: Sequence[str] = ()) -> Path:
    """Copy an example campaign and the files that it names; what is there already stays as it is.

    Raises:
        NextwellError: no such example.
    """
    examples = resources.files("runs").joinpath("examples")
    for file in (name, *goes_with):
        shipped = examples.joinpath(file)
        if not shipped.is_file():
            known = sorted(entry.name for entry in examples.iterdir() if entry.name.endswith(".toml"))
            raise NextwellError(f"Expected a shipped example, found none named {file!r}. Known: {', '.join(known)}.")
        if not (folder / file).exists():
            write_durably(folder / file, shipped.read_bytes())
    return folder / name
