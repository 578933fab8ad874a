"""One robot file through Opentrons' engine, told as plain data. Self-contained: it runs under any interpreter that has `opentrons`.

The file's code is executed by `analyse`; who may be executed where is the business of `worker.py` (texts of ours) and
`apart.py` (anybody's).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

FILE_NAME = "protocol.py"
# the engine's private calls that `analyse` leans on were seen in these versions alone
WELL_KEYS = ("x", "y", "z", "depth", "totalLiquidVolume", "shape", "diameter", "xDimension", "yDimension")
# results are read of these alone: a whole definition, or where a tip went
_RESULTS = {"loadLabware", "loadLid", "loadPipette", "loadModule", "pickUpTip", "moveLabware", "configureNozzleLayout", "aspirate", "dispense"}


async def analyse(
    text: str, folder: Path, *, suffix: str = ".py", labware: dict[str, str] | None = None, csv: dict[str, str] | None = None,
    values: dict[str, Any] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Analyse one file as `opentrons_analyze` does.

    Args:
        text: the protocol.
        folder: where it is written; nothing else is.
        suffix: ".py", or ".json" for a file of the maker's JSON schemas.
        labware: file name → text of labware definitions that the protocol may load.
        csv: run-time parameter → text of the CSV file that it gets.
        values: run-time parameter → value; others keep their default.

    Returns:
        `robot`, `api`, `errors`, `commands`, `wells` (the engine's ledger at the end), `labware`, `definitions`, `pipettes`,
        `modules`, `liquids`, `parameters`. A file that can't be read or set up gives `errors` alone.
    """
    from opentrons.protocol_reader import ProtocolFilesInvalidError, ProtocolReader
    from opentrons.protocol_runner.create_simulating_orchestrator import create_simulating_orchestrator
    from opentrons.protocol_runner.run_orchestrator import ParseMode

    path = folder / Path(FILE_NAME).with_suffix(suffix)
    path.write_text(text, encoding="utf-8")
    files = [path]
    for number, definition in enumerate((labware or {}).values()):
        files.append(folder / f"labware_{number}.json")
        files[-1].write_text(definition, encoding="utf-8")
    paths = {}
    for number, (name, table) in enumerate((csv or {}).items()):
        paths[name] = folder / f"table_{number}.csv"
        paths[name].write_text(table, encoding="utf-8")
    try:
        source = await ProtocolReader().read_saved(files=files, directory=None)
    except ProtocolFilesInvalidError as fault:
        # the cause says where: a line of the file, a key of a definition
        cause = f" ({type(fault.__cause__).__name__}: {fault.__cause__})" if fault.__cause__ else ""
        return unread(type(fault).__name__, f"{fault}{cause}")
    told: dict[str, Any] = {"robot": source.robot_type, "api": str(getattr(source.config, "api_version", ""))}
    lines = _Lines((path.name, str(path)))
    orchestrator = await create_simulating_orchestrator(robot_type=source.robot_type, protocol_config=source.config)
    try:
        with lines:
            await orchestrator.load(protocol_source=source, parse_mode=ParseMode.NORMAL, run_time_param_values=values or {}, run_time_param_paths=paths)
            result = await orchestrator.run(deck_configuration=[])
    except Exception as fault:
        return {**unread(type(fault).__name__, str(fault)), **told}
    state = result.state_summary
    definitions: dict[str, Any] = {}
    return {
        **told,
        "errors": [_error(error) for error in state.errors],
        "commands": [_command(command, lines.of, definitions) for command in result.commands],
        "wells": [[well.labware_id, well.well_name, _number(well.loaded_volume)] for well in state.wells or []],
        "labware": [[item.id, item.loadName, getattr(getattr(item.location, "slotName", None), "value", "")] for item in state.labware],
        "definitions": definitions,
        "pipettes": [_pipette(item) for item in state.pipettes],
        "modules": [[item.id, item.model.value, item.location.slotName.value if item.location else ""] for item in state.modules],
        "liquids": [[liquid.id, liquid.displayName] for liquid in state.liquids],
        "parameters": [parameter.model_dump(mode="json", exclude_none=True) for parameter in result.parameters],
    }


def unread(kind: str, detail: str) -> dict[str, Any]:
    """What is told of a file that could not even be set up."""
    return {
        "robot": "", "api": "", "errors": [{"chain": [[kind, detail, True]]}], "commands": [], "wells": [], "labware": [],
        "definitions": {}, "pipettes": [], "modules": [], "liquids": [], "parameters": [],
    }  # fmt: skip


def _number(value: object) -> float | None:
    """A volume, or None where the engine itself does not know it."""
    return float(value) if isinstance(value, int | float) else None


def _error(error: Any) -> dict[str, Any]:
    """The error and what it wraps, outermost first: [type, detail, whether it is an innermost one]."""
    chain, todo = [], [error]
    while todo:
        one = todo.pop(0)
        inner = list(getattr(one, "wrappedErrors", None) or [])
        chain.append([one.errorType, one.detail, not inner])
        todo = [*inner, *todo]
    return {"chain": chain}


