"""`nextwell compile`: robot files and bench sheet of a round, read back and checked before they are written."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import DEFAULT_WORKSPACE, AsJson, CampaignFile, RoundNumber, TableFile, WorkspaceFolder
from .status import where_option
from .voice import speaking


def compile_command(
    file: CampaignFile,
    inoculum_od: Annotated[float | None, typer.Option("--inoculum-od", min=0, help="OD600 of the cells as measured this morning; else the lab file's expected one.", show_default=False)] = None,
    target: Annotated[str | None, typer.Option("--target", metavar="NAME", help="Which of the lab file's machines the files are for; its [robot] unless told.", show_default=False)] = None,
    layout: Annotated[Path | None, typer.Option("--layout", metavar="FILE", help="A layout of your own: CSV with the columns well and experiment_id. It is checked and kept.", show_default=False)] = None,
    unattended: Annotated[bool, typer.Option("--unattended", help="Nobody stays beside the machine: unknown and grave hazards are refused.")] = False,
    round: RoundNumber = None,
    workspace: WorkspaceFolder = DEFAULT_WORKSPACE,
    table: TableFile = None,
    as_json: AsJson = False,
) -> None:
    """Write and verify the robot files, the bench sheet, the well list and the transfer list of a round."""
    with speaking("compile", as_json=as_json) as voice:
        from ..documents.layout_file import read_layout
        from ..state.status import what_waits
        from ..verbs.compile_round import compile_round
        from ..verbs.from_file import open_file

        campaign = open_file(file, workspace=workspace, table=table).campaign
        outcome = compile_round(
            campaign, round=round, inoculum_od600=inoculum_od, target=target, attendance="unattended" if unattended else "attended",
            own_layout=None if layout is None else read_layout(layout), progress=voice.progress,
        )  # fmt: skip
        assert outcome.round is not None and outcome.round.compiled is not None and campaign.workspace is not None
        compiled = outcome.round.compiled
        folder = campaign.workspace.round_folder(outcome.state.name, outcome.round.number)
        voice.told |= {
            "campaign": outcome.state.name, "round": outcome.round.number, "plate": compiled.plate, "protocol_sha256": compiled.protocol_sha256,
            "target": compiled.target,
            "files": [str(folder / written.name) for written in compiled.files], "verified": compiled.verified,
        }  # fmt: skip
        voice.table(
            [{"stage": stage.name, "at (h)": f"{stage.at_h:g}", "file": str(folder / stage.file)} for stage in compiled.stages],
            title=f"Plate {compiled.plate} for {compiled.target}: {len(compiled.layout)} wells, protocol {compiled.protocol_sha256[:12]}",
        )
        voice.say(f"Bench sheet: {folder / 'bench_sheet.html'}")
        voice.notes(outcome.messages)
        voice.next_step(what_waits(outcome.state, file=str(file))[0].command + where_option(workspace))
        campaign.close()
