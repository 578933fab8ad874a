"""A robot file of ours walked without the engine: its tables are read as literals, and its loop is known word by word.

It takes milliseconds, so that thousands of files can be held against their plans. It proves less than the engine does: what
Opentrons' software would refuse (a deck conflict, an exhausted rack) it does not see.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from world_model.terms.errors import ProtocolError

from .emitters.opentrons import API_LEVELS, COLUMNS, body
from .engine.analysis import Analysis, Event, Loaded
from .labware import labware
from .nozzles import wells_under
from .pipettes import by_engine_name, pipette_data
from .plan import PhysicalPlan, RobotStage
from .rebuild import FULL_RACK, PAUSE
from .verify import Verification, judge

_MOVES = "MOVES = [\n"
_RUN = "\n\ndef run(ctx):\n"
_END = "]" + _RUN


def rebuild_from_text(files: Sequence[str], plan: PhysicalPlan, stages: Sequence[RobotStage]) -> Verification:
    """Hold each stage's file against the plan: declared liquids, acts, and every well's composition.

    Raises:
        ProtocolError: a text is no file that nextwell wrote.
    """

    def answer(text: str) -> Analysis:
        walked = walk(text)
        return replace(walked, final_ul=_ledger(walked))

    return judge((answer(text) for text in files), plan, stages, by="command walk")


def _ledger(walked: Analysis) -> dict[tuple[str, str], float | None]:
    """Volumes at the end, from what is declared and moved, whatever the liquids are."""
    held: dict[tuple[str, str], float] = {}
    for load in walked.loads:
        held[load.slot, load.well] = held.get((load.slot, load.well), 0.0) + load.volume_ul
    channels = {mount: kind.channels for mount, name in walked.pipettes.items() if (kind := by_engine_name(name)) is not None}
    for event in walked.events:
        if event.kind in ("aspirate", "dispense"):
            sign = -1 if event.kind == "aspirate" else 1
            for well in wells_under(walked.labware[event.slot], event.well, channels[event.mount]):
                if well is not None:
                    held[event.slot, well] = held.get((event.slot, well), 0.0) + sign * event.volume_ul
    return dict(held)


def walk(text: str) -> Analysis:
    """The commands that a file stands for.

    Raises:
        ProtocolError: the text is no file that nextwell wrote; what differs is told.
    """
    tables = read_tables(text)
    labwares = dict(tables["LABWARE"])
    mounts = [mount for mount, _ in tables["PIPETTES"]]
    loads = [
        Loaded(liquid=liquid, slot=slot, well=well, volume_ul=volume) for liquid, _, slot, wells in tables["LIQUIDS"] for well, volume in wells.items()
    ]
    loads += [Loaded(liquid="", slot=slot, well=well, volume_ul=0.0) for slot, wells in tables["EMPTY"] for well in wells]
    events: list[Event] = []
    # the loop of `emitters/opentrons.py`, row by row
    bottom, above = tables["BOTTOM_MM"], tables["ABOVE_MM"]
    on: str | None = None
    for count, row in enumerate(tables["MOVES"]):
        if len(row) != len(COLUMNS):
            raise ProtocolError(f"Expected {len(COLUMNS)} columns in row {count + 1} of MOVES, found {len(row)}. Compile again.")
        number, tip, slot, source_well, target_slot, well, volume, manner, configure, stir, mix_times, mix, drawn_mm = row
        mount = mounts[number]
        if count in tables["REFILLS"]:
            if on is not None:
                events.append(Event(kind="drop", name="dropTip", mount=on))
            on = None
            events.append(Event(kind="other", name=PAUSE))
            events += [Event(kind="other", name=FULL_RACK, slot=rack) for rack in tables["REFILLS"][count]]
        if tip is not None and on is not None:
            events.append(Event(kind="drop", name="dropTip", mount=on))
        if configure is not None:
            events.append(Event(kind="configure", name="configureForVolume", mount=mount, volume_ul=configure))
        if tip is not None:
            events.append(Event(kind="pick", name="pickUpTip", mount=mount, slot=tip[0], well=tip[1]))
            on = mount
        source_mm, target_mm = _height(labwares, slot, source_well, drawn_mm), _height(labwares, target_slot, well, bottom)
        for _ in range(tables["STIR_TIMES"] if stir else 0):
            events += _stroke(mount, slot, source_well, stir, source_mm)
        events.append(Event(kind="aspirate", name="aspirate", mount=mount, slot=slot, well=source_well, volume_ul=volume, height_mm=source_mm))
        height = above if manner == "air" else target_mm
        events.append(Event(kind="dispense", name="dispense", mount=mount, slot=target_slot, well=well, volume_ul=volume, height_mm=height))
        for _ in range(mix_times if mix else 0):
            events += _stroke(mount, target_slot, well, mix, target_mm)
    if on is not None:
        events.append(Event(kind="drop", name="dropTip", mount=on))
    return Analysis(
        errors=(), labware=labwares, pipettes={mount: pipette_data(name).engine_name for mount, name in tables["PIPETTES"]},
        loads=tuple(loads), events=tuple(events), final_ul={},
    )  # fmt: skip


def _stroke(mount: str, slot: str, well: str, volume: float, height_mm: float) -> list[Event]:
    return [
        Event(kind="aspirate", name="aspirate", mount=mount, slot=slot, well=well, volume_ul=volume, height_mm=height_mm),
        Event(kind="dispense", name="dispense", mount=mount, slot=slot, well=well, volume_ul=volume, height_mm=height_mm),
    ]


def _height(labwares: dict[str, str], slot: str, well: str, above_bottom_mm: float) -> float:
    """A height above the bottom, counted from the rim as the engine does."""
    if slot not in labwares or well not in labware(labwares[slot]).wells:
        raise ProtocolError(f"Expected a well of the labware on the deck, found {well} of {slot}. Compile again.")
    return above_bottom_mm - labware(labwares[slot]).wells[well].depth_mm


def read_tables(text: str) -> dict[str, Any]:
    """The data tables of a file of ours.

    Raises:
        ProtocolError: something beside tables stands in it, or the function at its end is not the one that we write.
    """
    head, _, loop = text.rpartition(_RUN)
    try:
        tree = ast.parse(head)
    except (SyntaxError, ValueError) as fault:
        raise ProtocolError(f"Expected a robot file of nextwell, found a text that is no Python: {fault}. Compile again.") from fault
    tables: dict[str, Any] = {}
    for node in tree.body:
        if not (isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name)):
            raise ProtocolError(f"Expected data tables alone, found {type(node).__name__} in line {node.lineno}. Compile again.")
        try:
            tables[node.targets[0].id] = ast.literal_eval(node.value)
        except ValueError as fault:
            raise ProtocolError(f"Expected plain data as {node.targets[0].id}, found something to be worked out. Compile again.") from fault
    told = tables.get("requirements", {})
    robot = told.get("robotType", "")
    if told != {"robotType": robot, "apiLevel": API_LEVELS.get(robot)}:
        raise ProtocolError(f"Expected a robot and the API level that nextwell writes for it, found {told}. Compile again.")
    if _RUN + loop != body(robot):
        raise ProtocolError("Expected the loop that nextwell writes, found another one. Compile again; a file is never edited by hand.")
    return tables


def with_moves(text: str, rows: Sequence[Sequence[object]]) -> str:
    """The same file with other rows in its MOVES: for tests that swap them."""
    start, end = text.index(_MOVES) + len(_MOVES), text.index(_END)
    return text[:start] + "".join(f"    {tuple(row)!r},\n" for row in rows) + text[end:]


def ast_shape(text: str) -> str:
    """The kinds of a text's nodes, in order, without any value: what names must not be able to change."""
    return " ".join(type(node).__name__ for node in ast.walk(ast.parse(text)))
