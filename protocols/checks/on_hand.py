"""Plates, reservoirs and tube racks that the plate needs against what the lab has on hand. Tip racks are the tips rule's."""

from __future__ import annotations

from world_model.terms.lab_profile import LabProfile

from ..finding import Finding
from ..plan import PhysicalPlan
from .expiry import drawn_stocks


def check_on_hand(plan: PhysicalPlan, lab: LabProfile) -> list[Finding]:
    """Every load name of which more is needed than `on_hand` says. What is not listed is not counted."""
    needed = labware_needed(plan, lab)
    return [
        Finding(
            rule="on hand", severity="error", where=name, observed=f"{needed[name]} needed", limit=f"at most {have}, what on_hand says",
            mend="Order more, or correct on_hand.",
        )
        for name, have in lab.on_hand.items() if needed.get(name, 0) > have
    ]  # fmt: skip


def labware_needed(plan: PhysicalPlan, lab: LabProfile) -> dict[str, int]:
    """Load name → how many pieces: the plate, its dilution plates, and the holders that are drawn from."""
    needed: dict[str, int] = {plan.plate_labware: 1}
    drawn = drawn_stocks(plan)
    holding = {stock.holder for stock in plan.stocks if stock.name in drawn}
    for load_name in [*plan.dilution_plates.values(), *(holder.labware for holder in lab.holders if holder.name in holding)]:
        needed[load_name] = needed.get(load_name, 0) + 1
    return needed
