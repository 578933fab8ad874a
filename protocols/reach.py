"""What the lab can reach at all, told to the planner before it asks: sums that fit the well, and the least of each factor."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from world_model.terms.constraints import Linear
from world_model.terms.factors import Continuous
from world_model.terms.lab_profile import LabProfile
from world_model.terms.proposal import ProposedExperiment
from world_model.terms.space import SearchSpace
from world_model.terms.units import conversion_factor

from .finding import Finding, Refused, errors_in
from .preflight import check_lab
from .solvent_caps import capped_factors
from .solver.demands import read_demands
from .solver.dilutions import FACTORS, MOST_LEVELS
from .solver.strengths import read_strengths
from .solver.wells import Solver, solve_all, solver_of
from .template import Bound, bind_factors
from .volumes import to_ul

WEAKEST_DILUTION = FACTORS[-1] ** MOST_LEVELS


@dataclass(frozen=True, kw_only=True)
class Gap:
    """Values of a factor, between `low` and `high`, that no single stock reaches."""

    factor: str
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Reach:
    """What can be pipetted.

    Attributes:
        constraints: the volumes of the strongest stocks, base medium, cells and the least diluent fit the well.
        lowest: factor → lowest concentration above 0 that a single transfer reaches, in the factor's unit.
        highest: factor → what the strongest stock reaches alone, beside base medium and cells, and under the caps on solvents.
        gaps: ranges that lie above the weaker stock's most and below the stronger one's least.
        findings: ranges of factors that can't be reached, or only in part.
    """

    constraints: tuple[Linear, ...]
    lowest: dict[str, float]
    highest: dict[str, float]
    gaps: tuple[Gap, ...]
    findings: tuple[Finding, ...]
    space: SearchSpace
    solver: Solver
    bound: Bound

    def snap(self, settings: Mapping[str, float | str]) -> dict[str, float | str]:
        """Settings with each value that lies in a gap (below the lowest, or between two stocks) moved to the nearer end of
        it that the factor allows."""
        moved = dict(settings)
        holes = [*(Gap(factor=name, low=0.0, high=least) for name, least in self.lowest.items()), *self.gaps]
        for hole in holes:
            value = moved.get(hole.factor)
            if not isinstance(value, int | float) or not hole.low < value < hole.high:
                continue
            ends = [end for end in (hole.low, hole.high) if self.space[hole.factor].reason_against(end) is None]
            if ends:
                moved[hole.factor] = ends[0] if len(ends) == 1 or value - ends[0] < ends[1] - value else ends[1]
        return moved

    def reached(self, settings: Mapping[str, float | str]) -> dict[str, float | str] | None:
        """Settings moved out of gaps; None where even those can't be made: the sum of volumes, or what rounding leaves."""
        moved = self.snap(settings)
        return moved if self._surely_fits(moved) or not self.reasons_against(moved) else None

    def _surely_fits(self, settings: Mapping[str, float | str]) -> bool:
        """Whether the least volumes of single stocks leave room to spare: then nothing needs to be solved."""
        taken_nl = self.solver.cells_nl + 2 * max(device.least_nl for device in self.solver.devices.values())
        wanted = {name: amount.concentration for name, amount in self.solver.lab.medium.base.items()}
        wanted = {name: value * self._base_scale(name) for name, value in wanted.items()}
        for binding in self.bound.bindings:
            value = settings.get(binding.factor)
            if not isinstance(value, int | float):
                return False
            if binding.component in wanted:
                return False
            wanted[binding.component] = float(value) * self.solver.strengths.scale[binding.factor]
        for component, amount in wanted.items():
            if amount > 0:
                able = [volume for stock, volume in self._volumes(component, amount) if volume >= 1.1 * self.solver.devices[stock].least_nl]
                if not able:
                    return False
                taken_nl += math.ceil(min(able))
        return not self.solver.solvents_limited and taken_nl <= self.solver.final_nl

    def _volumes(self, component: str, amount: float) -> list[tuple[str, float]]:
        """Stock → nanolitres of it, for the stocks that bring this component and no other that counts."""
        strengths = self.solver.strengths
        return [
            (stock, amount * self.solver.final_nl / strength)
            for stock, strength in strengths.holding(component).items()
            if set(strengths.of[stock]) & strengths.controlled == {component}
        ]

    def _base_scale(self, component: str) -> float:
        amount = self.solver.lab.medium.base[component]
        unit = self.solver.strengths.units[component]
        return conversion_factor(amount.unit, unit, molar_mass_g_per_mol=self.solver.lab.molar_masses.get(component), of=component)

    def reasons_against(self, settings: Mapping[str, float | str]) -> tuple[Finding, ...]:
        """Every reason why one experiment of these settings can't be pipetted: the solver's own answer, exact."""
        asked = ProposedExperiment(id="point", role="candidate", settings=dict(settings))
        demands, bad = read_demands([asked], bindings=self.bound.bindings, strengths=self.solver.strengths, lab=self.solver.lab)
        if bad:
            return bad
        return solve_all(self.solver, demands, available_nl={}).reasons


