"""`nextwell stop-report`: what the next batch is worth, and the reasons to stop. Advice only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from .options import DEFAULT_WORKSPACE, AsJson, CampaignFile, TableFile, WorkspaceFolder
from .voice import Voice, speaking

if TYPE_CHECKING:
    from world_model.terms.stop import StopReport


def stop_report(
    file: CampaignFile,
    n: Annotated[int | None, typer.Option("-n", min=1, help="New candidates of the next batch; else as the campaign's [batch] says.", show_default=False)] = None,
    workspace: WorkspaceFolder = DEFAULT_WORKSPACE,
    table: TableFile = None,
    as_json: AsJson = False,
) -> None:
    """Say what the next batch is worth in the goal's own unit, what it costs, and which reasons to stop hold. Records nothing."""
    with speaking("stop-report", as_json=as_json) as voice:
        from ..verbs.from_file import look_at_file
        from ..verbs.stop_report import stop_report as report

        campaign = look_at_file(file, workspace=workspace, table=table).campaign
        told = report(campaign, n=n, progress=voice.progress)
        voice.told |= {"campaign": campaign.charter.name, "report": told.model_dump(mode="json")}
        show_stop_report(voice, told)
        campaign.close()


def show_stop_report(voice: Voice, told: StopReport) -> None:
    """The report for people."""
    from ..report.numbers import estimate_text, percent, with_unit

    voice.say(f"Before round {told.rounds + 1}: {told.of}", style="bold")
    if told.best is not None:
        believed = estimate_text(told.best.mean, told.best.low, told.best.high)
        voice.say(f"  recommended now: {told.best_id}, true value {believed} {told.unit} with 90 %".replace("  with", " with"))
    if told.gain is not None:
        gain = estimate_text(told.gain.mean, told.gain.low, told.gain.high)
        price = f" and {told.cost:.2f} {told.currency} of stocks" if told.cost is not None else ""
        voice.say(f"  the next batch ({told.wells} wells{price}) is expected to better it by {gain} {told.unit}".rstrip())
    if told.left is not None and told.margin is not None:
        left = f" ({told.remaining:,} are left)" if told.remaining is not None else ""
        voice.say(f"  some remaining candidate{left} truly beats it by more than {with_unit(told.margin, told.unit)}: {percent(told.left)} likely")
    for found in told.findings:
        voice.say(f"  {'yes' if found.met else 'no':>3} · {found.reason}: {found.why}")
    voice.say(told.advice, style="bold yellow" if told.stop else "bold green")
