"""Modules: each where it fits, nothing else in its slots, and beside a Heater-Shaker nothing tall and no other module."""

from __future__ import annotations

from collections.abc import Sequence

from world_model.terms.lab_profile import LabProfile

from ..deck import modules_on
from ..finding import Finding
from ..labware import labware
from ..module_places import BESIDE_LATCH_MM, east_west, fitting_slots, kind_of, may_stand, north_south, slots_of, trash_in_the_way
from ..plan import RobotStage

__all__ = ["check_modules", "slots_of"]


def check_modules(robot: Sequence[RobotStage], lab: LabProfile) -> list[Finding]:
    """Labware and modules against each other."""
    if not robot or not lab.robot.modules:
        return []
    model, placed, found = lab.robot.model, modules_on(lab), []
    for module, slots in zip(lab.robot.modules, placed, strict=True):
        where, kind = f"module {module.name}", kind_of(module)
        fitting = fitting_slots(kind, model)
        if not slots:
            found.append(_error(where, "no free slot", f"one of {', '.join(fitting) or 'the slots of another robot'}", "Give another module a slot by hand, or take one off the lab file."))
        if fitting and not set(slots) <= set(fitting):
            found.append(_error(where, f"slot {', '.join(slots)}", f"one of {', '.join(fitting)}, which it fits", "Give it another slot."))
        if kind == "heaterShaker":
            beside = {other for slot in slots for other in (*east_west(slot, model), *north_south(slot, model))}
            for other, others in zip(lab.robot.modules, placed, strict=True):
                if other is not module and beside & set(others):
                    found.append(_error(where, f"{other.name} beside it, in {', '.join(sorted(beside & set(others)))}", "no module on any side of a Heater-Shaker"))
            if any(trash_in_the_way(slot, model) for slot in slots):
                found.append(_error(where, "slot 9, where the trash hides its screw", "another slot"))
    for stage in robot:
        for item in stage.deck:
            what = item.name or item.load_name
            standing = [module.name for module, slots in zip(lab.robot.modules, placed, strict=True) if item.slot in slots]
            if standing:
                found.append(
                    _error(
                        f"stage {stage.name}, slot {item.slot}", f"{what} where {standing[0]} stands", "labware beside the modules",
                        "Take the module off the lab file for this plate, or give it another slot.",
                    )
                )  # fmt: skip
            elif not may_stand(item.load_name, item.slot, lab.robot, placed):
                found.append(
                    _error(
                        f"stage {stage.name}, slot {item.slot}", f"{what}, {labware(item.load_name).height_mm:g} mm high, beside a Heater-Shaker's latch",
                        f"less than {BESIDE_LATCH_MM:g} mm",
                    )
                )  # fmt: skip
    return found


def _error(where: str, observed: str, limit: str, mend: str = "") -> Finding:
    return Finding(rule="deck", severity="error", where=where, observed=observed, limit=limit, mend=mend)
