"""The rules about liquids and supplies, together: hazards, last days, lots, solvents, what is on hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from world_model.terms.lab_profile import LabProfile

from ..finding import Finding
from ..plan import PhysicalPlan, RobotStage
from .expiry import check_expiry, check_lots
from .hazards import Attendance, check_hazards
from .on_hand import check_on_hand
from .solvent import check_solvent


def check_safety(plan: PhysicalPlan, robot: Sequence[RobotStage], lab: LabProfile, *, day: date | None, attendance: Attendance) -> list[Finding]:
    """Everything that these rules find.

    Args:
        day: the day on which the plate is made; None where it has none yet, which a note says if stocks have a last day.
        attendance: whether a person stays beside the machine; unknown hazards and some hazard statements forbid it to be left alone.
    """
    return [
        *check_hazards(plan, robot, lab, attendance=attendance),
        *check_expiry(plan, lab, day=day),
        *check_lots(plan, lab),
        *check_solvent(plan, lab),
        *check_on_hand(plan, lab),
    ]
