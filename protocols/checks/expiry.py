"""Stocks past their last day, and one component from two lots on one plate."""

from __future__ import annotations

from datetime import date

from world_model.terms.lab_profile import LabProfile

from ..finding import Finding
from ..plan import PhysicalPlan


def check_expiry(plan: PhysicalPlan, lab: LabProfile, *, day: date | None) -> list[Finding]:
    """Stocks that the plate takes and whose last day is before `day`, the day on which it is made."""
    used = drawn_stocks(plan)
    if day is None:
        last = [stock.expires for stock in lab.stocks if stock.name in used and stock.expires is not None]
        return [_no_day(min(last))] if last else []
    return [
        Finding(
            rule="expiry", severity="error", where=f"stock {stock.name!r}{f', lot {stock.lot}' if stock.lot else ''}", observed=f"last day {stock.expires:%Y-%m-%d}",
            limit=f"a stock that may be used on {day:%Y-%m-%d}", mend="Make or take a fresh one, and write its lot and its last day into the lab file.",
        )
        for stock in lab.expired(day) if stock.name in used
    ]  # fmt: skip


def _no_day(first: date) -> Finding:
    return Finding(rule="expiry", severity="note", where="the plate", observed="no day told", limit=f"the day on which it is made, at the latest {first:%Y-%m-%d}", mend="Check the stocks' last days yourself.")


def check_lots(plan: PhysicalPlan, lab: LabProfile) -> list[Finding]:
    """A component that some wells get from one lot and some from another: a batch effect that looks like the factor's."""
    lot_of = {stock.name: stock.lot for stock in lab.stocks}
    found = []
    for component in dict.fromkeys(component for stock in lab.stocks for component in stock.components):
        wells: dict[str, list[str]] = {}
        for well, stocks in plan.composition().items():
            for stock in stocks:
                if component in lab.stock(stock).components and lot_of[stock]:
                    named = wells.setdefault(lot_of[stock], [])
                    if well not in named:
                        named.append(well)
        if len(wells) > 1:
            told = "; ".join(f"lot {lot} in {', '.join(held[:4])}{f' and {len(held) - 4} more' if len(held) > 4 else ''}" for lot, held in wells.items())
            found.append(
                Finding(
                    rule="lots", severity="warning", where=f"component {component!r}", observed=told, limit="one lot on a plate",
                    mend="Make all stocks of it from one lot: a difference between lots can't be told from the factor's.",
                )
            )  # fmt: skip
    return found


def drawn_stocks(plan: PhysicalPlan) -> frozenset[str]:
    """Stocks that the plate takes, in dilutions too."""
    return frozenset(stock for stage in plan.stages for transfer in stage.transfers for stock in plan.made_of(transfer.stock))