def reach(space: SearchSpace, lab: LabProfile, *, inoculum_od600: float | None = None) -> Reach:
    """What the lab can reach of a space.

    Raises:
        Refused: the lab file is wrong, or a factor has no component or another dimension.
    """
    bound = bind_factors(space, lab)
    strengths = read_strengths(lab, bound.bindings)
    findings = [*check_lab(lab), *bound.findings, *strengths.findings]
    if errors_in(findings):
        raise Refused(f"Lab {lab.name}", findings)
    solver = solver_of(lab, strengths, inoculum_od600=inoculum_od600)
    findings += solver.cells_findings()
    final_ul = lab.plate.volume_ul
    least_ul = {stock: to_ul(device.least_nl) for stock, device in solver.devices.items()}
    taken = to_ul(solver.cells_nl) + least_ul[lab.medium.diluent]
    for component, amount in lab.medium.base.items():
        in_unit = {stock.name: lab.concentration_in(stock, component, amount.unit) for stock in lab.stocks_with(component)}
        taken += final_ul * amount.concentration / max(in_unit.values())
    lowest: dict[str, float] = {}
    highest: dict[str, float] = {}
    terms: dict[str, float] = {}
    gaps: list[Gap] = []
    for binding in bound.bindings:
        scale = strengths.scale[binding.factor]
        own = {stock: strength / scale for stock, strength in strengths.holding(binding.component).items()}
        terms[binding.factor] = 1 / max(own.values())
        least = min(least_ul[stock] * strength for stock, strength in own.items()) / final_ul
        lowest[binding.factor] = float(f"{least if lab.dilutions is None else least / WEAKEST_DILUTION:.12g}")
        highest[binding.factor] = max(own.values()) * (final_ul - taken) / final_ul
        if lab.dilutions is None:
            weak_first = sorted(own, key=lambda stock: own[stock])
            gaps += _gaps(binding.factor, [(own[stock], least_ul[stock]) for stock in weak_first], taken_ul=taken, final_ul=final_ul)
        if taken < final_ul:
            findings += _range_findings(space, binding.factor, lowest[binding.factor], highest[binding.factor])
    findings += [_gap_finding(space, gap) for gap in gaps if gap.low < space[gap.factor].bounds[1] and gap.high > space[gap.factor].bounds[0]]  # type: ignore[union-attr]
    if lab.dilutions is None:  # a dilution brings solvent of its own measure
        for capped in capped_factors(space, solver, bound):
            highest[capped.factor] = min(highest[capped.factor], capped.most)
            findings.append(capped.finding(space))
    free = 1 - taken / final_ul
    if free <= 0:
        findings.append(
            Finding(
                rule="well too small",
                severity="error",
                where="base medium and cells",
                observed=f"{taken:.4g} µL with the least diluent",
                limit=f"less than {final_ul:g} µL",
                mend="Give stronger stocks of the base medium.",
            )
        )
    constraints: tuple[Linear, ...] = ()
    if terms and free > 0 and not _always_fits(space, terms, free):
        constraints = (Linear(terms=terms, at_most=free, why="the stocks' volumes fit the well"),)
    return Reach(
        constraints=constraints,
        lowest=lowest,
        highest=highest,
        gaps=tuple(gaps),
        findings=tuple(findings),
        space=space,
        solver=solver,
        bound=bound,
    )


def _always_fits(space: SearchSpace, terms: Mapping[str, float], free: float) -> bool:
    """Whether even the highest settings together fit: then there is no constraint to heed."""
    highest = {name: space[name].bounds[1] for name in terms}  # type: ignore[union-attr]
    return sum(weight * highest[name] for name, weight in terms.items()) <= free


def _gaps(name: str, stocks: list[tuple[float, float]], *, taken_ul: float, final_ul: float) -> list[Gap]:
    """Between each stock (strength, least volume) and the next stronger one: the weaker one's most, with all the room, and
    the stronger one's least."""
    found = []
    for (weak, _), (strong, least_ul) in pairwise(stocks):
        most, least = weak * (final_ul - taken_ul) / final_ul, strong * least_ul / final_ul
        if most < least:
            found.append(Gap(factor=name, low=float(f"{most:.12g}"), high=float(f"{least:.12g}")))
    return found


def _gap_finding(space: SearchSpace, gap: Gap) -> Finding:
    unit = space[gap.factor].unit
    return Finding(
        rule="gap", severity="warning", where=f"factor {gap.factor!r}", observed=f"{gap.low:.4g} to {gap.high:.4g} {unit}, which no stock reaches",
        limit="stocks whose ranges meet", mend="Give a stock of a strength between; until then such values are moved to the nearer end.",
    )  # fmt: skip


def _range_findings(space: SearchSpace, name: str, lowest: float, highest: float) -> list[Finding]:
    factor = space[name]
    low, high = factor.bounds  # type: ignore[union-attr]
    found = []
    unit = factor.unit
    if high < lowest or low > highest:
        found.append(
            Finding(
                rule="below the pipette" if high < lowest else "stock too weak", severity="error", where=f"factor {name!r}", observed=f"{low:g} to {high:g} {unit}".rstrip(),
                limit=f"something from {lowest:.4g} to {highest:.4g} {unit}".rstrip(), mend="Give a weaker stock." if high < lowest else "Give a stronger stock.",
            )
        )  # fmt: skip
        return found
    if high > highest:
        found.append(
            Finding(
                rule="stock too weak",
                severity="warning",
                where=f"factor {name!r}",
                observed=f"up to {high:g} {unit}".rstrip(),
                limit=f"at most {highest:.4g} {unit} beside base medium and cells".rstrip(),
                mend="Give a stronger stock, or the planner is held below.",
            )
        )
    between = (
        low < lowest
        if isinstance(factor, Continuous)
        else any(0 < value < lowest for value in getattr(factor, "values", ()) or (max(low, 1),))
    )
    if between and (low > 0 or not isinstance(factor, Continuous)):
        found.append(
            Finding(
                rule="below the pipette",
                severity="warning",
                where=f"factor {name!r}",
                observed=f"values below {lowest:.4g} {unit}".rstrip(),
                limit=f"0 or at least {lowest:.4g} {unit}".rstrip(),
                mend="Give a weaker stock, or values between are moved.",
            )
        )
    return found
