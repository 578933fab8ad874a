"""Labware and tip racks that the plate needs against what the lab has on hand."""

from __future__ import annotations

from collections.abc import Sequence

from world_model.terms.lab_profile import LabProfile

from ..finding import Finding
from ..plan import PhysicalPlan, RobotStage


def check_on_hand(plan: PhysicalPlan, robot: Sequence[RobotStage], lab: LabProfile) -> list[Finding]:
    """Every load name of which more is needed than `on_hand` says. What is not listed is not counted."""
    needed = labware_needed(plan, robot, lab)
    return [
        Finding(
            rule="on hand", severity="error", where=name, observed=f"{needed[name]} needed", limit=f"at most {have}, what on_hand says",
            mend="Order more, or use fewer wells or stronger stocks.",
        )
        for name, have in lab.on_hand.items() if needed.get(name, 0) > have
    ]  # fmt: skip


def labware_needed(plan: PhysicalPlan, robot: Sequence[RobotStage], lab: LabProfile) -> dict[str, int]:
    """Load name → how many pieces: the plate, its dilution plates, the holders that are drawn from, and the tip racks of all
    stages (each stage begins with full racks)."""
    needed: dict[str, int] = {plan.plate_labware: 1}
    drawn = {transfer.stock for stage in plan.stages for transfer in stage.transfers}
    holding = {stock.holder for stock in plan.stocks if stock.name in {part for liquid in drawn for part in plan.made_of(liquid)}}
    for load_name in [*plan.dilution_plates.values(), *(holder.labware for holder in lab.holders if holder.name in holding)]:
        needed[load_name] = needed.get(load_name, 0) + 1
    for stage in robot:
        for item in stage.deck:
            if item.kind == "tips":
                needed[item.load_name] = needed.get(item.load_name, 0) + 1
    return needed
