"""`nextwell approve`: a person vouches for a round's files."""

from __future__ import annotations

from typing import Annotated

import typer

from .options import DEFAULT_WORKSPACE, AsJson, CampaignFile, RoundNumber, TableFile, WorkspaceFolder
from .status import where_option
from .voice import speaking


def approve(
    file: CampaignFile,
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who approves.", show_default=False)],
    comment: Annotated[str, typer.Option("--comment", help="Kept with the approval.")] = "",
    round: RoundNumber = None,
    workspace: WorkspaceFolder = DEFAULT_WORKSPACE,
    table: TableFile = None,
    as_json: AsJson = False,
) -> None:
    """Approve a compiled round: binds your name to the hashes of the files on disk."""
    with speaking("approve", as_json=as_json) as voice:
        from ..state.status import what_waits
        from ..verbs.approve import approve as approve_round
        from ..verbs.from_file import open_file

        campaign = open_file(file, workspace=workspace, table=table).campaign
        outcome = approve_round(campaign, person=by, round=round, comment=comment)
        assert outcome.round is not None and outcome.round.approval is not None
        approval = outcome.round.approval
        voice.told |= {"campaign": outcome.state.name, "round": outcome.round.number, "person": approval.person, "files": [w.model_dump() for w in approval.files]}
        for message in outcome.messages:
            voice.say(message)
        voice.next_step(what_waits(outcome.state, file=str(file))[0].command + where_option(workspace))
        campaign.close()
