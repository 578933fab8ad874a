"""What every stock brings: each component in one unit, converted at the border."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from world_model.terms.errors import UnitError
from world_model.terms.lab_profile import LabProfile
from world_model.terms.units import conversion_factor

from ..finding import Finding
from ..intent import Binding


@dataclass(frozen=True, kw_only=True)
class Strengths:
    """`of[stock][component]` in `units[component]`; `scale[factor]` turns a factor's value into its component's unit.

    `controlled` are the components whose amount the design or the base medium decides. Others (a solvent that comes along)
    are only told.
    """

    of: dict[str, dict[str, float]]
    units: dict[str, str]
    scale: dict[str, float]
    controlled: frozenset[str]
    findings: tuple[Finding, ...]

    def holding(self, component: str) -> dict[str, float]:
        """Stock → strength, for the stocks that hold a component."""
        return {stock: brings[component] for stock, brings in self.of.items() if component in brings}


def read_strengths(lab: LabProfile, bindings: Sequence[Binding]) -> Strengths:
    """Convert every stock and factor to one unit a component: the unit of the first factor that names it."""
    units: dict[str, str] = {}
    for binding in bindings:
        units.setdefault(binding.component, binding.unit)
    for component, amount in lab.medium.base.items():
        units.setdefault(component, amount.unit)
    for stock in lab.stocks:
        for component, amount in stock.components.items():
            units.setdefault(component, amount.unit)
    findings: list[Finding] = []
    scale: dict[str, float] = {}
    for binding in bindings:
        component = binding.component
        try:
            scale[binding.factor] = conversion_factor(
                binding.unit, units[component], molar_mass_g_per_mol=lab.molar_masses.get(component), of=component
            )
        except UnitError as fault:
            findings.append(_unit_finding(f"factor {binding.factor!r}", str(fault), units[component]))
    of: dict[str, dict[str, float]] = {}
    for stock in lab.stocks:
        of[stock.name] = {}
        for component in stock.components:
            try:
                of[stock.name][component] = lab.concentration_in(stock, component, units[component])
            except UnitError as fault:
                findings.append(_unit_finding(f"stock {stock.name!r}, {component}", str(fault), units[component]))
    controlled = frozenset(lab.medium.base) | {binding.component for binding in bindings}
    return Strengths(of=of, units=units, scale=scale, controlled=controlled, findings=tuple(findings))


def _unit_finding(where: str, fault: str, unit: str) -> Finding:
    return Finding(
        rule="units",
        severity="error",
        where=where,
        observed=f"a unit that does not convert ({fault})",
        limit=f"a quantity in {unit or 'no unit'}",
    )
