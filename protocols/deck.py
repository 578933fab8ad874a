"""Where labware stands on the Flex: the plate in the middle, holders and tip racks around it, the trash in A3."""

from __future__ import annotations

from collections.abc import Sequence

from world_model.terms.lab_profile import LabProfile

from .labware import deck_slots, labware
from .plan import DeckItem

TRASH = "A3"
PLATE_SLOT = "C2"


def slots_by_nearness() -> tuple[str, ...]:
    """The free slots, nearest to the plate first: short ways for stocks that are drawn from most."""
    free = [slot for slot in deck_slots() if slot not in (TRASH, PLATE_SLOT)]
    return tuple(sorted(free, key=lambda slot: (abs(ord(slot[0]) - ord(PLATE_SLOT[0])) + abs(int(slot[1]) - int(PLATE_SLOT[1])), slot)))


def place_plate_and_holders(lab: LabProfile, *, plate: str, holders: Sequence[str]) -> tuple[DeckItem, ...]:
    """The plate and the holders in use; tip racks take what is left. Too many for the deck is a rule's business."""
    items = [DeckItem(slot=PLATE_SLOT, kind="plate", name=plate, load_name=lab.plate.labware, version=labware(lab.plate.labware).version)]
    slots = slots_by_nearness()
    for i, holder in enumerate(holder for holder in lab.holders if holder.name in holders):
        slot = slots[i] if i < len(slots) else f"none{i}"
        items.append(DeckItem(slot=slot, kind="holder", name=holder.name, load_name=holder.labware, version=labware(holder.labware).version))
    return tuple(items)
