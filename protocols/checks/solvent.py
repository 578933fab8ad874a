"""Solvent in wells: never more than the lab file allows, at the end of any stage (wells that wait for an addition hold less)."""

from __future__ import annotations

from collections.abc import Mapping

from world_model.terms.lab_profile import LabProfile

from ..finding import Finding
from ..plan import PhysicalPlan


def check_solvent(plan: PhysicalPlan, lab: LabProfile) -> list[Finding]:
    """The fullest moment of each well and solvent that is beyond its limit."""
    worst: dict[tuple[str, str], tuple[float, str]] = {}
    for position, stage in enumerate(plan.stages):
        for (solvent, well), percent in solvent_percent(plan.composition(until=position), lab).items():
            if percent > worst.get((solvent, well), (0.0, ""))[0]:
                worst[solvent, well] = percent, stage.name
    by_solvent: dict[str, list[tuple[float, str, str]]] = {}
    for (solvent, well), (percent, name) in worst.items():
        # a millionth above is arithmetic, not solvent
        if percent > lab.solvent_limits[solvent] * (1 + 1e-6):
            by_solvent.setdefault(solvent, []).append((percent, well, name))
    return [
        Finding(
            rule="solvent", severity="error", where=f"{', '.join(well for _, well, _ in over[:6])}{f' and {len(over) - 6} more' if len(over) > 6 else ''}",
            observed=f"{solvent} up to {max(over)[0]:.3g} % (v/v), in {max(over)[1]} after stage {max(over)[2]}", limit=f"at most {lab.solvent_limits[solvent]:g} %",
            mend=f"Give a stronger stock in {solvent}, a stock in water, or ask for less.",
        )
        for solvent, over in by_solvent.items()
    ]  # fmt: skip


def solvent_percent(composition: Mapping[str, Mapping[str, float]], lab: LabProfile) -> dict[tuple[str, str], float]:
    """(solvent, well) → % (v/v) of what the well holds, for solvents with a limit; volumes add up."""
    parts = {stock.name: {_known(name, lab): percent for name, percent in stock.solvent.items()} for stock in lab.stocks}
    found = {}
    for well, held in composition.items():
        total = sum(held.values())
        for solvent in lab.solvent_limits:
            amount = sum(volume * parts[stock].get(solvent, 0.0) for stock, volume in held.items())
            if total > 0 and amount > 0:
                found[solvent, well] = amount / total
    return found


def _known(name: str, lab: LabProfile) -> str:
    """A solvent as the limits spell it: dmso is DMSO."""
    return next((limit for limit in lab.solvent_limits if limit.casefold() == name.casefold()), name)
