"""How long each stage's pipetting takes, and what the schedule needs to know of a plate."""

from __future__ import annotations

from collections.abc import Sequence

from world_model.terms.lab_profile import LabProfile
from world_model.terms.robots import ECHO

from ..intent import ProtocolIntent
from ..plan import PhysicalPlan, RobotStage
from ..robot_plan import stage_seconds
from ..work import plan_work
from .plate_tasks import PlateWork

# Seconds for one transfer where no robot plan says more: a person's aspirate, dispense and tip; a worklist's step of one
# channel; an Echo's drops with the way of the stage. Estimates, told as such.
BY_HAND_S, WORKLIST_S, ECHO_S = 12.0, 10.0, 1.0
GET_READY_S = 60.0


def stage_times(plan: PhysicalPlan, robot: Sequence[RobotStage], lab: LabProfile) -> dict[str, float]:
    """Stage → seconds: from the robot's moves where there is a robot plan, else from the number of transfers, hands' included."""
    if robot:
        return {stage.name: stage_seconds(stage) for stage in robot}
    machine_s = BY_HAND_S if lab.robot.model == "hands" else ECHO_S if lab.robot.model in ECHO else WORKLIST_S
    return {
        stage.name: GET_READY_S + machine_s * len(stage.steps) + BY_HAND_S * (len(stage.before) + len(stage.after))
        for stage in plan_work(plan, lab, tips="as needed")
    }


def plate_work(intent: ProtocolIntent, plan: PhysicalPlan, robot: Sequence[RobotStage], lab: LabProfile, *, run_s: float | None = None) -> PlateWork:
    """One plate for the schedule. `run_s`: the end of its last reading after the zero, where the campaign says it."""
    return PlateWork(
        intent=intent, stage_s=stage_times(plan, robot, lab), wells=sum(bool(well.experiment_id) for well in plan.wells), timing=lab.timing,
        pipettes="person" if lab.robot.model == "hands" else "robot", run_s=run_s, own_steps=lab.steps,
    )  # fmt: skip
