"""How far a cap on a solvent lets each factor go: a stock in DMSO is held down long before its volume fills the well."""

from __future__ import annotations

import math
from dataclasses import dataclass

from world_model.terms.space import SearchSpace
from world_model.terms.units import conversion_factor

from .finding import Finding
from .solver.wells import Solver
from .template import Bound


@dataclass(frozen=True, kw_only=True)
class Capped:
    """A factor's most under the cap of one solvent, in the factor's unit. `taken[component]`: % (v/v) that the rest of the well brings at least."""

    factor: str
    solvent: str
    cap: float
    most: float
    taken: dict[str, float]

    def finding(self, space: SearchSpace) -> Finding:
        low, high = space[self.factor].bounds  # type: ignore[union-attr]
        unit = space[self.factor].unit
        told = "; ".join(f"{percent:.2g} % is taken by {name}" for name, percent in self.taken.items())
        return Finding(
            rule="solvent", severity="error" if low > self.most else "warning", where=f"factor {self.factor!r}", observed=f"{low:g} to {high:g} {unit}".rstrip(),
            limit=f"at most {self.most:.4g} {unit}".rstrip() + f", to which the cap of {self.cap:g} % {self.solvent} lets it go" + (f" ({told})" if told else ""),
            mend="Give a stronger stock, one with less of the solvent, or raise solvent_limits; until then the planner is held below.",
        )  # fmt: skip


def capped_factors(space: SearchSpace, solver: Solver, bound: Bound) -> tuple[Capped, ...]:
    """Every factor whose upper bound a cap cuts, by the tightest one, with all other factors at their lower bounds."""
    found = []
    for binding in bound.bindings:
        caps = [_capped(space, solver, bound, binding.factor, solvent) for solvent in solver.lab.solvent_limits]
        tight = [cap for cap in caps if cap is not None and cap.most < space[binding.factor].bounds[1] * (1 - 1e-9)]  # type: ignore[union-attr]
        found += [min(tight, key=lambda cap: cap.most)] if tight else []
    return tuple(found)


def _capped(space: SearchSpace, solver: Solver, bound: Bound, factor: str, solvent: str) -> Capped | None:
    """None where some stock of the factor is free of the solvent."""
    mine = next(binding for binding in bound.bindings if binding.factor == factor)
    needs: dict[str, float] = {name: _base_amount(solver, name) for name in solver.lab.medium.base}
    for other in bound.bindings:
        if other.factor != factor:
            low = max(space[other.factor].bounds[0], 0.0)  # type: ignore[union-attr]
            needs[other.component] = needs.get(other.component, 0.0) + low * solver.strengths.scale[other.factor]
    taken = {name: 100 * amount * _per_unit(solver, name, solvent) for name, amount in needs.items() if amount > 0}
    taken = {name: percent for name, percent in taken.items() if percent > 0}
    cap = solver.lab.solvent_limits[solvent]
    room_nl = (cap - sum(taken.values())) / 100 * solver.final_nl
    most = 0.0
    for stock, strength in solver.strengths.holding(mine.component).items():
        fraction = solver.solvents[stock].get(solvent, 0.0)
        if fraction == 0:
            return None
        step_nl = solver.devices[stock].step_nl
        volume_nl = math.floor(max(room_nl, 0.0) / fraction / step_nl + 1e-9) * step_nl
        if volume_nl >= solver.devices[stock].least_nl:
            most = max(most, strength * volume_nl / solver.final_nl / solver.strengths.scale[factor])
    return Capped(factor=factor, solvent=solvent, cap=cap, most=most, taken=taken)


def _base_amount(solver: Solver, component: str) -> float:
    amount = solver.lab.medium.base[component]
    mass = solver.lab.molar_masses.get(component)
    return amount.concentration * conversion_factor(amount.unit, solver.strengths.units[component], molar_mass_g_per_mol=mass, of=component)


def _per_unit(solver: Solver, component: str, solvent: str) -> float:
    """Volume fraction of a solvent in the well for each unit of a component, from the stock that brings least."""
    return min((solver.solvents[stock].get(solvent, 0.0) / strength for stock, strength in solver.strengths.holding(component).items()), default=0.0)