def _command(command: Any, lines: dict[str, int], definitions: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {
        "kind": command.commandType, "status": command.status.value, "line": lines.get(command.id),
        "params": command.params.model_dump(mode="json", exclude_none=True),
    }  # fmt: skip
    if command.error is not None:
        told["error"] = _error(command.error)
    if command.result is not None and command.commandType in _RESULTS:
        result = command.result
        if hasattr(result, "definition") and result.definition is not None:
            uri = f"{result.definition.namespace}/{result.definition.parameters.loadName}/{result.definition.version}"
            definitions.setdefault(uri, _definition(result.definition))
            told["result"] = {"labwareId": result.labwareId, "definition": uri}
        else:
            told["result"] = result.model_dump(mode="json", exclude_none=True, include={"labwareId", "pipetteId", "moduleId", "position", "volume", "model"})
    return told


def _definition(definition: Any) -> dict[str, Any]:
    """What the ledger needs of a labware definition: of the engine's own, so that custom labware is known too."""
    full = definition.model_dump(mode="json", exclude_none=True)
    bottoms = {well: group.get("metadata", {}).get("wellBottomShape") for group in full["groups"] for well in group["wells"]}
    extents = full.get("extents", {}).get("total")
    dimensions = full.get("dimensions")
    height = dimensions["zDimension"] if dimensions else extents["frontRightTop"]["z"] - extents["backLeftBottom"]["z"]
    return {
        "loadName": full["parameters"]["loadName"], "namespace": full["namespace"], "version": full["version"],
        "title": full["metadata"]["displayName"], "category": full["metadata"]["displayCategory"],
        "isTiprack": full["parameters"].get("isTiprack", False), "tipLength": full["parameters"].get("tipLength"),
        "quirks": full["parameters"].get("quirks", []), "height": height, "roles": full.get("allowedRoles", []),
        "wells": {
            name: {**{key: well[key] for key in WELL_KEYS if key in well}, "bottom": bottoms.get(name) or ""} for name, well in full["wells"].items()
        },
    }  # fmt: skip


def _pipette(item: Any) -> dict[str, Any]:
    from opentrons_shared_data.pipette import load_data, pipette_load_name_conversions

    model = pipette_load_name_conversions.convert_pipette_name(item.pipetteName)
    told = load_data.load_definition(model.pipette_type, model.pipette_channels, model.pipette_version, model.oem_type)
    liquids = {getattr(kind, "name", str(kind)): liquid for kind, liquid in told.liquid_properties.items()}
    overlaps = getattr(told, "tip_overlap_dictionary", None) or {}
    return {
        "id": item.id, "name": item.pipetteName.value, "mount": item.mount.value, "channels": int(told.channels.value),
        "modes": {name: [liquid.min_volume, liquid.max_volume] for name, liquid in liquids.items()},
        "racks": sorted({rack for liquid in liquids.values() for rack in liquid.default_tipracks} | {rack for rack in overlaps if "/" in rack}),
        "tips": sorted({int(getattr(tip, "name", str(tip)).lstrip("t")) for liquid in liquids.values() for tip in liquid.supported_tips}),
        "nozzles": {name: [float(at[0]), float(at[1])] for name, at in told.nozzle_map.items()},
    }  # fmt: skip


class _Lines:
    """Notes which line of the protocol asked for each command, while it is entered. The engine itself keeps no such thing."""

    def __init__(self, file_names: tuple[str, ...]) -> None:
        self.of: dict[str, int] = {}
        self._file_names = file_names
        self._now: int | None = None

    def _here(self) -> int | None:
        frame: Any = sys._getframe(2)
        while frame is not None:
            # by its whole name: the API has a protocol.py of its own
            if frame.f_code.co_filename in self._file_names:
                return int(frame.f_lineno)
            frame = frame.f_back
        return None

    def __enter__(self) -> None:
        from opentrons.protocol_engine import ProtocolEngine
        from opentrons.protocol_engine.clients.transports import ChildThreadTransport

        self._kept = (
            ProtocolEngine.add_and_execute_command, ProtocolEngine.add_and_execute_command_wait_for_recovery,
            ChildThreadTransport.execute_command_wait_for_recovery,
        )  # fmt: skip
        plain, recovering, waiting = self._kept

        def noted(engine: Any, request: Any) -> Any:
            # called in the protocol's own thread, whose stack still has the file's frame; the coroutine runs elsewhere
            line = self._here()

            async def go() -> Any:
                command = await plain(engine, request=request)
                if line is not None:
                    self.of[command.id] = line
                return command

            return go()

        async def recovered(engine: Any, request: Any) -> Any:
            line = self._now
            command = await recovering(engine, request=request)
            if line is not None:
                self.of[command.id] = line
            return command

        def waited(transport: Any, request: Any) -> Any:
            self._now = self._here()
            return waiting(transport, request)

        ProtocolEngine.add_and_execute_command = noted  # type: ignore[method-assign,assignment]
        ProtocolEngine.add_and_execute_command_wait_for_recovery = recovered  # type: ignore[method-assign,assignment]
        ChildThreadTransport.execute_command_wait_for_recovery = waited  # type: ignore[method-assign,assignment]

    def __exit__(self, *_: object) -> None:
        from opentrons.protocol_engine import ProtocolEngine
        from opentrons.protocol_engine.clients.transports import ChildThreadTransport

        ProtocolEngine.add_and_execute_command, ProtocolEngine.add_and_execute_command_wait_for_recovery = self._kept[:2]  # type: ignore[method-assign]
        ChildThreadTransport.execute_command_wait_for_recovery = self._kept[2]  # type: ignore[method-assign]
