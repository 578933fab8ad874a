"""`nextwell sample-times`: the few hours to read at."""

from __future__ import annotations

from typing import Annotated

import typer

from .options import DEFAULT_WORKSPACE, AsJson, CampaignFile, TableFile, WorkspaceFolder
from .voice import speaking


def sample_times(
    file: CampaignFile,
    reads: Annotated[int, typer.Option("-k", "--reads", min=1, help="Reads of each experiment.")] = 4,
    experiment: Annotated[str | None, typer.Option("--experiment", "-e", metavar="ID", help="One that runs: hours for the rest of it. Else for what waits, or the next round.", show_default=False)] = None,
    until: Annotated[float | None, typer.Option("--until", metavar="H", help="Now, in hours, for --experiment; else its last reading.", show_default=False)] = None,
    allowed: Annotated[str | None, typer.Option("--allowed", metavar="H,H,…", help="Hours at which one may read; else those of the measurements.", show_default=False)] = None,
    measurement: Annotated[list[str] | None, typer.Option("--measurement", "-m", metavar="NAME", help="What is read at each hour; else every measurement.", show_default=False)] = None,
    goal: Annotated[int, typer.Option("--goal", min=1, help="Which of the campaign's goals the reads are for.")] = 1,
    workspace: WorkspaceFolder = DEFAULT_WORKSPACE,
    table: TableFile = None,
    as_json: AsJson = False,
) -> None:
    """Which hours to read at, so that few reads tell the goal's readout best."""
    with speaking("sample-times", as_json=as_json) as voice:
        from ..report.pictures.sample_times import draw_sample_times
        from ..verbs.from_file import look_at_file
        from ..verbs.sample_times import sample_times as choose

        campaign = look_at_file(file, workspace=workspace, table=table).campaign
        told = choose(
            campaign, k=reads, experiment=experiment, until_h=until, allowed=_hours(allowed), measured=tuple(measurement or ()), goal=goal - 1,
            progress=voice.progress,
        )  # fmt: skip
        chosen, unit = told.chosen, f" {told.unit}" if told.unit else ""
        frame = told.frame()
        rows = [
            {"read": i + 1, "at": f"{row['at_h']:g} h", "sd of the readout": f"{row['sd_after']:.4g}{unit}", "variance removed": f"{row['share']:.0%}"}
            for i, row in enumerate(frame.to_dict("records"))
        ]
        voice.table(rows, title=f"{told.of}: {told.goal.what}, by worth")
        voice.say(f"Read at {', '.join(f'{hour:g} h' for hour in told.hours)}.", style="green")
        voice.say(
            f"Unread its sd is {chosen.sd[0]:.4g}{unit}; {len(told.hours)} reads leave {chosen.sd[-1]:.4g}, as many spread evenly {chosen.sd_even:.4g}, every allowed hour {chosen.sd_all:.4g}."
        )
        charter, at = campaign.charter, campaign.workspace
        assert at is not None
        written = draw_sample_times(told, name="sample_times" if experiment is None else f"sample_times_{experiment}", zero=charter.zero).write_png(at.campaign_folder(charter.name))
        voice.say(f"Picture: {written}", style="green")
        voice.told |= {
            "of": told.of, "goal": str(told.goal), "hours": list(told.hours), "by_worth": frame.to_dict("records"), "sd_unread": chosen.sd[0], "sd": chosen.sd[-1],
            "sd_evenly_spread": chosen.sd_even, "evenly_spread": list(chosen.even), "sd_every_hour": chosen.sd_all, "unit": told.unit, "files": [str(written)],
        }  # fmt: skip
        campaign.close()


def _hours(given: str | None) -> tuple[float, ...]:
    from world_model.terms.errors import DesignError

    try:
        return tuple(float(part) for part in (given or "").split(",") if part.strip())
    except ValueError:
        raise DesignError(f"Expected hours with commas between them, such as --allowed 0,2,4.5, found {given!r}.") from None
