"""An Opentrons file, Flex or OT-2: data tables, one small loop, nothing imported. Names stand in it as data only."""

from __future__ import annotations

from typing import Any

from ..labware import labware
from ..plan import PhysicalPlan, RobotStage
from ..tip_rules import ABOVE_MM

# The last level of the OT-2 that needs no newer robot software; there, liquid is loaded well by well, and 0 µL says empty.
API_LEVELS = {"Flex": "2.24", "OT-2": "2.20"}
# 1 mm above the bottom: the maker's own default height for dispensing
BOTTOM_MM = 1.0
STIR_TIMES = 3
NOTHING = "nothing: an empty well"  # a colon can't be part of a stock's name
# the columns of a row of MOVES
COLUMNS = (
    "pipette", "tip", "source_slot", "source_well", "target_slot", "well", "volume", "manner", "configure", "stir", "mix_times", "mix", "source_mm",
)  # fmt: skip

_OPENING = """

def run(ctx):
    deck = {slot: ctx.load_labware(name, slot) for slot, name in LABWARE}
"""

_LOADS = {
    "Flex": """\
    ctx.load_trash_bin(TRASH)
    hands = [ctx.load_instrument(name, mount) for mount, name in PIPETTES]
    for name, colour, slot, wells in LIQUIDS:
        liquid = ctx.define_liquid(name=name, description="", display_color=colour)
        deck[slot].load_liquid_by_well(wells, liquid)
    for slot, wells in EMPTY:
        deck[slot].load_empty(wells)
""",
    "OT-2": """\
    hands = [ctx.load_instrument(name, mount) for mount, name in PIPETTES]
    for name, colour, slot, wells in LIQUIDS:
        liquid = ctx.define_liquid(name=name, description="", display_color=colour)
        for well, volume in wells.items():
            deck[slot][well].load_liquid(liquid, volume)
    nothing = ctx.define_liquid(name=NOTHING, description="", display_color="#ffffff")
    for slot, wells in EMPTY:
        for well in wells:
            deck[slot][well].load_liquid(nothing, 0)
""",
}

_LOOP = """\
    for count, (number, tip, slot, source_well, target_slot, well, volume, manner, configure, stir, mix_times, mix, source_mm) in enumerate(MOVES):
        if count in REFILLS:
            for other in hands:
                if other.has_tip:
                    other.drop_tip()
            ctx.pause("Put full tip racks into " + ", ".join(REFILLS[count]) + ", empty the trash, and go on.")
            for rack in REFILLS[count]:
                deck[rack].reset()
        hand = hands[number]
        if tip is not None:
            for other in hands:
                if other.has_tip:
                    other.drop_tip()
            if configure is not None:
                hand.configure_for_volume(configure)
            hand.pick_up_tip(deck[tip[0]][tip[1]])
        elif configure is not None:
            hand.configure_for_volume(configure)
        source = deck[slot][source_well].bottom(source_mm)
        target = deck[target_slot][well]
        if stir:
            hand.mix(STIR_TIMES, stir, source)
        hand.aspirate(volume, source)
        hand.dispense(volume, target.top(ABOVE_MM) if manner == "air" else target.bottom(BOTTOM_MM))
        if mix:
            hand.mix(mix_times, mix, target.bottom(BOTTOM_MM))
    for hand in hands:
        if hand.has_tip:
            hand.drop_tip()
"""


def body(robot: str) -> str:
    """The function that every file for this robot ends with: it holds nothing of a plan."""
    return _OPENING + _LOADS[robot] + _LOOP


def emit_opentrons(stage: RobotStage, plan: PhysicalPlan) -> str:
    """The robot file of one stage. Every well on the deck is declared, so that the robot's own ledger works."""
    empty = []
    for item in stage.deck:
        if item.kind == "tips":
            continue
        full = {well for load in stage.loads if load.slot == item.slot for well in load.wells}
        wells = [well for well in labware(item.load_name).wells if well not in full]
        if wells:
            empty.append((item.slot, wells))
    tables: dict[str, Any] = {
        "LABWARE": [(item.slot, item.load_name) for item in stage.deck],
        "TRASH": stage.trash,
        "PIPETTES": list(stage.pipettes),
        "LIQUIDS": [
            (load.liquid, load.colour, load.slot, {well: _ul(volume) for well, volume in load.wells.items()}) for load in stage.loads
        ],
        "EMPTY": empty,
        **({"NOTHING": NOTHING} if stage.robot == "OT-2" else {}),
        "REFILLS": {refill.before: list(refill.slots) for refill in stage.refills},
        "ABOVE_MM": ABOVE_MM,
        "BOTTOM_MM": BOTTOM_MM,
        "STIR_TIMES": STIR_TIMES,
    }
    rows = [
        (
            move.pipette, None if move.tip is None else (move.tip.slot, move.tip.place), move.source_slot, move.source_well, move.target_slot, move.well,
            _ul(move.volume_nl), move.manner, None if move.configure_nl is None else _ul(move.configure_nl), _ul(move.stir_nl),
            move.mix_times if move.mix_nl else 0, _ul(move.mix_nl), move.source_mm,
        )
        for move in stage.moves
    ]  # fmt: skip
    head = [
        f"# Written by nextwell. Plan {plan.digest()}. Do not edit: an approval holds for this text alone.",
        f"metadata = {{'protocolName': {f'{plan.plate} {stage.name}'!r}, 'author': 'nextwell'}}",
        f"requirements = {{'robotType': {stage.robot!r}, 'apiLevel': {API_LEVELS[stage.robot]!r}}}",
        "",
        *(line for name, value in tables.items() for line in _table(name, value)),
        "",
        "# pipette, new tip (slot, place) or None, source slot and well, target slot and well, µL, manner, volume mode, stir, mix times and µL, mm above the source's bottom",
        "MOVES = [",
        *(f"    {row!r}," for row in rows),
        "]",
    ]
    return "\n".join(head) + body(stage.robot)


def _table(name: str, value: object) -> list[str]:
    """A list with one row a line, anything else on one line; names reach the file through `repr` alone."""
    if isinstance(value, list):
        return [f"{name} = [", *(f"    {row!r}," for row in value), "]"]
    return [f"{name} = {value!r}"]


def _ul(volume_nl: int) -> float:
    return volume_nl / 1000
