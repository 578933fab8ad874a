"""From demands to volumes: additions first, for what they bring must find room in the set-up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

from world_model.terms.lab_profile import LabProfile

from ..device import Device, device_of, devices_by_stock
from ..finding import Finding
from ..plan import Reached
from ..volumes import shown, to_nl, to_step
from .demands import Demand
from .dilutions import DilutionRecipe, widen
from .explain import explain
from .mixture import Recipe, mix
from .strengths import Strengths


@dataclass(frozen=True, kw_only=True)
class Solved:
    """One experiment's volumes: minute → liquid → nanolitres; and what each factor really reaches, in the factor's unit."""

    volumes: dict[int, dict[str, int]]
    planned: dict[str, float]
    reached: tuple[Reached, ...]

    def takes(self, stock: str) -> int:
        """What one well takes of a liquid, all stages."""
        return sum(stage.get(stock, 0) for stage in self.volumes.values())


@dataclass(frozen=True, kw_only=True)
class Solver:
    """The lab's side of every mixture.

    Attributes:
        devices: liquid → what dispenses it.
        making: what makes dilutions and dispenses from them.
        inoculum_od600: what the cells' stock was measured at.
        recipes: the dilutions among `strengths`.
    """

    lab: LabProfile
    strengths: Strengths
    devices: Mapping[str, Device]
    making: Device
    inoculum_od600: float | None
    recipes: tuple[DilutionRecipe, ...] = ()

    @property
    def final_nl(self) -> int:
        return to_nl(self.lab.plate.volume_ul)

    @property
    def dilution_diluent(self) -> str:
        """The stock that dilutes others."""
        named = self.lab.dilutions.diluent if self.lab.dilutions is not None else None
        return named or self.lab.medium.diluent

    @cached_property
    def cells_nl(self) -> int:
        """V · final OD / inoculum OD, to the pipetting step."""
        cells = self.lab.cells
        if cells is None:
            return 0
        od = self.inoculum_od600 or cells.expected_od600
        return to_step(self.lab.plate.volume_ul * cells.final_od600 / od, self.devices[cells.stock].step_nl)

    @property
    def solvents_limited(self) -> bool:
        """Whether some stock brings a solvent that the lab file limits."""
        return any(name in stock.solvent for stock in self.lab.stocks for name in self.lab.solvent_limits)

    @cached_property
    def solvents(self) -> Mapping[str, Mapping[str, float]]:
        """Liquid → solvent → volume fraction."""
        of: dict[str, dict[str, float]] = {
            stock.name: {name: percent / 100 for name, percent in stock.solvent.items()} for stock in self.lab.stocks
        }
        thin = of[self.dilution_diluent]
        for recipe in self.recipes:
            parent = of[recipe.parent]
            of[recipe.name] = {
                name: parent.get(name, 0.0) / recipe.factor + thin.get(name, 0.0) * (1 - 1 / recipe.factor) for name in {**parent, **thin}
            }
        return of

    def widened(self, demands: Iterable[Demand]) -> Solver:
        """This solver with the dilutions that demands need, where the lab file lets any be made."""
        if self.lab.dilutions is None:
            return self
        wide = widen(
            self.strengths, demands, devices=self.devices, making=self.making, diluent=self.dilution_diluent, final_nl=self.final_nl,
            room_nl=self.final_nl - self.cells_nl,
        )  # fmt: skip
        if not wide.recipes:
            return self
        devices = {**self.devices, **{recipe.name: self.making for recipe in wide.recipes}}
        return replace(self, strengths=wide.strengths, devices=devices, recipes=wide.recipes)

    def cells_findings(self) -> list[Finding]:
        """Why cells can't be pipetted, if they can't."""
        cells = self.lab.cells
        if cells is None:
            return []
        od, final_nl = self.inoculum_od600 or cells.expected_od600, self.final_nl
        needed_nl = final_nl * cells.final_od600 / od
        device = self.devices[cells.stock]
        if self.cells_nl < device.least_nl:
            thin = final_nl * cells.final_od600 / device.least_nl
            rule, limit, mend = "below the pipette", f"at least {shown(device.least_nl)} of {device.name}", f"Dilute the inoculum to OD600 {thin:.3g} or less."
        elif self.cells_nl > final_nl:
            rule, limit, mend = "stock too weak", f"at most {shown(final_nl)}, the whole well", f"Take an inoculum denser than OD600 {cells.final_od600:g}."
        else:
            return []
        observed = f"an inoculum of OD600 {od:g}, of which OD600 {cells.final_od600:g} in {shown(final_nl)} needs {shown(needed_nl)}"
        return [Finding(rule=rule, severity="error", where=f"cells ({cells.stock})", observed=observed, limit=limit, mend=mend)]

    def solve(self, demand: Demand, *, without: frozenset[str] = frozenset()) -> Solved | list[Finding]:
        """Volumes of one experiment, or every reason against it. `without` names stocks to be spared.

        Additions are measured precisely, unless that leaves too little room for the set-up.
        """
        answer = self._solve(demand, without=without, precise="try")
        if isinstance(answer, list) and demand.minutes:
            return self._solve(demand, without=without, precise="no")
        return answer

    def _solve(self, demand: Demand, *, without: frozenset[str], precise: Literal["try", "no"]) -> Solved | list[Finding]:
        reasons: list[Finding] = []
        volumes: dict[int, dict[str, int]] = {}
        for minute in demand.minutes:
            recipe = self._recipe(demand, minute, total_nl=None, without=without, used_nl=self._solvent_of(volumes))
            made = mix(replace(recipe, precise=precise))
            if made is None:
                reasons += explain(recipe, where=f"{demand.experiment_id} at {minute / 60:g} h", units=self.strengths.units)
            else:
                volumes[minute] = made
        later_nl = sum(sum(stage.values()) for stage in volumes.values())
        recipe = self._recipe(demand, 0, total_nl=self.final_nl - later_nl, without=without, used_nl=self._solvent_of(volumes))
        made = mix(recipe)
        if made is None:
            reasons += explain(recipe, where=demand.experiment_id, units=self.strengths.units)
        if reasons or made is None:
            return reasons
        volumes[0] = made
        return Solved(volumes=dict(sorted(volumes.items())), planned=self._planned(demand, volumes), reached=self._reached(demand, volumes))

    def _recipe(self, demand: Demand, minute: int, *, total_nl: int | None, without: frozenset[str], used_nl: Mapping[str, float]) -> Recipe:
        lab = self.lab
        cells = lab.cells.stock if lab.cells is not None else None
        pipetted = {
            name: brings
            for name, brings in self.strengths.of.items()
            if name not in without and (name != cells or (minute == 0 and demand.cells))
        }
        return Recipe(
            targets=demand.target(minute), strengths=pipetted, controlled=self.strengths.controlled,
            diluent=lab.medium.diluent if minute == 0 else None, total_nl=total_nl, final_nl=self.final_nl,
            fixed={cells: self.cells_nl} if cells is not None and demand.cells and minute == 0 else {},
            devices=self.devices, most_nl=self.final_nl, prefer="large" if minute == 0 else "small", solvents=self.solvents,
            solvent_room_nl={name: percent / 100 * self.final_nl - used_nl.get(name, 0.0) for name, percent in lab.solvent_limits.items()},
            solvent_caps=lab.solvent_limits,
        )  # fmt: skip

    def _solvent_of(self, volumes: Mapping[int, Mapping[str, int]]) -> dict[str, float]:
        """Solvent → nanolitres that the stages solved so far bring."""
        used: dict[str, float] = {}
        for stage in volumes.values():
            for liquid, volume in stage.items():
                for solvent, fraction in self.solvents[liquid].items():
                    used[solvent] = used.get(solvent, 0.0) + fraction * volume
        return used

    def amounts(self, stage: dict[str, int]) -> dict[str, float]:
        """Component → concentration that volumes bring, at the final volume."""
        found: dict[str, float] = {}
        for stock, volume in stage.items():
            for component, strength in self.strengths.of[stock].items():
                found[component] = found.get(component, 0.0) + strength * volume / self.final_nl
        return found

    def _planned(self, demand: Demand, volumes: dict[int, dict[str, int]]) -> dict[str, float]:
        planned: dict[str, float] = {}
        for share in demand.shares:
            if share.asked == 0:
                planned[share.factor] = 0.0
                continue
            due, brought = demand.target(share.minute)[share.component], self.amounts(volumes[share.minute])[share.component]
            # twelve digits: the rest is the arithmetic's, not the pipette's
            planned[share.factor] = float(f"{brought * share.asked / due / self.strengths.scale[share.factor]:.12g}")
        return planned

    def _reached(self, demand: Demand, volumes: dict[int, dict[str, int]]) -> tuple[Reached, ...]:
        together: dict[str, int] = {}
        for stage in volumes.values():
            for stock, volume in stage.items():
                together[stock] = together.get(stock, 0) + volume
        asked: dict[str, float] = dict(demand.base)
        for share in demand.shares:
            asked[share.component] = asked.get(share.component, 0.0) + share.asked
        brought = self.amounts(together)
        rows = [
            Reached(component=name, asked=asked.get(name, 0.0), planned=brought.get(name, 0.0), unit=self.strengths.units[name])
            for name in dict.fromkeys([*asked, *brought])
        ]
        cells = self.lab.cells
        for stock, volume in together.items():
            if cells is not None and stock == cells.stock:
                od = self.inoculum_od600 or cells.expected_od600
                rows.append(Reached(component=stock, asked=cells.final_od600, planned=od * volume / self.final_nl, unit="OD600"))
            elif not self.strengths.of[stock]:
                rows.append(Reached(component=stock, asked=volume / 1000, planned=volume / 1000, unit="µL"))
        return (*rows, *self._solvents_reached(together))

    def _solvents_reached(self, volumes: Mapping[str, int]) -> list[Reached]:
        """Solvents that come along, in % (v/v); nobody asks for them. One that some stock has as a component is told there."""
        brought = self._solvent_of({0: volumes})
        return [
            Reached(component=name, asked=0.0, planned=100 * volume / self.final_nl, unit="% (v/v)")
            for name, volume in brought.items()
            if volume > 0 and name not in self.strengths.units
        ]


def solver_of(lab: LabProfile, strengths: Strengths, *, inoculum_od600: float | None) -> Solver:
    """The solver of a lab.

    Raises:
        ProtocolError: an unknown pipette or rack.
    """
    return Solver(lab=lab, strengths=strengths, devices=devices_by_stock(lab), making=device_of(lab), inoculum_od600=inoculum_od600)


@dataclass(frozen=True, kw_only=True)
class AllSolved:
    """Solutions by experiment id, every reason against, and the solver with every dilution that some experiment needs.
    `spared[stock]` counts the wells that were given another strength, lest it run dry."""

    by_id: dict[str, Solved]
    reasons: tuple[Finding, ...]
    solver: Solver
    spared: dict[str, int] = field(default_factory=dict)


def solve_all(solver: Solver, demands: Sequence[Demand], *, available_nl: Mapping[str, int]) -> AllSolved:
    """Every experiment, each distinct one solved once.

    What no stock reaches is tried again with dilutions. Where a stock would run dry and another holds the same component,
    the experiments that take most of it take the other. What can't be spared is left overdrawn: the volume rule names it
    with its numbers.
    """
    cells = solver.cells_findings()
    if cells:
        return AllSolved(by_id={}, reasons=tuple(cells), solver=solver)
    groups: dict[tuple[object, ...], list[Demand]] = {}
    for demand in demands:
        groups.setdefault(demand.key(), []).append(demand)
    answers: dict[tuple[object, ...], Solved] = {}
    refused: dict[tuple[object, ...], list[Finding]] = {}
    for key, alike in groups.items():
        _file(solver.solve(alike[0]), key, answers, refused)
    wide = solver.widened(groups[key][0] for key in refused)
    by: dict[tuple[object, ...], Solver] = dict.fromkeys(answers, solver)
    if wide is not solver:
        for key in list(refused):
            del refused[key]
            _file(wide.solve(groups[key][0]), key, answers, refused)
            by[key] = wide
    reasons = [
        replace(reason, where=reason.where.replace(groups[key][0].experiment_id, demand.experiment_id))
        for key, told in refused.items()
        for demand in groups[key]
        for reason in told
    ]
    spared = _spare(by, groups, answers, available_nl) if not reasons else {}
    return AllSolved(
        by_id={demand.experiment_id: answers[key] for key, alike in groups.items() if key in answers for demand in alike},
        reasons=tuple(reasons), solver=wide, spared=spared,
    )  # fmt: skip


def _file(
    answer: Solved | list[Finding], key: tuple[object, ...], answers: dict[tuple[object, ...], Solved], refused: dict[tuple[object, ...], list[Finding]]
) -> None:
    if isinstance(answer, Solved):
        answers[key] = answer
    else:
        refused[key] = answer


def _spare(
    by: Mapping[tuple[object, ...], Solver],
    groups: Mapping[tuple[object, ...], Sequence[Demand]],
    answers: dict[tuple[object, ...], Solved],
    available_nl: Mapping[str, int],
) -> dict[str, int]:
    """Move experiments off stocks that would run dry, those that take most first; each stock is spared in turn.

    Returns:
        Stock → wells that take another now.
    """
    moved: dict[str, int] = {}
    spared: dict[tuple[object, ...], frozenset[str]] = {}
    for stock in available_nl:
        drawn = sum(answer.takes(stock) * len(groups[key]) for key, answer in answers.items())
        for key in sorted(answers, key=lambda key: -answers[key].takes(stock)):
            takes = answers[key].takes(stock)
            if drawn <= available_nl[stock] or takes == 0:
                break
            without = spared.get(key, frozenset()) | {stock}
            other_way = by[key].solve(groups[key][0], without=without)
            if isinstance(other_way, Solved):
                answers[key], spared[key] = other_way, without
                drawn -= takes * len(groups[key])
                moved[stock] = moved.get(stock, 0) + len(groups[key])
    return moved
