"""`nextwell new`: a commented campaign.toml and lab.toml that pass every check as they are; the lab of one's choice."""

from __future__ import annotations

import os
import re
from importlib import resources
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from world_model.terms.errors import ConflictError, DocumentError, Mistake, nearest
from world_model.terms.word import Name

from .complaints import NAME_RULE

FILES = ("campaign.toml", "lab.toml")


def known_labs() -> tuple[str, ...]:
    """The ready profiles of benches: what `lab` may name."""
    shipped = resources.files("runs").joinpath("examples", "labs")
    return tuple(sorted(entry.name.removesuffix(".toml") for entry in shipped.iterdir() if entry.name.endswith(".toml")))


def write_new(folder: Path | str, *, name: str | None = None, lab: str | None = None) -> tuple[Path, ...]:
    """Write both files into a folder, which is made where it is absent.

    Args:
        name: the campaign's name; else the folder's, where that is a valid name.
        lab: one of `known_labs()`; else a plain Flex.

    Returns:
        The files written.

    Raises:
        ConflictError: one of the files is there already; nothing is written then.
        DocumentError: the name can't be a campaign's name, or no ready profile has the lab's name.
    """
    folder = Path(folder)
    # as the robot's model is written: `OT-2`, `Echo 650`
    lab = None if lab is None else lab.strip().lower().replace(" ", "-")
    if lab is not None and lab not in known_labs():
        expected = f"a ready profile ({', '.join(known_labs())})"
        raise DocumentError([Mistake(file="lab.toml", line=None, where="", expected=expected, found=repr(lab), mend=nearest(lab, known_labs()))])
    there = [folder / file for file in FILES if os.path.lexists(folder / file)]
    if there:
        raise ConflictError(f"Expected a folder without {' and '.join(FILES)}, found {there[0]}. Choose another folder, or edit that file.")
    texts = {file: resources.files(__package__).joinpath("templates", file).read_text(encoding="utf-8") for file in FILES}
    if lab is not None:
        texts["lab.toml"] = resources.files("runs").joinpath("examples", "labs", f"{lab}.toml").read_text(encoding="utf-8")
    chosen = _name(name, folder)
    if chosen is not None:
        # a valid name holds no quote and no backslash, so it stands in TOML as it is
        texts["campaign.toml"] = re.sub(r'^name = "My campaign"', lambda _: f'name = "{chosen}"', texts["campaign.toml"], count=1, flags=re.MULTILINE)
    if folder.exists() and not folder.is_dir():
        raise ConflictError(f"Expected a folder, found the file {folder}. Choose another name.")
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for file, text in texts.items():
        # "x" refuses a file that somebody made in the meantime
        with (folder / file).open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
        written.append(folder / file)
    return tuple(written)


def _name(name: str | None, folder: Path) -> str | None:
    """The campaign's name, or None to keep the template's."""
    adapter: TypeAdapter[str] = TypeAdapter(Name)
    if name is not None:
        try:
            return adapter.validate_python(name)
        except ValidationError as fault:
            raise DocumentError([Mistake(file="campaign.toml", line=None, where="name", expected=NAME_RULE, found=repr(name))]) from fault
    try:
        return adapter.validate_python(folder.absolute().name)
    except ValidationError:
        return None
