"""`nextwell record`: take in a results file, whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import (
    DEFAULT_WORKSPACE,
    AsJson,
    CampaignFile,
    ChannelMap,
    ContextLevels,
    RoundNumber,
    SheetName,
    TableFile,
    VendorName,
    WorkspaceFolder,
)
from .status import show_best, where_option
from .voice import speaking


def record(
    file: CampaignFile,
    results: Annotated[Path, typer.Argument(metavar="RESULTS", help="The reader's file: a table (CSV, XLSX) or an instrument's own export. See it first with: nextwell read RESULTS", show_default=False)],
    failed: Annotated[list[str] | None, typer.Option("--failed", metavar="WELL=WHY", help='A well that has no reading that counts: --failed H7="bubble".')] = None,
    partial: Annotated[bool, typer.Option("--partial", help="The file lacks wells or times, and is taken as far as it goes.")] = False,
    correct: Annotated[str, typer.Option("--correct", metavar="WHY", help="Readings that differ from recorded ones replace them, and why.")] = "",
    offset_h: Annotated[float, typer.Option("--offset-h", metavar="HOURS", help="Added to the reader's times, so that they count from the campaign's zero.")] = 0.0,
    vendor: VendorName = None,
    sheet: SheetName = None,
    plate: Annotated[str | None, typer.Option("--plate", metavar="NAME", help="The plate that the file is of, whatever the reader calls it.", show_default=False)] = None,
    map: ChannelMap = None,
    context: ContextLevels = None,
    round: RoundNumber = None,
    workspace: WorkspaceFolder = DEFAULT_WORKSPACE,
    table: TableFile = None,
    as_json: AsJson = False,
) -> None:
    """Record the results of a round. If anything in the file is wrong, every cell is named and nothing is taken."""
    with speaking("record", as_json=as_json) as voice:
        from ..ingest.channels import read_map
        from ..state.status import what_waits
        from ..verbs.context_text import read_contexts
        from ..verbs.from_file import open_file
        from ..verbs.record import HowToRead, record_file
        from ..verbs.settings_text import read_failed

        campaign = open_file(file, workspace=workspace, table=table).campaign
        outcome = record_file(
            campaign, results, round=round, failed=read_failed(failed or ()), partial=partial, correct=correct, offset_h=offset_h,
            how=HowToRead(vendor=vendor, sheet=sheet, plate=plate, mapping=read_map(map or ())),
            contexts=read_contexts(context or ()),
        )
        source = list(outcome.state.sources.values())[-1]
        voice.told |= {"campaign": outcome.state.name, "round": outcome.round.number if outcome.round else None, "sha256": source.sha256}
        voice.say(f"Recorded {results.name} (SHA-256 {source.sha256[:12]}…).", style="green")
        voice.notes(outcome.messages)
        show_best(voice, campaign)
        voice.next_step(what_waits(outcome.state, file=str(file))[0].command + where_option(workspace))
        campaign.close()
