"""Where labware stands: the plate in the middle, holders and dilutions around it, tip racks on what is left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from functools import cache

from world_model.terms.lab_profile import LabProfile

from .labware import deck_slots, slot_positions
from .module_places import may_stand, module_slots
from .plan import DeckItem, PhysicalPlan


@dataclass(frozen=True, kw_only=True)
class Deck:
    """A robot's deck: where the trash and the plate are. The OT-2's trash is fixed in 12."""

    model: str
    trash: str
    plate: str

    @property
    def slots(self) -> tuple[str, ...]:
        """Slots that labware can stand in."""
        return tuple(slot for slot in deck_slots(self.model) if slot != self.trash)


@cache
def deck_of(model: str) -> Deck:
    """The deck of a Flex or an OT-2."""
    return Deck(model=model, trash="A3", plate="C2") if model == "Flex" else Deck(model=model, trash="12", plate="5")


@cache
def slots_by_nearness(model: str) -> tuple[str, ...]:
    """The free slots, nearest to the plate first: short ways for stocks that are drawn from most."""
    deck, corners = deck_of(model), slot_positions(model)
    steps_x, steps_y = (sorted({corner[axis] for corner in corners.values()}) for axis in (0, 1))
    cell = {slot: (steps_x.index(x), steps_y.index(y)) for slot, (x, y) in corners.items()}
    home = cell[deck.plate]
    free = [slot for slot in deck.slots if slot != deck.plate]
    return tuple(sorted(free, key=lambda slot: (abs(cell[slot][0] - home[0]) + abs(cell[slot][1] - home[1]), slot.zfill(2))))


def modules_on(lab: LabProfile) -> tuple[tuple[str, ...], ...]:
    """The slots of each of the lab's modules."""
    deck = deck_of(lab.robot.model)
    return module_slots(lab.robot, kept=frozenset({deck.plate, deck.trash}))


def holder_slots(lab: LabProfile, plan: PhysicalPlan, *, in_use: Set[str]) -> dict[str, str]:
    """Holder or dilution plate → slot, the same in every stage. One that finds no slot is given none, which the deck rule reports."""
    named = [*plan.dilution_plates.items(), *((holder.name, holder.labware) for holder in lab.holders if holder.name in in_use)]
    placed, taken = modules_on(lab), dict[str, str]()
    for i, (name, load_name) in enumerate(named):
        free = (slot for slot in slots_by_nearness(lab.robot.model) if slot not in taken.values() and may_stand(load_name, slot, lab.robot, placed))
        taken[name] = next(free, f"none{i}")
    return taken


def rack_slots(lab: LabProfile, *, taken: Set[str], racks: Iterable[str]) -> tuple[str, ...]:
    """The slots that are left for tip racks, nearest first: those where each kind of rack may stand."""
    placed, kinds = modules_on(lab), tuple(dict.fromkeys(racks))
    return tuple(
        slot for slot in slots_by_nearness(lab.robot.model) if slot not in taken and all(may_stand(rack, slot, lab.robot, placed) for rack in kinds)
    )


def place_plate_and_holders(lab: LabProfile, plan: PhysicalPlan, *, slots: Mapping[str, str], in_use: Set[str]) -> tuple[DeckItem, ...]:
    """The plate, dilution plates and holders that one stage uses; tip racks take what is left."""
    return (
        DeckItem(slot=deck_of(lab.robot.model).plate, kind="plate", name=plan.plate, load_name=plan.plate_labware),
        *(
            DeckItem(slot=slots[name], kind="dilutions", name=name, load_name=load_name)
            for name, load_name in plan.dilution_plates.items()
            if name in in_use
        ),
        *(
            DeckItem(slot=slots[holder.name], kind="holder", name=holder.name, load_name=holder.labware)
            for holder in lab.holders
            if holder.name in in_use
        ),
    )
