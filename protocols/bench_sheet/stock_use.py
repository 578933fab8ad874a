"""What each tube and trough has to hold: what is drawn from it, the overage, and what can't be drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from world_model.terms.lab_profile import LabProfile, Stock

from ..hazards.statements import text_of
from ..plan import PhysicalPlan
from ..volumes import shown
from .blocks import Column, Table


@dataclass(frozen=True, kw_only=True)
class TubeUse:
    """One place of one stock. `provide_nl` is what is drawn and its overage, and the dead volume; `held_nl` what the lab file says stands there."""

    stock: Stock
    place: str
    drawn_nl: int
    dead_nl: int
    provide_nl: int
    held_nl: int
    stages: tuple[str, ...]


def tube_uses(plan: PhysicalPlan, lab: LabProfile) -> tuple[TubeUse, ...]:
    """Every place that something is drawn from, in the lab file's order."""
    found = []
    for state in plan.stocks:
        for place in state.wells:
            drawn = {
                stage.name: sum(t.volume_nl for t in stage.transfers if t.stock == state.name and t.source_well == place) for stage in plan.stages
            }
            total = sum(drawn.values())
            if total:
                found.append(
                    TubeUse(
                        stock=lab.stock(state.name), place=f"{place} of {state.holder}", drawn_nl=total, dead_nl=state.dead_nl,
                        provide_nl=with_overage(total, lab) + state.dead_nl, held_nl=state.start_nl[place], stages=tuple(name for name, nl in drawn.items() if nl),
                    )
                )  # fmt: skip
    return tuple(found)


def with_overage(drawn_nl: int, lab: LabProfile) -> int:
    """What is drawn and the overage, up to the next tenth of a microlitre."""
    return -(-drawn_nl * round(1000 + 10 * lab.overage_percent) // 100_000) * 100


def stock_table(plan: PhysicalPlan, lab: LabProfile, *, today: date | None) -> Table:
    """One line a tube."""
    several = len(plan.stages) > 1
    columns = [
        Column(name="Stock", bold=True, share=1.5), Column(name="Contains", share=1.4), Column(name="Place", share=1.2), Column(name="Drawn", numeric=True, share=1.05),
        Column(name="Provide", numeric=True, bold=True, share=1.15), Column(name="In lab file", numeric=True, share=1.05), Column(name="Lot, expiry", share=1.3),
        *([Column(name="Used in", share=1.1)] if several else []), Column(name="Keep", share=1.2),
    ]  # fmt: skip
    rows = [
        (
            use.stock.name, contains(use.stock), use.place, shown(use.drawn_nl), shown(use.provide_nl), shown(use.held_nl) + (" !" if use.held_nl < use.provide_nl else ""),
            lot(use.stock, today), *([", ".join(use.stages)] if several else []), use.stock.keep,
        )
        for use in tube_uses(plan, lab)
    ]  # fmt: skip
    return Table(columns=tuple(columns), rows=tuple(rows), tick=True)


def short_tubes(plan: PhysicalPlan, lab: LabProfile) -> tuple[TubeUse, ...]:
    """Tubes of which the lab file says less than what should be provided: enough without the overage, or the plan had been refused."""
    return tuple(use for use in tube_uses(plan, lab) if use.held_nl < use.provide_nl)


def contains(stock: Stock) -> str:
    """Components with their concentrations."""
    return ", ".join(f"{name} {amount.concentration:g} {amount.unit}" for name, amount in stock.components.items()) or "–"


def lot(stock: Stock, today: date | None) -> str:
    """Lot and last day; what is past it says so."""
    parts = [stock.lot] if stock.lot else []
    if stock.expires is not None:
        over = today is not None and stock.expires < today
        parts.append(f"{'EXPIRED' if over else 'until'} {stock.expires.isoformat()}")
    return ", ".join(parts)


def hazard_table(stocks: Sequence[Stock]) -> Table:
    """Stock and statements, in words. Stocks of which nothing is stated are named at the end."""
    rows = [(stock.name, "; ".join(text_of(code) for code in stock.hazards)) for stock in stocks if stock.hazards]
    unknown = ", ".join(stock.name for stock in stocks if stock.hazards is None)
    if unknown:
        rows.append(("all others", f"not stated in the lab file, look into the safety data sheets: {unknown}"))
    return Table(columns=(Column(name="Stock", bold=True, share=1), Column(name="Hazard statements", share=4)), rows=tuple(rows))


def dilution_table(plan: PhysicalPlan) -> Table:
    """What the set-up makes first."""
    columns = (
        Column(name="Dilution", bold=True, share=1.6), Column(name="Of", share=1.4), Column(name="Parts", share=0.7), Column(name="Plate, well", share=1.3),
        Column(name="Stock", numeric=True), Column(name="Diluent", numeric=True, share=1.5), Column(name="Makes", numeric=True),
    )  # fmt: skip
    rows = [
        (
            dilution.name, dilution.parent, f"1 in {dilution.factor}", f"{dilution.plate}, {well}", shown(volume // dilution.factor),
            f"{shown(volume - volume // dilution.factor)} {dilution.diluent}", shown(volume),
        )
        for dilution in plan.dilutions
        for well, volume in dilution.wells.items()
    ]  # fmt: skip
    return Table(columns=columns, rows=tuple(rows), tick=True)


