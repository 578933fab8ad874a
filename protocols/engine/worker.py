"""Analyses robot files with Opentrons' own engine. Self-contained: it runs under any interpreter that has `opentrons`.

One JSON object a line in, one a line out. First line out: {"ready": true, "opentrons": VERSION, "python": VERSION}, or
{"ready": false, "error": TEXT}. Then {"id", "text"} gives {"id", "errors", "commands", "wells", "labware", "pipettes",
"liquids"}. The file's code is executed: only text that nextwell wrote itself may be sent.
"""

import asyncio
import json
import logging
import os
import sys
import tempfile
from pathlib import Path

KEPT = {
    "loadLiquid", "aspirate", "dispense", "pickUpTip", "dropTip", "dropTipInPlace", "configureForVolume", "aspirateInPlace",
    "dispenseInPlace", "blowout", "blowOutInPlace", "moveToAddressableAreaForDropTip", "airGapInPlace", "aspirateWhileTracking",
    "dispenseWhileTracking", "transferLiquid", "moveLabware", "loadLabware", "loadPipette", "home",
}  # fmt: skip


def main() -> None:
    # whatever the engine prints must not reach the line protocol
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    logging.disable(logging.CRITICAL)

    def answer(told: dict) -> None:
        answers.write(json.dumps(told) + "\n")
        answers.flush()

    with tempfile.TemporaryDirectory(prefix="nextwell-engine-") as folder:
        os.environ["OT_API_CONFIG_DIR"] = folder
        try:
            from importlib.metadata import version

            import opentrons.cli.analyze  # noqa: F401

            answer({"ready": True, "opentrons": version("opentrons"), "python": sys.version.split()[0]})
        except Exception as fault:
            answer({"ready": False, "error": f"{type(fault).__name__}: {fault}"})
            return
        for line in sys.stdin:
            asked = json.loads(line)
            try:
                told = asyncio.run(_analyse(asked["text"], Path(folder)))
            except Exception as fault:
                told = {
                    "errors": [f"{type(fault).__name__}: {fault}"],
                    "commands": [],
                    "wells": [],
                    "labware": [],
                    "pipettes": [],
                    "liquids": [],
                }
            answer({"id": asked["id"], **told})


async def _analyse(text: str, folder: Path) -> dict:
    from opentrons.protocol_reader import ProtocolReader
    from opentrons.protocol_runner.create_simulating_orchestrator import create_simulating_orchestrator
    from opentrons.protocol_runner.run_orchestrator import ParseMode

    path = folder / "protocol.py"
    path.write_text(text, encoding="utf-8")
    source = await ProtocolReader().read_saved(files=[path], directory=None)
    orchestrator = await create_simulating_orchestrator(robot_type=source.robot_type, protocol_config=source.config)
    await orchestrator.load(protocol_source=source, parse_mode=ParseMode.NORMAL, run_time_param_values={}, run_time_param_paths={})
    result = await orchestrator.run(deck_configuration=[])
    state = result.state_summary
    return {
        "errors": [text for error in state.errors for text in _leaves(error)],
        "commands": [_command(command) for command in result.commands],
        "wells": [[well.labware_id, well.well_name, well.loaded_volume] for well in state.wells or []],
        "labware": [[item.id, item.loadName, getattr(getattr(item.location, "slotName", None), "value", "")] for item in state.labware],
        "pipettes": [[item.id, item.pipetteName.value, item.mount.value] for item in state.pipettes],
        "liquids": [[liquid.id, liquid.displayName] for liquid in state.liquids],
    }


def _command(command: object) -> dict:
    kind = command.commandType  # type: ignore[attr-defined]
    told = {"kind": kind, "status": command.status.value}  # type: ignore[attr-defined]
    if kind in KEPT:
        told["params"] = command.params.model_dump(mode="json", exclude_none=True)  # type: ignore[attr-defined]
    return told


def _leaves(error: object) -> list:
    """The innermost errors say what happened, the outer ones only that something did."""
    inner = list(getattr(error, "wrappedErrors", None) or [])
    if not inner:
        return [f"{error.errorType}: {error.detail}"]  # type: ignore[attr-defined]
    return [text for leaf in inner for text in _leaves(leaf)]


if __name__ == "__main__":
    main()
