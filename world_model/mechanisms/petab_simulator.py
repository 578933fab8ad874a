"""Simulating one PEtab condition by libroadrunner: overrides, pre-equilibration, and the model's quantities at the times asked for."""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from world_model.terms.errors import NextwellError, ResultsError, nearest

from .petab_formula import Formula

_STEPS = 10_000  # of the integrator between two times
_REMEMBERED = 64  # states at rest that are kept: conditions often share one
_LONGEST = 1e9  # model's unit of time: a system that moves after this has no steady state
_STILL = 1e-4  # of a species' own size, moved while time grew tenfold: this counts as a steady state


@dataclass(frozen=True)
class _Tolerances:
    """Of the integrator."""

    relative: float
    absolute: float


# tried in turn until one gets through: stiff models fail at some and not at others
_TRIED = tuple(_Tolerances(*pair) for pair in ((1e-6, 1e-12), (1e-7, 1e-12), (1e-8, 1e-12), (1e-6, 1e-10), (1e-5, 1e-9)))


@dataclass(frozen=True)
class Run:
    """One simulation of one condition.

    Attributes:
        overrides: of the condition: parameters, compartments, and species' initial values.
        before: overrides of the pre-equilibration, or None.
        values: model parameters that are not at the model's own value.
    """

    overrides: Mapping[str, float]
    before: Mapping[str, float] | None
    values: Mapping[str, float]

    @property
    def key(self) -> tuple[object, ...]:
        """Equal where the simulations are."""
        before = None if self.before is None else tuple(sorted(self.before.items()))
        return tuple(sorted(self.overrides.items())), before, tuple(sorted(self.values.items()))


