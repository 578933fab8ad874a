"""`nextwell amend`: drop, swap or add wells, each with a reason."""

from __future__ import annotations

from typing import Annotated

import typer

from .options import DEFAULT_WORKSPACE, AsJson, CampaignFile, RoundNumber, TableFile, WorkspaceFolder
from .round_table import show_round
from .status import where_option
from .voice import speaking


def amend(
    file: CampaignFile,
    reason: Annotated[str, typer.Option("--reason", help="Why; it stays in the journal.", show_default=False)],
    drop: Annotated[list[str] | None, typer.Option("--drop", metavar="ID", help="Leave an experiment out; a candidate's replicates go with it.")] = None,
    swap: Annotated[list[str] | None, typer.Option("--swap", metavar="ID:SETTINGS", help='Put other settings in its place: "R01-003: glucose=10, inducer=0.1".')] = None,
    add: Annotated[list[str] | None, typer.Option("--add", metavar="SETTINGS", help='Add a candidate: "glucose=10, inducer=0.1", JSON, or "candidate=17".')] = None,
    round: RoundNumber = None,
    workspace: WorkspaceFolder = DEFAULT_WORKSPACE,
    table: TableFile = None,
    as_json: AsJson = False,
) -> None:
    """Change a proposed round before its results are in. What was compiled or approved of it is void."""
    with speaking("amend", as_json=as_json) as voice:
        from ..state.status import what_waits
        from ..verbs.amend import amend as amend_round
        from ..verbs.from_file import open_file
        from ..verbs.settings_text import read_settings, read_swap

        campaign = open_file(file, workspace=workspace, table=table).campaign
        space = campaign.space
        outcome = amend_round(
            campaign, reason=reason, round=round, drop=tuple(drop or ()), swap=dict(read_swap(text, space) for text in swap or ()),
            add=[read_settings(text, space) for text in add or ()],
        )  # fmt: skip
        assert outcome.round is not None
        show_round(voice, outcome.round, outcome.state.charter)
        voice.notes(outcome.messages)
        voice.next_step(what_waits(outcome.state, file=str(file))[0].command + where_option(workspace))
        campaign.close()
