"""What has to be there for one plate, what is on hand, and what to order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from world_model.terms.lab_profile import LabProfile

from ..emitters.plain_text import csv_text
from ..labware import labware
from ..plan import PhysicalPlan, RobotStage
from .stock_use import contains, tube_uses

COLUMNS = ("item", "kind", "contains", "needed", "on_hand", "to_order", "unit", "supplier", "lot", "expires", "price_per_unit", "cost_of_order", "currency")


@dataclass(frozen=True, kw_only=True)
class OrderRow:
    """One thing. `needed` with overage and dead volume; `on_hand` None where the lab file does not say; prices None likewise."""

    item: str
    kind: str
    contains: str
    needed: float
    on_hand: float | None
    unit: str
    supplier: str = ""
    lot: str = ""
    expires: str = ""
    price_per_unit: float | None = None

    @property
    def to_order(self) -> float:
        """What lacks; all of it where nobody said what is on hand."""
        return max(round(self.needed - (self.on_hand or 0), 6), 0)


def order_rows(plan: PhysicalPlan, robot: Sequence[RobotStage], lab: LabProfile) -> tuple[OrderRow, ...]:
    """Stocks, then plates, holders and tip racks."""
    needed: dict[str, int] = {}
    for use in tube_uses(plan, lab):
        needed[use.stock.name] = needed.get(use.stock.name, 0) + use.provide_nl
    rows = []
    for name, volume_nl in needed.items():
        stock = lab.stock(name)
        rows.append(
            OrderRow(
                item=name, kind="stock", contains=contains(stock) if stock.components else "", needed=volume_nl / 1e6, on_hand=plan.stock(name).total_nl / 1e6, unit="mL", supplier=stock.supplier,
                lot=stock.lot, expires=stock.expires.isoformat() if stock.expires is not None else "", price_per_unit=stock.price_per_ml,
            )
        )  # fmt: skip
    for load_name, (kind, count) in pieces(plan, robot, lab).items():
        on_hand = lab.on_hand.get(load_name)
        rows.append(
            OrderRow(
                item=load_name, kind=kind, contains=labware(load_name).title, needed=count, on_hand=on_hand, unit="rack" if kind == "tips" else "piece",
                price_per_unit=lab.prices.get(load_name),
            )
        )  # fmt: skip
    return tuple(rows)


def pieces(plan: PhysicalPlan, robot: Sequence[RobotStage], lab: LabProfile) -> dict[str, tuple[str, int]]:
    """Load name → kind and how many: the plate, dilution plates, holders that are drawn from, tip racks."""
    found: dict[str, tuple[str, int]] = {}

    def count(load_name: str, kind: str, number: int) -> None:
        found[load_name] = kind, found.get(load_name, (kind, 0))[1] + number

    count(plan.plate_labware, "plate", 1)
    for load_name in plan.dilution_plates.values():
        count(load_name, "plate", 1)
    drawn = {plan.stock(transfer.stock).holder for stage in plan.stages for transfer in stage.transfers}
    for holder in lab.holders:
        if holder.name in drawn:
            count(holder.labware, "holder", 1)
    for stage in robot:
        for rack, tips in stage.tips_used.items():
            count(rack, "tips", stage.racks_used.get(rack, -(-tips // len(labware(rack).wells))))
    return found


def order_list_csv(plan: PhysicalPlan, robot: Sequence[RobotStage], lab: LabProfile) -> str:
    """The list as CSV; empty cells are what the lab file does not say."""
    rows = [
        (
            row.item, row.kind, row.contains, f"{row.needed:.6g}", "" if row.on_hand is None else f"{row.on_hand:.6g}", f"{row.to_order:.6g}", row.unit, row.supplier, row.lot,
            row.expires, "" if row.price_per_unit is None else f"{row.price_per_unit:g}",
            "" if row.price_per_unit is None else f"{row.price_per_unit * row.to_order:.2f}", lab.currency,
        )
        for row in order_rows(plan, robot, lab)
    ]  # fmt: skip
    return csv_text(COLUMNS, rows)
