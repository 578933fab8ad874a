"""A PEtab problem's model as a mechanism: settings to conditions, conditions to runs, runs to observables on the scale of their noise."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from world_model.terms.errors import NextwellError, ResultsError, nearest
from world_model.terms.space import Settings

from .mechanism import MechanismParameter
from .petab_factors import read_cell
from .petab_rows import EXPERIMENT, Overrides, transformation_of, transformed
from .petab_simulator import Run

if TYPE_CHECKING:
    from .petab_problem import PetabProblem

_REMEMBERED = 4_096  # runs kept: parameters of observables alone need no new one


@dataclass(frozen=True)
class PetabMechanism:
    """Simulates any settings of the problem's space, also between its conditions.

    Attributes:
        values: parameter → value, all that the parameter table has.
    """

    problem: PetabProblem
    values: Mapping[str, float]
    _runs: OrderedDict[tuple[object, ...], dict[str, np.ndarray] | None] = field(default_factory=OrderedDict, repr=False, compare=False)

    @classmethod
    def of(cls, problem: PetabProblem, *, values: Mapping[str, float]) -> PetabMechanism:
        """Of a problem, checked.

        Raises:
            ResultsError: names that nothing defines.
        """
        known = problem.parameters
        for name in values:
            if name not in known:
                raise ResultsError(f"{problem.name}: expected a parameter, found {name!r}. {nearest(name, known)}")
        simulator = problem.simulator
        simulator.check([str(c) for c in problem.tables.conditions.columns if c != "conditionName"], where=f"{problem.name}, conditions")
        for observable, formula in problem.formulas.items():
            places = formula.placeholders(observable)
            for symbol in formula.symbols - set(places):
                if not simulator.knows(symbol) and symbol not in known:
                    raise ResultsError(f"{problem.name}, observable {observable}: expected names of the model or of the parameter table, found {symbol!r}. {nearest(symbol, known)}")
            for (owner, experiment), parts in problem.readings.overrides.items():
                if owner == observable and len(parts) < len(places):
                    raise ResultsError(f"{problem.name}, {experiment}: expected {len(places)} observableParameters for {observable}, found {len(parts)}.")
        return cls(problem=problem, values={**known, **values})

    @property
    def name(self) -> str:
        return self.problem.name

    @property
    def parameters(self) -> tuple[MechanismParameter, ...]:
        """What may be estimated, at this mechanism's values."""
        return tuple(replace(one, value=self.values[one.name]) for one in self.problem.estimated)

    def cost_ms(self, rows: Sequence[Settings], until_h: float) -> float:
        """What one simulation costs on one core, by counting reactions; a pre-equilibration costs as much again."""
        return 0.1 * self.problem.simulator.n_reactions * (2.0 if self.problem.readings.experiments[0].before else 1.0)

    def perturbed(self, seed: int, *, log_sd: float = 0.5) -> PetabMechanism:
        """The mechanism with every estimated parameter times exp(N(0, log_sd)), within its bounds: one that has not seen the measurements."""
        generator = np.random.default_rng(seed)
        moved = dict(self.values)
        for one in self.parameters:
            low, high = self.problem.bounds(one.name)
            moved[one.name] = float(np.clip(one.value * np.exp(generator.normal(0.0, log_sd)), max(low, 1e-300), high))
        return replace(self, values=moved, _runs=OrderedDict())

    def simulate(self, rows: Sequence[Settings], times_h: np.ndarray, variables: Sequence[str], *, scaled: Mapping[str, float] | None = None) -> np.ndarray:
        """`n x t x y`, on the scale of each observable's noise; a row of nan where the integrator fails.

        An observable that was never read in the experiment of a row has the scale of the first experiment in which it was.
        `times_h` are in the model's own unit.

        Raises:
            NextwellError: an unknown observable, parameter or setting.
        """
        values = self._scaled(scaled or {})
        for name in variables:
            if name not in self.problem.formulas:
                raise NextwellError(f"Expected an observable of {self.name}, found {name!r}. {nearest(name, self.problem.formulas)}")
        times = np.asarray(times_h, dtype=float)
        if np.isnan(times).any():
            raise NextwellError(f"Expected times at which {self.name} is read, found an end point without one. Name the hours (at_h).")
        answer = np.full((len(rows), len(times), len(variables)), np.nan)
        for i, row in enumerate(rows):
            told = self._run(self._told(row, values), times)
            if told is None:
                continue
            for y, name in enumerate(variables):
                answer[i, :, y] = self._observed(name, told, values, str(row.get(EXPERIMENT, "")))
        broken = ~np.isfinite(answer).all(axis=(1, 2))
        answer[broken] = np.nan
        return answer

    def _scaled(self, scaled: Mapping[str, float]) -> dict[str, float]:
        values = dict(self.values)
        known = {one.name for one in self.problem.estimated}
        for name, factor in scaled.items():
            if name not in known:
                raise NextwellError(f"Expected a parameter of {self.name} that is estimated, found {name!r}. {nearest(name, known)}")
            low, high = self.problem.bounds(name)
            values[name] = float(np.clip(values[name] * factor, max(low, 1e-300), high))
        return values

    def _told(self, row: Settings, values: Mapping[str, float]) -> Run:
        problem = self.problem
        first = problem.readings.experiments[0]
        model = {name: value for name, value in values.items() if problem.simulator.knows(name)}
        return Run(
            overrides=self._overrides(first.condition, problem.columns, row, values),
            before=self._overrides(first.before, problem.before, row, values) if first.before else None, values=model,
        )  # fmt: skip

    def _overrides(self, template: str, columns: Sequence[Any], row: Settings, values: Mapping[str, float]) -> dict[str, float]:
        """The cells of a condition: those of the template where nothing varies, else what the settings say."""
        conditions = self.problem.tables.conditions
        cells = {str(column): read_cell(conditions[column][template]) for column in conditions.columns if column != "conditionName"}
        for one in columns:
            if one.factor.name not in row:
                raise NextwellError(f"Expected a value for {one.factor.name!r}, found none among {', '.join(map(str, row))}.")
            told = one.overrides(row[one.factor.name])
            for column in (one.column, *one.follows):
                cells.pop(column, None)
            cells |= told
        found: dict[str, float] = {}
        for column, cell in cells.items():
            if not isinstance(cell, str):
                found[column] = cell
            elif cell in values:
                found[column] = values[cell]
            elif cell != "as in the model":
                raise ResultsError(f"{self.name}, conditions, column {column}: expected a number or a parameter's id, found {cell!r}. {nearest(cell, values)}")
        return found

    def _run(self, told: Run, times: np.ndarray) -> dict[str, np.ndarray] | None:
        key = (told.key, times.tobytes())
        if key not in self._runs:
            self._runs[key] = self.problem.simulator.run(told, times)
            if len(self._runs) > _REMEMBERED:
                self._runs.popitem(last=False)
        self._runs.move_to_end(key)
        return self._runs[key]

    def _observed(self, observable: str, told: Mapping[str, np.ndarray], values: Mapping[str, float], experiment: str) -> np.ndarray:
        problem = self.problem
        formula = problem.formulas[observable]
        symbols: dict[str, Any] = {**values, **told}
        for place, part in zip(formula.placeholders(observable), self._parts(observable, experiment), strict=False):
            symbols[place] = values[part] if part in values else float(part)
        found = np.broadcast_to(np.asarray(formula.at(symbols), dtype=float), told["time"].shape)
        transformation = transformation_of(problem.tables, observable)
        # a simulated amount of nothing has no logarithm, but says "below everything that was read"
        return transformed(found if transformation == "lin" else np.maximum(found, problem.floors[observable]), transformation)

    def _parts(self, observable: str, experiment: str) -> Overrides:
        overrides = self.problem.readings.overrides
        own = overrides.get((observable, experiment))
        return own if own is not None else next(parts for (owner, _), parts in overrides.items() if owner == observable)
