"""What one plate costs, by the lab file's prices, and what has no price there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from world_model.terms.lab_profile import LabProfile

from ..labware import labware
from ..plan import PhysicalPlan, RobotStage
from .order_list import pieces
from .stock_use import tube_uses


@dataclass(frozen=True, kw_only=True)
class CostLine:
    """One thing that is used up: so much of it, at a price for one unit."""

    what: str
    amount: float
    unit: str
    price: float

    @property
    def cost(self) -> float:
        return self.amount * self.price


@dataclass(frozen=True, kw_only=True)
class CostEstimate:
    """What is used up, priced; `without_price` is not in the total."""

    lines: tuple[CostLine, ...]
    without_price: tuple[str, ...]
    currency: str

    @property
    def total(self) -> float:
        return sum(line.cost for line in self.lines)

    def __str__(self) -> str:
        lacking = f"; without a price: {', '.join(self.without_price)}" if self.without_price else ""
        return f"{self.total:.2f} {self.currency}{lacking}"


def cost(plan: PhysicalPlan, robot: Sequence[RobotStage], lab: LabProfile) -> CostEstimate:
    """Stocks as provided (overage and dead volume are thrown away), plates, and the tips used as their part of a rack.

    Holders are counted where they have a price: a rack for tubes is not used up.
    """
    lines: list[CostLine] = []
    lacking: list[str] = []
    volumes: dict[str, int] = {}
    for use in tube_uses(plan, lab):
        volumes[use.stock.name] = volumes.get(use.stock.name, 0) + use.provide_nl
    for name, volume_nl in volumes.items():
        price = lab.stock(name).price_per_ml
        if price is None:
            lacking.append(name)
        else:
            lines.append(CostLine(what=name, amount=volume_nl / 1e6, unit="mL", price=price))
    for load_name, (kind, count) in pieces(plan, robot, lab).items():
        price = lab.prices.get(load_name)
        if kind == "tips":
            used = sum(stage.tips_used.get(load_name, 0) for stage in robot)
            if price is None:
                lacking.append(load_name)
            else:
                lines.append(CostLine(what=load_name, amount=used, unit="tip", price=price / len(labware(load_name).wells)))
        elif price is not None:
            lines.append(CostLine(what=load_name, amount=count, unit="piece", price=price))
        elif kind == "plate":
            lacking.append(load_name)
    if not robot and plan.device.by == "tips":
        lacking.append(f"tips of {plan.device.name}")
    return CostEstimate(lines=tuple(lines), without_price=tuple(lacking), currency=lab.currency)
