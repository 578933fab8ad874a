"""An Opentrons Flex file: data tables, one small loop, nothing imported. Names stand in it as data only."""

from __future__ import annotations

from ..labware import labware
from ..plan import PhysicalPlan, RobotStage
from ..robot_plan import ABOVE_MM

API_LEVEL = "2.24"
# 1 mm above the bottom: the maker's own default height for aspirating and dispensing
BOTTOM_MM = 1.0
MIX_TIMES = 2
STIR_TIMES = 3

_BODY = """

def run(ctx):
    deck = {slot: ctx.load_labware(name, slot) for slot, name in LABWARE}
    ctx.load_trash_bin(TRASH)
    hands = [ctx.load_instrument(name, mount) for mount, name in PIPETTES]
    for name, colour, slot, wells in LIQUIDS:
        liquid = ctx.define_liquid(name=name, description="", display_color=colour)
        deck[slot].load_liquid_by_well(wells, liquid)
    for slot, wells in EMPTY:
        deck[slot].load_empty(wells)
    for number, tip, slot, source_well, target_slot, well, volume, manner, configure, stir, mix in MOVES:
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
        source = deck[slot][source_well].bottom(BOTTOM_MM)
        target = deck[target_slot][well]
        if stir:
            hand.mix(STIR_TIMES, stir, source)
        hand.aspirate(volume, source)
        hand.dispense(volume, target.top(ABOVE_MM) if manner == "air" else target.bottom(BOTTOM_MM))
        if mix:
            hand.mix(MIX_TIMES, mix, target.bottom(BOTTOM_MM))
    for hand in hands:
        if hand.has_tip:
            hand.drop_tip()
"""


def emit_flex(stage: RobotStage, plan: PhysicalPlan) -> str:
    """The robot file of one stage. Every well on the deck is declared, so that the robot's own ledger works."""
    empty = []
    for item in stage.deck:
        if item.kind == "tips":
            continue
        full = {well for load in stage.loads if load.slot == item.slot for well in load.wells}
        wells = [well for well in labware(item.load_name).wells if well not in full]
        if wells:
            empty.append((item.slot, wells))
    tables = {
        "LABWARE": [(item.slot, item.load_name) for item in stage.deck],
        "TRASH": stage.trash,
        "PIPETTES": list(stage.pipettes),
        "LIQUIDS": [
            (load.liquid, load.colour, load.slot, {well: _ul(volume) for well, volume in load.wells.items()}) for load in stage.loads
        ],
        "EMPTY": empty,
        "ABOVE_MM": ABOVE_MM,
        "BOTTOM_MM": BOTTOM_MM,
        "MIX_TIMES": MIX_TIMES,
        "STIR_TIMES": STIR_TIMES,
    }
    rows = [
        (
            move.pipette, None if move.tip is None else (move.tip.slot, move.tip.place), move.source_slot, move.source_well, move.target_slot, move.well,
            _ul(move.volume_nl), move.manner, None if move.configure_nl is None else _ul(move.configure_nl), _ul(move.stir_nl), _ul(move.mix_nl),
        )
        for move in stage.moves
    ]  # fmt: skip
    head = [
        f"# Written by nextwell. Plan {plan.digest()}. Do not edit: an approval holds for this text alone.",
        f"metadata = {{'protocolName': {f'{plan.plate} {stage.name}'!r}, 'author': 'nextwell'}}",
        f"requirements = {{'robotType': 'Flex', 'apiLevel': {API_LEVEL!r}}}",
        "",
        *(line for name, value in tables.items() for line in _table(name, value)),
        "",
        "# pipette, new tip (slot, place) or None, source slot and well, target slot and well, µL, manner, volume mode, stir, mix",
        "MOVES = [",
        *(f"    {row!r}," for row in rows),
        "]",
    ]
    return "\n".join(head) + _BODY


def _table(name: str, value: object) -> list[str]:
    """A list with one row a line, anything else on one line; names reach the file through `repr` alone."""
    if isinstance(value, list):
        return [f"{name} = [", *(f"    {row!r}," for row in value), "]"]
    return [f"{name} = {value!r}"]


def _ul(volume_nl: int) -> float:
    return volume_nl / 1000