class PetabSimulator:
    """A loaded model.

    Args:
        sbml: the model, as text.
        wanted: names in observables' formulas; those of the model are recorded.

    Raises:
        ResultsError: libroadrunner refuses the model.
        NextwellError: the extra `sbml` is not installed.
    """

    def __init__(self, sbml: str, wanted: Sequence[str]) -> None:
        try:
            import libsbml
            import roadrunner
        except ImportError as fault:
            raise NextwellError(f"Expected the packages that simulate PEtab problems, found none of {fault.name!r}. Install nextwell[sbml].") from fault
        roadrunner.Logger.disableLogging()
        document = libsbml.readSBMLFromString(sbml)  # kept: its model dies with it
        model = document.getModel()
        self._species = {s.getId(): bool(s.getHasOnlySubstanceUnits()) for s in model.getListOfSpecies()}
        self._others = {p.getId() for p in model.getListOfParameters()} | {c.getId() for c in model.getListOfCompartments()}
        self._moving = [s for s in self._species if not model.getSpecies(s).getBoundaryCondition() or model.getRateRule(s) is not None]
        self._rated = [p for p in sorted(self._others) if model.getRateRule(p) is not None]
        self.initial = {a.getSymbol() for a in model.getListOfInitialAssignments()}
        self.ruled = {r.getVariable() for r in model.getListOfRules() if r.isAssignment()}
        self.recorded = [name for name in wanted if name in self._species or name in self._others]
        self.n_reactions = int(model.getNumReactions())
        self._switches = _switches(model)
        self._rest: OrderedDict[tuple[object, ...], dict[str, float] | None] = OrderedDict()
        try:
            self._model: Any = roadrunner.RoadRunner(sbml)
        except RuntimeError as fault:
            raise ResultsError(f"Expected an SBML model that libroadrunner can run, found one that it refuses: {str(fault)[:300]}") from fault
        self._model.getIntegrator().setValue("maximum_num_steps", _STEPS)

    def knows(self, name: str) -> bool:
        """True for a species, parameter or compartment of the model."""
        return name in self._species or name in self._others

    def check(self, names: Sequence[str], *, where: str) -> None:
        """Refuse names that the model does not have.

        Raises:
            ResultsError: the first of them, with the nearest.
        """
        for name in names:
            if not self.knows(name):
                raise ResultsError(f"{where}: expected a species, parameter or compartment of the model, found {name!r}. {nearest(name, [*self._species, *self._others])}")

    def run(self, told: Run, times: np.ndarray) -> dict[str, np.ndarray] | None:
        """Each recorded name at `t` increasing times (0 is where the condition begins); None where the integrator fails."""
        for tolerances in _TRIED:
            integrator = self._model.getIntegrator()
            integrator.setValue("relative_tolerance", tolerances.relative)
            integrator.setValue("absolute_tolerance", tolerances.absolute)
            try:
                start = self._started(told)
                return None if start is None else self._through(told, start, times)
            except RuntimeError:
                continue
        return None

    def _started(self, told: Run) -> dict[str, float] | None:
        """What the pre-equilibration leaves; empty without one, None where nothing comes to rest."""
        if told.before is None:
            return {}
        key = (tuple(sorted(told.before.items())), tuple(sorted(told.values.items())))
        if key not in self._rest:
            self._rest[key] = self._settled(told)
            if len(self._rest) > _REMEMBERED:
                self._rest.popitem(last=False)
        return self._rest[key]

    def _through(self, told: Run, start: Mapping[str, float], times: np.ndarray) -> dict[str, np.ndarray]:
        self._begin(told.overrides, told.values)
        for name, value in start.items():
            if name.strip("[]") not in told.overrides:
                self._model[name] = value
        asked = np.unique(np.concatenate([[0.0], times]))
        if len(asked) == 1:
            asked = np.array([0.0, 1e-9])
        columns = ["time", *map(self._selection, self.recorded)]
        # an integrator that meets a step of the right-hand side unwarned may fail there: it starts anew at each
        ends = [end for end in self._steps() if 0 < end < asked[-1]] + [float(asked[-1])]
        found, begin = np.empty((len(asked), len(columns))), 0.0
        for end in ends:
            inside = (asked >= begin) & (asked <= end)
            stops = np.unique(np.concatenate([[begin], asked[inside], [end]]))
            rows = np.asarray(self._model.simulate(times=stops.tolist(), selections=columns))
            found[inside] = rows[np.searchsorted(stops, asked[inside])]
            begin = end
        at = np.searchsorted(asked, times)
        return {"time": np.asarray(times, dtype=float)} | {name: found[at, i + 1] for i, name in enumerate(self.recorded)}

    def _steps(self) -> list[float]:
        """The times at which a condition on the time changes its answer, under the model's present numbers."""
        found = []
        for switch in self._switches:
            values = {name: float(self._model[name]) for name in switch.symbols}
            at_zero, at_one = (float(switch.at({**values, "time": time})) for time in (0.0, 1.0))
            if at_one != at_zero and np.isfinite(at_one - at_zero):
                found.append(at_zero / (at_zero - at_one))
        return sorted(set(found))

    def _selection(self, name: str) -> str:
        return f"[{name}]" if name in self._species and not self._species[name] else name

    def _begin(self, overrides: Mapping[str, float], values: Mapping[str, float]) -> None:
        """The model at time 0 with these numbers; initial assignments follow the parameters, overridden species don't."""
        self._model.resetToOrigin()
        told = {**values, **overrides}
        for name, value in told.items():
            if name not in self._species:
                self._model[name] = value
        self._model.reset()
        for name, value in told.items():
            if name in self._species:
                self._model[self._selection(name)] = value
            elif name in self.initial:
                self._model[name] = value

    def _settled(self, told: Run) -> dict[str, float] | None:
        """What moves, when it has come to rest under the pre-equilibration: by simulating ten times longer until nothing changes."""
        moving = [*map(self._selection, self._moving), *self._rated]
        self._begin(told.before or {}, told.values)
        last, at, span = np.array([float(self._model[name]) for name in moving]), 0.0, 10.0
        while at < _LONGEST:
            self._model.simulate(at, at + span, 2)
            at, span = at + span, 10.0 * (at + span)
            now = np.array([float(self._model[name]) for name in moving])
            if (np.abs(now - last) <= _STILL * np.maximum(np.abs(now), 1e-9 + 1e-6 * np.abs(now).max(initial=0.0))).all():
                return dict(zip(moving, now.tolist(), strict=True))
            last = now
        return None


def _switches(model: Any) -> list[Formula]:
    """Left minus right of every comparison in the model's mathematics that reads the time; where it is linear in it, a step is foreseen."""
    import libsbml

    relations = (libsbml.AST_RELATIONAL_LT, libsbml.AST_RELATIONAL_LEQ, libsbml.AST_RELATIONAL_GT, libsbml.AST_RELATIONAL_GEQ)
    roots = [rule.getMath() for rule in model.getListOfRules()] + [r.getKineticLaw().getMath() for r in model.getListOfReactions() if r.getKineticLaw()]
    roots, found = [root for root in roots if root is not None], {}
    while roots:
        node = roots.pop()
        roots += [node.getChild(i) for i in range(node.getNumChildren())]
        if node.getType() in relations and node.getNumChildren() == 2:
            left, right = (libsbml.formulaToL3String(node.getChild(i)) for i in (0, 1))
            if "time" in f"{left} {right}".replace("(", " ").replace(")", " ").split():
                with contextlib.suppress(NextwellError):  # a function that is not known here: the integrator meets the step unwarned
                    formula = Formula.parse(f"({left}) - ({right})", where="the model")
                    found[formula.text] = formula
    return list(found.values())
