"""The bench sheet: one HTML page that prints well and needs nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from world_model.terms.lab_profile import LabProfile

from ..finding import Finding
from ..intent import ProtocolIntent
from ..plan import PhysicalPlan, RobotStage
from .plate_map import plate_map_svg


def bench_sheet(
    intent: ProtocolIntent, plan: PhysicalPlan, robot: Sequence[RobotStage], lab: LabProfile, *, files: Mapping[str, str], whole: str,
    findings: Sequence[Finding], engine: str,
) -> str:  # fmt: skip
    """The page as text."""
    return f"<!doctype html><meta charset='utf-8'><title>{plan.plate}</title>{plate_map_svg(plan)}"
