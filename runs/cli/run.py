"""`nextwell run`: the whole loop by itself with a simulated lab; with a real one, the step to take next."""

from __future__ import annotations

from typing import Annotated

import typer

from .options import DEFAULT_WORKSPACE, AsJson, CampaignFile, TableFile, WorkspaceFolder
from .propose import StrategyName
from .status import show_best, where_option
from .voice import speaking


def run(
    file: CampaignFile,
    lab: Annotated[str | None, typer.Option("--lab", metavar="LAB", help="microplate, penicillin, table:FILE or petab:FOLDER; else as the campaign file says.", show_default=False)] = None,
    rounds: Annotated[int | None, typer.Option("--rounds", min=1, help="Rounds to finish now; else until the budget is spent.", show_default=False)] = None,
    n: Annotated[int | None, typer.Option("-n", min=1, help="New candidates a round.", show_default=False)] = None,
    strategy: Annotated[StrategyName, typer.Option(help="auto; random and endpoint are rivals to compare with.")] = StrategyName.auto,
    workspace: WorkspaceFolder = DEFAULT_WORKSPACE,
    table: TableFile = None,
    as_json: AsJson = False,
) -> None:
    """Close the loop with a simulated lab. Without one, say which step to take next."""
    with speaking("run", as_json=as_json) as voice:
        from ..state.status import counts, what_waits
        from ..verbs.from_file import open_file
        from ..verbs.run_loop import run_loop
        from ..verbs.simulated_lab import simulated_lab, table_of

        opened = open_file(file, workspace=workspace, table=table or table_of(lab))
        campaign = opened.campaign
        answering = simulated_lab(campaign, lab)
        voice.told["campaign"] = campaign.charter.name
        if answering is None:
            voice.say("A real lab answers this campaign, so its steps are taken one at a time.")
            lines = what_waits(campaign.state(), file=str(file))
            for line in lines:
                voice.say(f"  {line.what}")
            voice.next_step(lines[0].command + where_option(workspace))
            return
        outcome = run_loop(campaign, answering, rounds=rounds, n=n, strategy=strategy.value, progress=voice.progress)
        numbers = counts(outcome.state)
        voice.told |= {"lab": answering.name, "rounds": numbers.rounds, "experiments_used": numbers.experiments_used}
        voice.notes(outcome.messages)
        voice.say(f"{numbers.rounds} rounds, {numbers.experiments_used} experiments.", style="green")
        show_best(voice, campaign)
        voice.next_step(what_waits(outcome.state, file=str(file))[0].command + where_option(workspace))
        campaign.close()
