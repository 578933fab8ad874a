"""Which liquid goes into a well first: one order for every machine that touches what it dispenses into."""

from __future__ import annotations

from collections.abc import Mapping

from world_model.terms.lab_profile import LabProfile

from .plan import PhysicalPlan

CELLS_TURN = 3


def turns(plan: PhysicalPlan, lab: LabProfile) -> Mapping[str, int]:
    """Liquid → 0 (added first), 1, 2 (added last) or 3 (the cells). A dilution has the turn of the stock that it comes from."""
    found = {stock.name: ("first", "any", "last").index(stock.added) for stock in lab.stocks}
    if lab.cells is not None:
        found[lab.cells.stock] = CELLS_TURN
    for dilution in plan.dilutions:
        found[dilution.name] = found[dilution.parent]
    return found


def adding_order(plan: PhysicalPlan, lab: LabProfile) -> list[str]:
    """Every liquid of the plan: by its turn; within one, the diluent first, for small volumes mix better into liquid than on
    dry plastic; then as the plan lists them."""
    turn = turns(plan, lab)
    named = [*(stock.name for stock in plan.stocks), *(dilution.name for dilution in plan.dilutions)]
    return sorted(named, key=lambda name: (turn[name], name != lab.medium.diluent))
