"""`nextwell advise`: which running wells to stop, and which to read now."""

from __future__ import annotations

from typing import Annotated

import typer

from .options import DEFAULT_WORKSPACE, AsJson, CampaignFile, RoundNumber, TableFile, WorkspaceFolder
from .voice import speaking


def advise(
    file: CampaignFile,
    until: Annotated[float | None, typer.Option("--until", metavar="H", help="Now, in hours; later readings are held back. Else the last reading.", show_default=False)] = None,
    goal: Annotated[int, typer.Option("--goal", min=1, help="Which of the campaign's goals decides.")] = 1,
    below: Annotated[float, typer.Option("--below", help="A well may be stopped where it ends as the best with less than this chance.")] = 0.01,
    round: RoundNumber = None,
    workspace: WorkspaceFolder = DEFAULT_WORKSPACE,
    table: TableFile = None,
    as_json: AsJson = False,
) -> None:
    """Which wells of the round that runs can't become the best any more, and where the next reading tells most."""
    with speaking("advise", as_json=as_json) as voice:
        from ..verbs.advise import advise_wells
        from ..verbs.from_file import look_at_file

        campaign = look_at_file(file, workspace=workspace, table=table).campaign
        told = advise_wells(campaign, until_h=until, goal=goal - 1, below=below, round=round, progress=voice.progress)
        unit = f" {told.unit}" if told.unit else ""
        rows = [
            {
                "experiment": one.id, told.goal.what: f"{one.mean:.4g} ± {one.sd:.2g}{unit}", "ends as the best": f"{one.best:.1%}", "do": one.act,
                "a read at": "" if one.read_h is None else f"{one.read_h:g} h leaves ± {one.sd_after:.2g}",
            }
            for one in told.wells
        ]  # fmt: skip
        voice.table(rows, title=f"{told.goal}; best of what is done: {told.best_done:.4g}{unit}")
        stopped = [one.id for one in told.wells if one.act == "stop"]
        voice.say(f"{len(stopped)} of {len(told.wells)} wells end as the best with less than {told.below:g}: {', '.join(stopped) or 'none'}.")
        voice.say("Wells that are stopped still teach the model: their readings until then count.", style="dim")
        voice.told |= {
            "goal": str(told.goal), "unit": told.unit, "below": told.below, "best_done": told.best_done, "stop": stopped,
            "wells": [
                {"experiment": one.id, "mean": one.mean, "sd": one.sd, "best": one.best, "do": one.act, "read_h": one.read_h, "sd_after_read": None if one.read_h is None else one.sd_after}
                for one in told.wells
            ],
        }  # fmt: skip
        campaign.close()
