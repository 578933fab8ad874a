"""Where an Opentrons robot's modules stand, and what may stand beside them. What a lab file leaves open is chosen here.

Slots that a module fits come from the maker's deck definition. The rules about neighbours are those that Opentrons' own
software keeps (opentrons 9.0.0, `motion_planning/deck_conflict.py`): nothing above 53 mm east or west of a Heater-Shaker,
whose latch opens there, but for some narrow tip racks; no module on any side of it; on an OT-2 not in front of the trash.
"""

from __future__ import annotations

from functools import cache

from world_model.terms.errors import ProtocolError
from world_model.terms.robots import Module, Robot

from .labware import deck_slots, labware, slot_positions

# A thermocycler covers more than one slot. Source: Opentrons, Python Protocol API, Thermocycler Module: slots 7, 8, 10 and 11
# of an OT-2, A1 and B1 of a Flex.
_THERMOCYCLER = {"Flex": ("A1", "B1"), "OT-2": ("7", "8", "10", "11")}
BESIDE_LATCH_MM = 53.0
_NARROW_RACKS = frozenset(
    f"opentrons_96_{kind}" for kind in ("filtertiprack_10ul", "filtertiprack_200ul", "filtertiprack_20ul", "tiprack_10ul", "tiprack_20ul", "tiprack_300ul")
)
_KINDS = {"heatershaker": "heaterShaker", "temperature": "temperatureModule", "tempdeck": "temperatureModule", "thermocycler": "thermocycler", "magnetic": "magneticModule", "magdeck": "magneticModule", "absorbance": "absorbanceReader"}  # fmt: skip


def kind_of(module: Module) -> str:
    """heaterShaker, temperatureModule, thermocycler …: what sort of module a load name stands for; empty for one that we don't know."""
    name = module.name.casefold().replace(" ", "").replace("-", "")
    if name.startswith("magneticblock"):
        return "magneticBlock"
    return next((kind for start, kind in _KINDS.items() if name.startswith(start)), "")


@cache
def fitting_slots(kind: str, model: str) -> tuple[str, ...]:
    """The slots that a kind of module fits, from the maker's deck definition.

    Raises:
        ProtocolError: the definitions are not installed.
    """
    try:
        from opentrons_shared_data.deck import load as load_deck
    except ImportError as fault:
        raise ProtocolError("Expected the deck definition (opentrons-shared-data), found none installed. Install the extra: pip install 'nextwell[opentrons]'.") from fault
    if kind == "thermocycler":
        return _THERMOCYCLER[model]
    areas = load_deck("ot3_standard" if model == "Flex" else "ot2_standard", 5)["locations"]["addressableAreas"]
    if model == "Flex":
        return tuple(slot for slot in deck_slots(model) if any(area["areaType"] == kind and area["id"].endswith(slot) for area in areas))
    wanted = f"{kind.removesuffix('Module')}ModuleType"
    return tuple(area["id"] for area in areas if wanted in (area.get("compatibleModuleTypes") or ()))


def slots_of(module: Module, model: str) -> tuple[str, ...]:
    """The slots that the lab file gives a module, or that it always covers; none where the file leaves its place open."""
    if kind_of(module) == "thermocycler":
        return _THERMOCYCLER[model]
    return (module.slot,) if module.slot else ()


def module_slots(robot: Robot, *, kept: frozenset[str]) -> tuple[tuple[str, ...], ...]:
    """The slots of each module, those that the lab file leaves open chosen: as far from the plate as they fit, by the rules of
    neighbours. Empty where none is left.

    Args:
        kept: slots that are not for modules: the plate's and the trash's.
    """
    found = [slots_of(module, robot.model) for module in robot.modules]
    for i, module in enumerate(robot.modules):
        if found[i]:
            continue
        taken = kept | {slot for slots in found for slot in slots}
        for slot in fitting_slots(kind_of(module), robot.model):
            beside = [other for other, slots in zip(robot.modules, found, strict=True) if set(slots) & {*east_west(slot, robot.model), *north_south(slot, robot.model)}]
            shaken = kind_of(module) == "heaterShaker"
            if slot in taken or (shaken and (beside or trash_in_the_way(slot, robot.model))) or any(kind_of(other) == "heaterShaker" for other in beside):
                continue
            found[i] = (slot,)
            break
    return tuple(found)


def may_stand(load_name: str, slot: str, robot: Robot, placed: tuple[tuple[str, ...], ...]) -> bool:
    """Whether labware may stand in a slot: not on a module, and not tall beside a Heater-Shaker."""
    if any(slot in slots for slots in placed):
        return False
    beside = {other for module, slots in zip(robot.modules, placed, strict=True) if kind_of(module) == "heaterShaker" for own in slots for other in east_west(own, robot.model)}
    return slot not in beside or load_name in _NARROW_RACKS or labware(load_name).height_mm < BESIDE_LATCH_MM


def trash_in_the_way(slot: str, model: str) -> bool:
    """Whether the OT-2's fixed trash hides the screw that holds a Heater-Shaker in this slot."""
    return model == "OT-2" and slot == "9"


def east_west(slot: str, model: str) -> tuple[str, ...]:
    """The slots to the right and left."""
    return _neighbours(slot, model, along=0)


def north_south(slot: str, model: str) -> tuple[str, ...]:
    """The slots behind and in front."""
    return _neighbours(slot, model, along=1)


@cache
def _neighbours(slot: str, model: str, *, along: int) -> tuple[str, ...]:
    places = slot_positions(model)
    if slot not in places:
        return ()
    line = sorted((place[along], name) for name, place in places.items() if place[1 - along] == places[slot][1 - along])
    at = next(i for i, (_, name) in enumerate(line) if name == slot)
    return tuple(line[i][1] for i in (at - 1, at + 1) if 0 <= i < len(line))
