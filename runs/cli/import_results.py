"""`nextwell import`: past results, so that a campaign does not start from nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import DEFAULT_WORKSPACE, AsJson, CampaignFile, TableFile, WorkspaceFolder
from .status import show_best, where_option
from .voice import speaking


def import_results(
    file: CampaignFile,
    results: Annotated[Path, typer.Argument(metavar="PAST.csv", help="A row an experiment: factors (or candidate) and measurements; or long, with time_h, measurement, value.", show_default=False)],
    workspace: WorkspaceFolder = DEFAULT_WORKSPACE,
    table: TableFile = None,
    as_json: AsJson = False,
) -> None:
    """Take in results of experiments that were done before. They teach the model and cost no budget."""
    with speaking("import", as_json=as_json) as voice:
        from ..state.status import what_waits
        from ..verbs.from_file import open_file
        from ..verbs.import_past import import_past

        campaign = open_file(file, workspace=workspace, table=table).campaign
        outcome = import_past(campaign, results)
        voice.told |= {"campaign": outcome.state.name, "past": len(outcome.state.past)}
        for message in outcome.messages:
            voice.say(message, style="green")
        show_best(voice, campaign)
        voice.next_step(what_waits(outcome.state, file=str(file))[0].command + where_option(workspace))
        campaign.close()
