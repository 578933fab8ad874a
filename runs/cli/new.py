"""`nextwell new`: a commented campaign file and lab file to start from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import AsJson
from .voice import speaking


def new(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the two files are written.")],
    name: Annotated[str | None, typer.Option("--name", help="The campaign's name; else the folder's.", show_default=False)] = None,
    lab: Annotated[
        str | None, typer.Option("--lab", metavar="NAME", help="A ready bench: echo-650, flex, hands, ot-2, tecan-evo; else a plain Flex.", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write campaign.toml and lab.toml, commented, ready to be edited. Overwrites nothing."""
    with speaking("new", as_json=as_json) as voice:
        from ..documents.new_campaign import write_new

        written = write_new(folder, name=name, lab=lab)
        voice.told["files"] = [str(file) for file in written]
        for file in written:
            voice.say(f"Written: {file}")
        voice.next_step(f"check {folder / 'campaign.toml'}")
