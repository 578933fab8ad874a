"""From demands to volumes: additions first, for what they bring must find room in the set-up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from world_model.terms.lab_profile import LabProfile

from ..finding import Finding
from ..plan import Reached
from ..volumes import shown, to_nl, to_step
from .demands import Demand
from .explain import explain
from .mixture import Recipe, mix
from .strengths import Strengths


@dataclass(frozen=True, kw_only=True)
class Solved:
    """One experiment's volumes: minute → stock → nanolitres; and what each factor really reaches, in the factor's unit."""

    volumes: dict[int, dict[str, int]]
    planned: dict[str, float]
    reached: tuple[Reached, ...]

    def takes(self, stock: str) -> int:
        """What one well takes of a stock, all stages."""
        return sum(stage.get(stock, 0) for stage in self.volumes.values())


@dataclass(frozen=True, kw_only=True)
class Solver:
    """The lab's side of every mixture. `inoculum_od600` is what the cells' stock was measured at."""

    lab: LabProfile
    strengths: Strengths
    smallest_nl: int
    least_pipette: str
    inoculum_od600: float | None

    @property
    def final_nl(self) -> int:
        return to_nl(self.lab.plate.volume_ul)

    @property
    def cells_nl(self) -> int:
        """V · final OD / inoculum OD, to the pipetting step."""
        cells = self.lab.cells
        if cells is None:
            return 0
        return to_step(self.lab.plate.volume_ul * cells.final_od600 / (self.inoculum_od600 or cells.expected_od600))

    def cells_findings(self) -> list[Finding]:
        """Why cells can't be pipetted, if they can't."""
        cells = self.lab.cells
        if cells is None:
            return []
        od, final_nl = self.inoculum_od600 or cells.expected_od600, self.final_nl
        needed_nl = final_nl * cells.final_od600 / od
        if self.cells_nl < self.smallest_nl:
            thin = final_nl * cells.final_od600 / self.smallest_nl
            rule, limit, mend = "below the pipette", f"at least {shown(self.smallest_nl)} of {self.least_pipette}", f"Dilute the inoculum to OD600 {thin:.3g} or less."
        elif self.cells_nl > final_nl:
            rule, limit, mend = "stock too weak", f"at most {shown(final_nl)}, the whole well", f"Take an inoculum denser than OD600 {cells.final_od600:g}."
        else:
            return []
        observed = f"an inoculum of OD600 {od:g}, of which OD600 {cells.final_od600:g} in {shown(final_nl)} needs {shown(needed_nl)}"
        return [Finding(rule=rule, severity="error", where=f"cells ({cells.stock})", observed=observed, limit=limit, mend=mend)]

    def solve(self, demand: Demand, *, without: frozenset[str] = frozenset()) -> Solved | list[Finding]:
        """Volumes of one experiment, or every reason against it. `without` names stocks to be spared."""
        reasons: list[Finding] = []
        volumes: dict[int, dict[str, int]] = {}
        for minute in demand.minutes:
            recipe = self._recipe(demand, minute, total_nl=None, without=without)
            made = mix(recipe)
            if made is None:
                reasons += explain(
                    recipe,
                    where=f"{demand.experiment_id} at {minute / 60:g} h",
                    units=self.strengths.units,
                    least_pipette=self.least_pipette,
                )
            else:
                volumes[minute] = made
        later_nl = sum(sum(stage.values()) for stage in volumes.values())
        recipe = self._recipe(demand, 0, total_nl=self.final_nl - later_nl, without=without)
        made = mix(recipe)
        if made is None:
            reasons += explain(recipe, where=demand.experiment_id, units=self.strengths.units, least_pipette=self.least_pipette)
        if reasons or made is None:
            return reasons
        volumes[0] = made
        return Solved(volumes=dict(sorted(volumes.items())), planned=self._planned(demand, volumes), reached=self._reached(demand, volumes))

    def _recipe(self, demand: Demand, minute: int, *, total_nl: int | None, without: frozenset[str]) -> Recipe:
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
            smallest_nl=self.smallest_nl, most_nl=self.final_nl, prefer="large" if minute == 0 else "small",
        )  # fmt: skip

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
        return tuple(rows)


def solve_all(solver: Solver, demands: Sequence[Demand], *, available_nl: Mapping[str, int]) -> tuple[dict[str, Solved], list[Finding]]:
    """Every experiment, each distinct one solved once. Solutions by experiment id, and every reason against.

    Where a stock would run dry and another holds the same component, the experiments that take most of it take the other.
    What can't be spared is left overdrawn: the volume rule names it with its numbers.
    """
    reasons = solver.cells_findings()
    if reasons:
        return {}, reasons
    groups: dict[tuple[object, ...], list[Demand]] = {}
    for demand in demands:
        groups.setdefault(demand.key(), []).append(demand)
    answers: dict[tuple[object, ...], Solved] = {}
    for key, alike in groups.items():
        answer = solver.solve(alike[0])
        if isinstance(answer, Solved):
            answers[key] = answer
        else:
            reasons += [
                replace(reason, where=reason.where.replace(alike[0].experiment_id, demand.experiment_id))
                for demand in alike
                for reason in answer
            ]
    if not reasons:
        _spare(solver, groups, answers, available_nl)
    return {demand.experiment_id: answers[key] for key, alike in groups.items() if key in answers for demand in alike}, reasons


def _spare(
    solver: Solver,
    groups: Mapping[tuple[object, ...], Sequence[Demand]],
    answers: dict[tuple[object, ...], Solved],
    available_nl: Mapping[str, int],
) -> None:
    """Move experiments off stocks that would run dry, those that take most first; each stock is spared in turn."""
    spared: dict[tuple[object, ...], frozenset[str]] = {}
    for stock in available_nl:
        users = sorted(answers, key=lambda key: -answers[key].takes(stock))
        for key in users:
            if sum(answer.takes(stock) * len(groups[other]) for other, answer in answers.items()) <= available_nl[stock]:
                break
            without = spared.get(key, frozenset()) | {stock}
            other_way = solver.solve(groups[key][0], without=without) if answers[key].takes(stock) else None
            if isinstance(other_way, Solved):
                answers[key], spared[key] = other_way, without
