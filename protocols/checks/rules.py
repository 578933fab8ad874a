"""Every rule, in one place; a plate is released when none of them finds an error."""

from __future__ import annotations

from collections.abc import Sequence

from world_model.terms.lab_profile import LabProfile
from world_model.terms.proposal import ProposedExperiment

from ..finding import Finding
from ..intent import ProtocolIntent
from ..plan import PhysicalPlan, RobotStage
from ..schedule.stage_times import plate_work
from .by_person import check_by_person
from .contact import check_contact
from .deck import check_deck
from .geometry import check_geometry
from .immersion import check_immersion
from .layout import check_layout
from .modules import check_modules
from .pipette_range import check_pipette_range
from .rounding import check_rounding
from .timing import check_timing
from .tips import check_tips
from .volumes import check_volumes


def check_plan(
    plan: PhysicalPlan, robot: tuple[RobotStage, ...], lab: LabProfile, experiments: Sequence[ProposedExperiment], intent: ProtocolIntent
) -> list[Finding]:
    """What every rule finds."""
    return [
        *check_deck(robot),
        *check_modules(robot, lab),
        *check_tips(plan, robot, lab.on_hand),
        *check_geometry(plan, robot),
        *check_volumes(plan, robot),
        *check_immersion(plan, robot),
        *check_pipette_range(robot),
        *check_contact(plan, robot),
        *check_layout(plan, lab, experiments),
        *check_rounding(plan, intent),
        *check_by_person(plan, intent),
        *check_timing(plate_work(intent, plan, robot, lab)),
    ]
