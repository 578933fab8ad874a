"""Every rule, in one list; a plate is released when none of them finds an error."""

from __future__ import annotations

from collections.abc import Sequence

from world_model.terms.lab_profile import LabProfile
from world_model.terms.proposal import ProposedExperiment

from ..finding import Finding
from ..intent import ProtocolIntent
from ..plan import PhysicalPlan, RobotStage
from .volumes import check_volumes


def check_plan(
    plan: PhysicalPlan, robot: tuple[RobotStage, ...], lab: LabProfile, experiments: Sequence[ProposedExperiment], intent: ProtocolIntent
) -> list[Finding]:
    """What every rule finds."""
    return [*check_volumes(plan, robot)]
