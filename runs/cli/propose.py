"""`nextwell propose`: the next round, with predictions and reasons."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from .options import DEFAULT_WORKSPACE, AsJson, CampaignFile, ContextLevels, TableFile, WorkspaceFolder
from .round_table import show_round
from .status import where_option
from .voice import speaking


class StrategyName(StrEnum):
    """How candidates are chosen."""

    auto = "auto"
    random = "random"
    endpoint = "endpoint"


def propose(
    file: CampaignFile,
    n: Annotated[int | None, typer.Option("-n", min=1, help="New candidates; else as the campaign's [batch] says.", show_default=False)] = None,
    strategy: Annotated[StrategyName, typer.Option(help="auto; random and endpoint are rivals to compare with.")] = StrategyName.auto,
    ahead: Annotated[bool, typer.Option("--ahead", help="Propose though an earlier round still waits for results.")] = False,
    context: ContextLevels = None,
    workspace: WorkspaceFolder = DEFAULT_WORKSPACE,
    table: TableFile = None,
    as_json: AsJson = False,
) -> None:
    """Propose the next round of experiments and record it."""
    with speaking("propose", as_json=as_json) as voice:
        from ..state.status import what_waits
        from ..verbs.context_text import read_contexts
        from ..verbs.from_file import open_file
        from ..verbs.propose import propose as propose_round

        campaign = open_file(file, workspace=workspace, table=table).campaign
        outcome = propose_round(campaign, n=n, strategy=strategy.value, ahead=ahead, contexts=read_contexts(context or ()), progress=voice.progress)
        assert outcome.round is not None and campaign.workspace is not None
        show_round(voice, outcome.round, outcome.state.charter)
        voice.notes(outcome.messages)
        folder = campaign.workspace.round_folder(outcome.state.name, outcome.round.number)
        voice.told["files"] = [str(folder / "proposal.csv")]
        voice.say(f"Written to {folder / 'proposal.csv'}")
        mine = next(line for line in what_waits(outcome.state, file=str(file)) if line.round == outcome.round.number)
        voice.next_step(mine.command + where_option(workspace))
        campaign.close()
