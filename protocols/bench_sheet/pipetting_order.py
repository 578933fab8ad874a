"""Which liquid goes into the plate first, as the stage really does it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from world_model.terms.lab_profile import LabProfile

from ..plan import PhysicalPlan, RobotStage
from ..work import plan_work


def pipetting_order(plan: PhysicalPlan, robot: Sequence[RobotStage], lab: LabProfile) -> Mapping[str, tuple[str, ...]]:
    """Stage → its liquids by their first dispense into the plate: the robot's moves where there are any, else the steps of machine and hands."""
    if robot:
        return {stage.name: tuple(dict.fromkeys(move.stock for move in stage.moves if move.target_slot == stage.plate_slot)) for stage in robot}
    return {
        stage.name: tuple(dict.fromkeys(step.liquid for step in (*stage.before, *stage.steps, *stage.after) if step.target[0] == plan.plate and not step.mixes))
        for stage in plan_work(plan, lab, tips="as needed")
    }
