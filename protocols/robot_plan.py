"""L3: from transfers to moves. Which stock first, which pipette, which tip, and how the tip meets the well.

Tips: a tip that only ever met its own stock, dry plastic and air may serve many wells. A tip that went into a well's liquid
is thrown away and never goes back to a stock. So small volumes go first, into wells that are still dry; volumes large
enough to fall off a tip are dispensed from above; the rest costs a tip each.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

from world_model.terms.lab_profile import LabProfile

from .deck import TRASH, holder_slots, place_plate_and_holders, slots_by_nearness
from .labware import labware
from .pipettes import Hand, choose_hand
from .plan import DeckItem, Load, Manner, Move, PhysicalPlan, PlanStage, RobotStage, TipPlace, Transfer
from .volumes import STEP_NL

# A smaller drop hangs on the tip instead of falling; dispensed into liquid instead, with a tip of its own.
CONTACT_FREE_NL = 10_000
# From above: the tip's end 1 mm below the rim, and at least 1 mm above the liquid.
ABOVE_MM = -1.0
CLEARANCE_MM = 1.0
# Cells settle: the stock is stirred before the first and then every twelfth aspirate.
STIR_EVERY = 12
COLOURS = (
    "#4477aa",
    "#ee6677",
    "#228833",
    "#ccbb44",
    "#66ccee",
    "#aa3377",
    "#bbbbbb",
    "#ee7733",
    "#009988",
    "#882255",
    "#332288",
    "#ddcc77",
)
Place = tuple[str, str]
PLATE_CONTENTS = "plate: contents"  # a colon can't be part of a stock's name


@dataclass
class _Racks:
    """Tips handed out in order; a new rack takes the next free slot."""

    slots: list[str]
    items: list[DeckItem] = field(default_factory=list)
    left: dict[tuple[str, str], list[TipPlace]] = field(default_factory=dict)
    used: dict[str, int] = field(default_factory=dict)

    def next_tip(self, hand: Hand) -> TipPlace:
        key = (hand.mount, hand.rack)
        if not self.left.get(key):
            slot = self.slots.pop(0) if self.slots else f"none{len(self.items)}"
            self.items.append(DeckItem(slot=slot, kind="tips", name="", load_name=hand.rack))
            self.left[key] = [TipPlace(slot=slot, place=place) for place in labware(hand.rack).wells]
        self.used[hand.rack] = self.used.get(hand.rack, 0) + 1
        return self.left[key].pop(0)


def plan_robot(plan: PhysicalPlan, lab: LabProfile, hands: Sequence[Hand]) -> tuple[RobotStage, ...]:
    """One robot stage for each stage of the plan, each with a deck and fresh tips of its own."""
    remaining = {(stock.name, well): held for stock in plan.stocks for well, held in stock.start_nl.items()}
    remaining |= {(dilution.name, well): 0 for dilution in plan.dilutions for well in dilution.wells}
    held: dict[Place, dict[str, int]] = {}
    stages = []
    for stage in plan.stages:
        stages.append(_plan_stage(plan, stage, lab, hands, remaining, held))
        for transfer in stage.transfers:
            remaining[transfer.stock, transfer.source_well] -= transfer.volume_nl
            well = held.setdefault((transfer.plate, transfer.well), {})
            well[transfer.stock] = well.get(transfer.stock, 0) + transfer.volume_nl
    return tuple(stages)


def _plan_stage(
    plan: PhysicalPlan,
    stage: PlanStage,
    lab: LabProfile,
    hands: Sequence[Hand],
    remaining: dict[Place, int],
    before: dict[Place, dict[str, int]],
) -> RobotStage:
    used = list(dict.fromkeys(transfer.stock for transfer in stage.transfers))
    slot_of = holder_slots(lab, plan, in_use={plan.stock(transfer.stock).holder for each in plan.stages for transfer in each.transfers})
    here = {plan.stock(name).holder for name in used} | {transfer.plate for transfer in stage.transfers}
    items = place_plate_and_holders(lab, plan, slots=slot_of, in_use=here)
    slots = {item.name: item.slot for item in items}
    mounts = list(dict.fromkeys((hand.mount, hand.pipette.load_name) for hand in hands))
    racks = _Racks(slots=[slot for slot in slots_by_nearness() if slot not in slot_of.values()])
    writer = _Writer(
        plan=plan, hands=hands, mounts=mounts, racks=racks, slots=slots, contents={place: dict(stocks) for place, stocks in before.items()}
    )
    making = [transfer for transfer in stage.transfers if transfer.plate != plan.plate]
    for transfer in making:
        # the parent, which comes second, is mixed in: what is drawn later must be even
        second = (transfer.plate, transfer.well) in writer.contents
        writer.add_stock([transfer], stir=False, mix=second)
    rest = [transfer for transfer in stage.transfers if transfer.plate == plan.plate]
    for name in stock_order(plan, rest, lab):
        cells = lab.cells is not None and name == lab.cells.stock
        writer.add_stock([transfer for transfer in rest if transfer.stock == name], stir=cells, mix=cells or stage.minute > 0)
    loads = [
        Load(liquid=name, slot=slots[plan.stock(name).holder], wells={well: remaining[name, well] for well in plan.stock(name).wells}, colour=colour)
        for name, colour in zip(
            [name for name in [*(stock.name for stock in plan.stocks), *(dilution.name for dilution in plan.dilutions)] if name in used],
            itertools.cycle(COLOURS), strict=False,
        )
        if any(remaining[name, well] > 0 for well in plan.stock(name).wells)
    ]  # fmt: skip
    full = {well: sum(stocks.values()) for (plate, well), stocks in before.items() if plate == plan.plate}
    if full:
        loads.append(Load(liquid=PLATE_CONTENTS, slot=items[0].slot, wells=full, colour="#999999"))
    return RobotStage(
        name=stage.name, minute=stage.minute, deck=(*items, *racks.items), trash=TRASH, pipettes=tuple(mounts), loads=tuple(loads),
        moves=tuple(writer.moves), tips_used=dict(racks.used),
    )  # fmt: skip


def stock_order(plan: PhysicalPlan, transfers: Sequence[Transfer], lab: LabProfile) -> list[str]:
    """What is to be added first; then the liquids with the most small volumes, while wells are dry; diluent late; what is to
    be added last; cells last of all."""
    small: dict[str, int] = {}
    for transfer in transfers:
        small[transfer.stock] = small.get(transfer.stock, 0) + (transfer.volume_nl < CONTACT_FREE_NL)
    cells = lab.cells.stock if lab.cells is not None else None
    rank = {name: i for i, name in enumerate([*(s.name for s in plan.stocks), *(d.name for d in plan.dilutions)])}
    turn = {stock.name: ("first", "any", "last").index(stock.added) for stock in lab.stocks}
    turn |= {dilution.name: turn[stock_of(plan, dilution.name)] for dilution in plan.dilutions}
    return sorted(small, key=lambda name: (name == cells, turn[name], name == lab.medium.diluent, -small[name], rank[name]))


def stock_of(plan: PhysicalPlan, liquid: str) -> str:
    """The stock that a dilution comes from in the end; a stock is itself."""
    for dilution in plan.dilutions:
        if dilution.name == liquid:
            return stock_of(plan, dilution.parent)
    return liquid


@dataclass
class _Writer:
    plan: PhysicalPlan
    hands: Sequence[Hand]
    mounts: Sequence[tuple[str, str]]
    racks: _Racks
    slots: dict[str, str]
    contents: dict[Place, dict[str, int]]
    moves: list[Move] = field(default_factory=list)
    mode: dict[str, bool] = field(default_factory=dict)

    def add_stock(self, transfers: Sequence[Transfer], *, stir: bool, mix: bool) -> None:
        """Transfers of one liquid: dry wells and drops from above on one tip, then a tip for each well that is entered."""
        if not transfers:
            return
        column_wise = {name: i for i, name in enumerate(labware(self.plan.labware_of(transfers[0].plate)).wells)}
        rank = {"dry": 0, "air": 0, "liquid": 1}
        chosen = [(transfer, hand := choose_hand(self.hands, transfer.volume_nl), self._manner(transfer, hand)) for transfer in transfers]
        on: Hand | None = None
        taken = 0
        for transfer, hand, manner in sorted(
            chosen, key=lambda c: (rank[c[2]], self.hands.index(c[1]), c[1].is_low(c[0].volume_nl), column_wise[c[0].well])
        ):
            for part in hand.parts(transfer.volume_nl):
                fresh = on is not hand or manner == "liquid"
                held = self.contents.setdefault((transfer.plate, transfer.well), {})
                held[transfer.stock] = held.get(transfer.stock, 0) + part
                # a pipette stays in its low-volume mode until told otherwise
                low = hand.is_low(part)
                configure = hand.pipette.low is not None and self.mode.get(hand.mount, False) != low
                self.mode[hand.mount] = low
                most = hand.most_nl(part)
                self.moves.append(
                    Move(
                        pipette=[mount for mount, _ in self.mounts].index(hand.mount), tip=self.racks.next_tip(hand) if fresh else None,
                        stock=transfer.stock, source_slot=self.slots[self.plan.stock(transfer.stock).holder], source_well=transfer.source_well,
                        target_slot=self.slots[transfer.plate], well=transfer.well, volume_nl=part, manner=manner,
                        configure_nl=part if configure else None,
                        stir_nl=_round_down(most * 4 // 5) if stir and taken % STIR_EVERY == 0 else 0,
                        mix_nl=_round_down(min(most * 4 // 5, sum(held.values()) // 2)) if mix and manner == "liquid" else 0,
                    )
                )  # fmt: skip
                on, taken = hand, taken + 1

    def _manner(self, transfer: Transfer, hand: Hand) -> Manner:
        held = self.contents.get((transfer.plate, transfer.well), {})
        if set(held) <= {transfer.stock}:
            return "dry"
        plate = labware(self.plan.labware_of(transfer.plate))
        after_nl = sum(held.values()) + transfer.volume_nl
        gap = plate.wells[transfer.well].depth_mm + ABOVE_MM - plate.liquid_height_mm(transfer.well, after_nl)
        return "air" if min(hand.parts(transfer.volume_nl)) >= CONTACT_FREE_NL and gap >= CLEARANCE_MM else "liquid"


def _round_down(volume_nl: int) -> int:
    return volume_nl // STEP_NL * STEP_NL
