"""`nextwell check-protocol`: everything that is wrong with a robot file of one's own."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from .exits import exit_code
from .options import AsJson
from .voice import speaking

# the engine's names
_ROBOTS = {"OT-3 Standard": "Flex", "OT-2 Standard": "OT-2"}


def check_protocol(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An Opentrons protocol (Flex or OT-2), in Python or JSON.", show_default=False)],
    labware: Annotated[Path | None, typer.Option("--labware", metavar="FOLDER", help="Folder of custom labware definitions (JSON).", show_default=False)] = None,
    csv: Annotated[list[str] | None, typer.Option("--csv", metavar="NAME=FILE", help="The table of a CSV run-time parameter.", show_default=False)] = None,
    value: Annotated[list[str] | None, typer.Option("--value", metavar="NAME=VALUE", help="A run-time parameter's value; else its default.", show_default=False)] = None,
    as_json: AsJson = False,
) -> None:
    """Run a robot file behind walls, follow every tip and well, and tell all that is wrong. Exits 1 where an error was found."""
    with speaking("check-protocol", as_json=as_json) as voice:
        from protocols.finding import errors_in
        from world_model.terms.errors import ProtocolError

        from ..verbs.check_protocol import check_protocol as audit
        from ..verbs.check_protocol import contents_table

        voice.progress(f"running {file.name} in a process of its own")
        told = audit(file, labware=labware, csv=csv or (), values=value or ())
        voice.told |= {
            "file": str(file), "kind": told.kind, "robot": told.robot, "api": told.api, "engine": told.engine, "walls": list(told.walls), "commands": told.commands,
            "passed": told.passed, "findings": [finding.as_dict() for finding in told.findings], "tips": told.tips, "wells": [asdict(well) for well in told.wells],
            "in_trash_ul": told.in_trash_ul,
        }  # fmt: skip
        if told.engine:
            about = f"{_ROBOTS.get(told.robot, told.robot)}, API {told.api}, {told.commands} commands" if told.robot else told.kind
            voice.say(f"{file}: {about}; {told.engine}, run with: {', '.join(told.walls)}")
        voice.table([{"": finding.severity, "rule": finding.rule, "what": str(finding)} for finding in told.findings])
        voice.table(contents_table(told.wells), title="Wells at the end")
        if told.tips:
            voice.say("Tips used: " + "; ".join(f"{count} of {rack}" for rack, count in told.tips.items()) + f". Into the trash: {told.in_trash_ul:.4g} µL.")
        errors, others = errors_in(told.findings), [finding for finding in told.findings if finding.severity == "warning"]
        if errors:
            voice.say(f"Refused for {len(errors)} reason{'s' if len(errors) != 1 else ''}.", style="bold red")
            raise typer.Exit(int(exit_code(ProtocolError())))
        voice.say("Nothing wrong was found" + (f", {len(others)} thing{'s' if len(others) != 1 else ''} to look at." if others else "."), style="green")
