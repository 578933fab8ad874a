"""Modules keep their places: no labware stands where the lab file says that a module does."""

from __future__ import annotations

from collections.abc import Sequence

from world_model.terms.lab_profile import LabProfile
from world_model.terms.robots import Module

from ..finding import Finding
from ..plan import RobotStage

# A thermocycler covers more than one slot. Source: Opentrons, Python Protocol API, Thermocycler Module: slots 7, 8, 10 and 11
# of an OT-2, A1 and B1 of a Flex.
_THERMOCYCLER = {"Flex": ("A1", "B1"), "OT-2": ("7", "8", "10", "11")}


def check_modules(robot: Sequence[RobotStage], lab: LabProfile) -> list[Finding]:
    """Labware in a module's slots; and modules whose place nobody told, for then nothing keeps it free."""
    found = [
        Finding(
            rule="deck", severity="warning", where=f"module {module.name}", observed="no slot", limit="the slot in which it stands",
            mend="Write slot = '…' into the lab file, so that nothing else is placed there.",
        )
        for module in lab.robot.modules if robot and not slots_of(module, lab.robot.model)
    ]  # fmt: skip
    for module in lab.robot.modules:
        covered = slots_of(module, lab.robot.model)
        for stage in robot:
            for item in stage.deck:
                if item.slot in covered:
                    found.append(
                        Finding(
                            rule="deck", severity="error", where=f"stage {stage.name}, slot {item.slot}", observed=f"{item.name or item.load_name} where {module.name} stands",
                            limit="labware beside the modules", mend="Take the module off the lab file for this plate, or give it another slot.",
                        )
                    )  # fmt: skip
    return found


def slots_of(module: Module, model: str) -> tuple[str, ...]:
    """The slots that a module covers; none where the lab file tells no place and the module has no fixed one."""
    if module.name.startswith("thermocycler"):
        return _THERMOCYCLER[model]
    return (module.slot,) if module.slot else ()
