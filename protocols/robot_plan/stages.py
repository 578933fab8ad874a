"""From the stages of a plan to a robot's stages: deck, liquids, moves, tips.

Tips: a tip that only ever met its own stock, dry plastic and air may serve many wells. A tip that went into a well's liquid
is thrown away and never goes back to a stock (`tip_rules.py`). So small volumes go first, into wells that are still dry;
volumes large enough to fall off a tip are dispensed from above; the rest costs a tip each.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

from world_model.terms.lab_profile import LabProfile

from ..deck import deck_of, holder_slots, place_plate_and_holders, rack_slots
from ..pipettes import Hand
from ..plan import DeckItem, Load, PhysicalPlan, PlanStage, RobotStage, Transfer
from .order import orders
from .racks import place_tips
from .writer import Place, Writer

COLOURS = (
    "#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#bbbbbb", "#ee7733", "#009988", "#882255", "#332288", "#ddcc77",
)  # fmt: skip
PLATE_CONTENTS = "plate: contents"  # a colon can't be part of a stock's name


def plan_robot(plan: PhysicalPlan, lab: LabProfile, hands: Sequence[Hand]) -> tuple[RobotStage, ...]:
    """One robot stage for each stage of the plan, each with a deck and fresh tips of its own.

    Of the orders worth trying the one with fewest tips is taken, then the one with fewest moves.
    """
    states = {name: plan.stock(name) for name in [*(stock.name for stock in plan.stocks), *(dilution.name for dilution in plan.dilutions)]}
    holders = {name: state.holder for name, state in states.items()}
    left = {(state.holder, well): held for state in states.values() for well, held in state.start_nl.items()}
    contents: dict[Place, dict[str, int]] = {}
    slot_of = holder_slots(lab, plan, in_use={holders[transfer.stock] for stage in plan.stages for transfer in stage.transfers})
    stages = []
    for stage in plan.stages:
        here = {holders[transfer.stock] for transfer in stage.transfers} | {transfer.plate for transfer in stage.transfers}
        items = place_plate_and_holders(lab, plan, slots=slot_of, in_use=here)
        before, loads = contents, _loads(plan, stage, items, holders, left, contents)
        best: Writer | None = None
        for batches in orders(plan, [transfer for transfer in stage.transfers if transfer.plate == plan.plate], lab):
            writer = Writer(
                plan=plan, hands=hands, mounts=list(dict.fromkeys(hand.mount for hand in hands)), slots={item.name: item.slot for item in items},
                load_names={item.name: item.load_name for item in items}, holders=holders,
                contents={place: dict(held) for place, held in before.items()}, left=dict(left),
            )  # fmt: skip
            making = [transfer for transfer in stage.transfers if transfer.plate != plan.plate]
            seen: set[Place] = set()
            first: list[Transfer] = []
            then: list[Transfer] = []
            for transfer in making:
                (then if (transfer.plate, transfer.well) in seen else first).append(transfer)
                seen.add((transfer.plate, transfer.well))
            writer.make(first, then)
            for batch in batches:
                cells = lab.cells is not None and batch.liquid == lab.cells.stock
                writer.add(batch.transfers, stir=cells, mix=cells or stage.minute > 0)
            if best is None or (writer.tips, len(writer.moves)) < (best.tips, len(best.moves)):
                best = writer
        assert best is not None
        contents, left = best.contents, best.left
        taken = {item.slot for item in items} | set(slot_of.values())
        tips = place_tips(best.requests, slots=rack_slots(lab, taken=taken, racks=[hand.rack for hand in hands]))
        stages.append(
            RobotStage(
                name=stage.name, minute=stage.minute, deck=(*items, *tips.items), trash=deck_of(lab.robot.model).trash,
                pipettes=tuple(dict.fromkeys((hand.mount, hand.pipette.load_name) for hand in hands)), loads=loads, moves=best.written(tips.places),
                tips_used=tips.tips_used, racks_used=tips.racks_used, refills=tips.refills, left_out=tuple(best.left_out), robot=lab.robot.model,
            )
        )  # fmt: skip
    return tuple(stages)


def _loads(
    plan: PhysicalPlan, stage: PlanStage, items: Sequence[DeckItem], holders: Mapping[str, str], left: Mapping[Place, int],
    contents: Mapping[Place, Mapping[str, int]],
) -> tuple[Load, ...]:  # fmt: skip
    """What is on the deck before a stage: liquids that it draws, and what the plate holds already."""
    slots = {item.name: item.slot for item in items}
    used = {transfer.stock for transfer in stage.transfers}
    colours = itertools.cycle(COLOURS)
    loads = []
    for name in [name for name in holders if name in used]:
        colour = next(colours)
        wells = {well: left[holders[name], well] for well in plan.stock(name).wells}
        if any(volume > 0 for volume in wells.values()):
            loads.append(Load(liquid=name, slot=slots[holders[name]], wells=wells, colour=colour))
    full = {well: sum(held.values()) for (plate, well), held in contents.items() if plate == plan.plate}
    if full:
        loads.append(Load(liquid=PLATE_CONTENTS, slot=slots[plan.plate], wells=full, colour="#999999"))
    return tuple(loads)
