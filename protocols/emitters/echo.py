"""An Echo pick list: CSV with the header of the maker's Cherry Pick software, volumes in whole nanolitres."""

from __future__ import annotations

from world_model.terms.lab_profile import LabProfile

from ..plan import PhysicalPlan
from ..work import WorkStage
from .plain_text import csv_text

HEADER = (
    "Source Plate Name", "Source Plate Type", "Source Well", "Destination Plate Name", "Destination Plate Type", "Destination Well",
    "Transfer Volume", "Sample Name",
)  # fmt: skip


def emit_pick_list(stage: WorkStage, plan: PhysicalPlan, lab: LabProfile) -> str:
    """The pick list of one stage, in the order in which drops shall fall. The format has no comments."""
    types = {holder.name: holder.type for holder in lab.holders} | dict.fromkeys(plan.dilution_plates, lab.dilutions.type if lab.dilutions is not None else "")
    rows = [
        (step.source[0], types[step.source[0]], step.source[1], step.target[0], lab.plate.type, step.target[1], step.volume_nl, step.liquid)
        for step in stage.steps
    ]
    return csv_text(HEADER, rows)
