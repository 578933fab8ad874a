"""`nextwell report`: one self-contained page, and pictures."""

from __future__ import annotations

from typing import Annotated

import typer

from .options import DEFAULT_WORKSPACE, AsJson, CampaignFile, TableFile, WorkspaceFolder
from .voice import speaking


def report(
    file: CampaignFile,
    lab: Annotated[str | None, typer.Option("--lab", metavar="LAB", help="The simulated lab that answered; else as the campaign file says.", show_default=False)] = None,
    seeds: Annotated[int, typer.Option("--seeds", min=0, help="Random campaigns to compare with, where a simulated lab answers.")] = 5,
    workspace: WorkspaceFolder = DEFAULT_WORKSPACE,
    table: TableFile = None,
    as_json: AsJson = False,
) -> None:
    """Write the report of a campaign: what was found, how sure it is, what was proposed and why."""
    with speaking("report", as_json=as_json) as voice:
        from ..verbs.from_file import look_at_file
        from ..verbs.simulated_lab import table_of
        from ..verbs.write_report import write_report_of

        campaign = look_at_file(file, workspace=workspace, table=table or table_of(lab)).campaign
        written = write_report_of(campaign, lab_spec=lab, seeds=seeds, progress=voice.progress)
        voice.told |= {"campaign": campaign.charter.name, "report": str(written)}
        voice.say(f"Report: {written}", style="green")
        campaign.close()
