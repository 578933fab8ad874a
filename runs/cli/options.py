"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

CampaignFile = Annotated[Path, typer.Argument(metavar="CAMPAIGN.toml", help="The campaign file.", show_default=False)]
WorkspaceFolder = Annotated[Path, typer.Option("--workspace", "-w", metavar="FOLDER", help="Folder of the journal, the raw files and what is written.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout; everything else goes to stderr.")]
RoundNumber = Annotated[int | None, typer.Option("--round", "-r", min=1, metavar="N", help="Which round; else the one that is open.", show_default=False)]
TableFile = Annotated[Path | None, typer.Option("--table", metavar="FILE", help="The table of candidates, where the campaign file names none.", show_default=False)]
VendorName = Annotated[str | None, typer.Option("--vendor", metavar="NAME", help="The program that wrote the file, where its content does not show it: gen5, mars, magellan, softmax …", show_default=False)]
SheetName = Annotated[str | None, typer.Option("--sheet", metavar="NAME", help="Which sheet of a workbook.", show_default=False)]
ChannelMap = Annotated[list[str] | None, typer.Option("--map", metavar="NAME=CHANNEL", help='Which channel of the file is which measurement: --map "OD600=absorbance 600 nm".')]
ContextLevels = Annotated[list[str] | None, typer.Option("--context", metavar="NAME=LEVEL", help="The level of a context of the campaign: --context donor=D3.", show_default=False)]
DEFAULT_WORKSPACE = Path("lab")
