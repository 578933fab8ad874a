"""Where labware stands on the Flex: the plate in the middle, holders and tip racks around it, the trash in A3."""

from __future__ import annotations

from collections.abc import Mapping, Set

from world_model.terms.lab_profile import LabProfile

from .labware import deck_slots
from .plan import DeckItem, PhysicalPlan

TRASH = "A3"
PLATE_SLOT = "C2"


def slots_by_nearness() -> tuple[str, ...]:
    """The free slots, nearest to the plate first: short ways for stocks that are drawn from most."""
    free = [slot for slot in deck_slots() if slot not in (TRASH, PLATE_SLOT)]
    return tuple(sorted(free, key=lambda slot: (abs(ord(slot[0]) - ord(PLATE_SLOT[0])) + abs(int(slot[1]) - int(PLATE_SLOT[1])), slot)))


def holder_slots(lab: LabProfile, plan: PhysicalPlan, *, in_use: Set[str]) -> dict[str, str]:
    """Holder or dilution plate → slot, the same in every stage. One that finds no slot is given none, which the deck rule reports."""
    named = [*plan.dilution_plates, *(holder.name for holder in lab.holders if holder.name in in_use)]
    slots = slots_by_nearness()
    return {name: slots[i] if i < len(slots) else f"none{i}" for i, name in enumerate(named)}


def place_plate_and_holders(lab: LabProfile, plan: PhysicalPlan, *, slots: Mapping[str, str], in_use: Set[str]) -> tuple[DeckItem, ...]:
    """The plate, dilution plates and holders that one stage uses; tip racks take what is left."""
    return (
        DeckItem(slot=PLATE_SLOT, kind="plate", name=plan.plate, load_name=plan.plate_labware),
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
