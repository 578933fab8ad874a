"""An SBML file as a mechanism: factors act on its constants and species, observables are read of it, libroadrunner integrates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from world_model.terms.errors import MechanismError, nearest
from world_model.terms.mechanism_doc import PER_HOUR, DoseTarget, HoldTarget, InitialTarget, Observed, ParameterTarget, RampTarget, Target
from world_model.terms.space import Settings

from .actions import Change, Doings, doings
from .mechanism import MechanismParameter
from .sbml_model import InitialAssignments, SbmlModel, extra, read_model, slope_of

_FINER = (1, 4, 16)  # how a run of a model that jumps is tried again
# what a run costs on one core, and each step of the integrator in it: a part for itself, and a part for each species
_RUN_MS, _STEP_MS, _STEP_SPECIES_MS = 0.2, 0.0007, 0.00014


@dataclass(frozen=True, kw_only=True)
class Integration:
    """How carefully to integrate, and when to give up.

    Attributes:
        most_steps: between two sample times.
        fewest_steps: in a whole run of a model that jumps (see `SbmlModel.jumps`): the integrator chooses its steps by how smooth the
            last ones were, and would step over a pulse that none of them touched. A pulse longer than a step is always met.
    """

    relative_tolerance: float = 1e-6
    absolute_tolerance: float = 1e-12
    most_steps: int = 5000
    fewest_steps: int = 250


@dataclass(frozen=True, kw_only=True)
class SbmlSpec:
    """What the campaign means in the model.

    Attributes:
        factors: factor → what its value does.
        observables: observable → what is read.
        hours: how many of the model's own units of time make an hour of the campaign.
        end_h: when end points are read.
        estimable: constants and starting amounts that may be learned; None for every positive one that no factor acts on.
        log_sd: how far these may be off.
    """

    factors: Mapping[str, Target] = field(default_factory=dict)
    observables: Mapping[str, Observed] = field(default_factory=dict)
    hours: float = 1.0
    end_h: float | None = None
    estimable: tuple[str, ...] | None = None
    log_sd: float = 0.5
    initial_assignments: InitialAssignments = "recomputed"


class SbmlMechanism:
    """A compiled model. From outside it has no state: every run starts from the file's own start.

    Args:
        source: an SBML file, or its text.
        name: for reports; else the file's.

    Raises:
        MechanismError: no SBML, an unknown symbol, or a model that can't be run.
    """

    def __init__(self, source: Path | str, spec: SbmlSpec, *, name: str = "", integration: Integration | None = None) -> None:
        self.spec = spec
        expressions = {_readable(i): told.of for i, told in enumerate(spec.observables.values()) if not told.of.isidentifier()}
        ramped = {target.target for target in spec.factors.values() if isinstance(target, RampTarget)}
        self.model: SbmlModel = read_model(source, ramped=ramped, expressions=expressions, initial_assignments=spec.initial_assignments)
        self._name = name or (source.stem if isinstance(source, Path) else "SBML model")
        self._check_factors()
        self._selections = [self._selection(i, name, told) for i, (name, told) in enumerate(spec.observables.items())]
        self._engine = _engine()
        self._integration = integration or Integration()
        self._runner = self._compile(self._integration)
        ids = list(self._runner.model.getGlobalParameterIds())
        self._place = {name: i for i, name in enumerate(ids)}
        self._base = {name: float(self._runner[name]) for name in (*self.model.parameters, *self.model.floating, *self.model.boundary)}
        self._parameters = self._estimable()

    @property
    def name(self) -> str:
        return self._name

    @property
    def parameters(self) -> tuple[MechanismParameter, ...]:
        """Constants, then starting amounts, as in the file."""
        return self._parameters

    def cost_ms(self, rows: Sequence[Settings], until_h: float) -> float:
        """About what a run of one of these costs on one core, from the count of the integrator's steps, which no clock disturbs.

        Changes on the way count for nothing; a run that fails, for a thousand steps.
        """
        integrator = self._runner.integrator
        hours = (self.spec.end_h or 1.0) if np.isnan(until_h) else until_h
        steps: list[int] = []
        integrator.variable_step_size = True
        try:
            for row in rows:
                try:
                    self.start(doings(self.spec.factors, row), scaled={})
                    self._watch(hours)
                    steps.append(len(np.asarray(self._runner.simulate(0.0, hours * self.spec.hours))))
                except RuntimeError:
                    steps.append(1000)
        finally:
            integrator.variable_step_size = False
        return _RUN_MS + float(np.mean(steps)) * (_STEP_MS + _STEP_SPECIES_MS * len(self.model.floating))

    def simulate(self, rows: Sequence[Settings], times_h: np.ndarray, variables: Sequence[str], *, scaled: Mapping[str, float] | None = None) -> np.ndarray:
        """`n x t x y`; a row of nan where the integrator fails. See `Mechanism`."""
        for variable in variables:
            if variable not in self.spec.observables:
                raise MechanismError(
                    f"Expected an observable that the mechanism {self.name!r} has, found {variable!r}. {nearest(variable, self.spec.observables)}"
                )
        for parameter in scaled or {}:
            if parameter not in self._base:
                raise MechanismError(f"Expected a constant or species of {self.model.origin}, found {parameter!r}. {nearest(parameter, self._base)}")
        times = self._times(np.asarray(times_h, dtype=float))
        told, selections = [self.spec.observables[name] for name in variables], self.selections(variables)
        values = np.full((len(rows), len(times), len(variables)), np.nan)
        for i, row in enumerate(rows):
            ran = self.run(doings(self.spec.factors, row), times, selections, scaled=scaled or {})
            if ran is not None:
                values[i] = np.stack([one.read(ran[:, j]) for j, one in enumerate(told)], axis=1)
        values[~np.isfinite(values).all(axis=(1, 2))] = np.nan
        return values

    def selections(self, variables: Sequence[str]) -> list[str]:
        """RoadRunner's names of what is read for these observables, before scale and logarithm."""
        return [self._selections[list(self.spec.observables).index(name)] for name in variables]

    def run(self, done: Doings, times_h: np.ndarray, selections: Sequence[str], *, scaled: Mapping[str, float]) -> np.ndarray | None:
        """`t x s` of RoadRunner's selections at `times_h`, or None where the integrator fails.

        A sample at the instant of a change is read just before it.
        """
        for finer in _FINER if self.model.jumps else _FINER[:1]:
            try:
                self.start(done, scaled=scaled)
                return self.advance(done.changes, times_h, selections, now_h=0.0, finer=finer)
            except RuntimeError:  # error control gives up where a long step meets a jump
                continue
        return None

    def start(self, done: Doings, *, scaled: Mapping[str, float]) -> None:
        """Back to the model's own start, with what is changed before the run."""
        runner, kinds = self._runner, self._engine.SelectionRecord
        runner.resetToOrigin()
        constants = {name: self._base[name] * factor for name, factor in scaled.items() if name in self._place}
        for one in done.starts:
            if one.quantity is None:
                constants[one.target] = one.on(constants.get(one.target, self._base[one.target]))
        if constants:
            runner.model.setGlobalParameterValues([self._place[name] for name in constants], list(constants.values()))
            if self.model.assigned and self.spec.initial_assignments == "recomputed":
                runner.reset(kinds.TIME | kinds.RATE | kinds.FLOATING)
                runner.model.setGlobalParameterValues([self._place[name] for name in constants], list(constants.values()))
        for name, factor in scaled.items():
            if name not in self._place:
                runner[name] = runner[name] * factor
        for one in done.starts:
            if one.quantity is not None:
                symbol = self._symbol(one.target, one.quantity)
                runner[symbol] = one.on(runner[symbol])

    def set_constants(self, done: Doings) -> None:
        """From now on these constants; starting amounts are past."""
        for one in done.starts:
            if one.quantity is None:
                self._runner[one.target] = one.on(self._base[one.target])

    def advance(self, changes: Sequence[Change], times_h: np.ndarray, selections: Sequence[str], *, now_h: float, finer: int = 4) -> np.ndarray:
        """`t x s` from the present state on, at `times_h` from `now_h` on, with the changes at or after it.

        Args:
            finer: by how much shorter than usual the steps of a model that jumps may be at most.

        Raises:
            RuntimeError: the integrator fails.
        """
        read = np.full((len(times_h), len(selections)), np.nan)
        self._watch(float(np.max(times_h, initial=now_h)), finer=finer)
        held: dict[str, float] = {}
        here = np.nonzero(times_h <= now_h)[0]
        if len(here):
            read[here] = [float(self._runner[selection]) for selection in selections]
        for change in (*changes, None):
            until = np.inf if change is None else max(change.at_h, now_h)
            inside = np.nonzero((times_h > now_h) & (times_h <= until))[0]
            stops = [now_h, *times_h[inside]]
            if np.isfinite(until) and until > stops[-1]:
                stops.append(until)
            if len(stops) > 1:
                ran = self._runner.simulate(times=[float(hour * self.spec.hours) for hour in stops], selections=["time", *selections])
                read[inside] = np.asarray(ran)[1 : 1 + len(inside), 1:]
                now_h = stops[-1]
            if change is None or not (times_h > change.at_h).any():
                break
            self._do(change, held)
        return read

    def save(self) -> bytes:
        """The present state, whole."""
        return bytes(self._runner.saveStateS())

    def restore(self, saved: bytes) -> None:
        """The state that `save` wrote."""
        self._runner.loadStateS(saved)

    def _watch(self, until_h: float, *, finer: int = 1) -> None:
        """The longest step of a run to this hour."""
        if self.model.jumps:
            self._runner.integrator.maximum_time_step = until_h * self.spec.hours / (self._integration.fewest_steps * finer)

    def _do(self, change: Change, held: dict[str, float]) -> None:
        runner = self._runner
        symbol = change.target if change.target in self._place else self._symbol(change.target, change.quantity)
        if change.does == "add":
            runner[symbol] = runner[symbol] + change.value
        elif change.does == "restore":
            runner[symbol] = held.pop(symbol)
        elif change.does == "hold":
            held[symbol] = float(runner[symbol])
            runner[symbol] = change.value
        elif change.does == "set":
            runner[symbol] = change.value
            if slope_of(change.target) in self._place:
                runner[slope_of(change.target)] = 0.0
        else:
            span = (change.until_h - change.at_h) * self.spec.hours
            runner[slope_of(change.target)] = (change.value - runner[symbol]) / span

    def _times(self, times_h: np.ndarray) -> np.ndarray:
        if len(times_h) == 1 and np.isnan(times_h[0]):
            if self.spec.end_h is None:
                raise MechanismError(f"Expected the hour at which end points are read of the mechanism {self.name!r} (end_h), found none.")
            return np.array([self.spec.end_h])
        if np.isnan(times_h).any() or (np.diff(times_h) <= 0).any() or (times_h < 0).any():
            raise MechanismError(f"Expected increasing hours from 0 on, found {times_h.tolist()}.")
        return times_h

    def _symbol(self, species: str, quantity: str) -> str:
        return f"[{species}]" if quantity == "concentration" else species

    def _selection(self, i: int, name: str, told: Observed) -> str:
        if not told.of.isidentifier():
            return _readable(i)
        self.model.refuse_unknown(told.of, self.model.symbols, what="an id", where=name)
        return self._symbol(told.of, told.quantity) if told.of in (*self.model.floating, *self.model.boundary) else told.of

    def _check_factors(self) -> None:
        model, species = self.model, (*self.model.floating, *self.model.boundary)
        for factor, target in self.spec.factors.items():
            if isinstance(target, ParameterTarget):
                model.refuse_unknown(target.target, model.parameters, what="a constant", where=factor)
            elif isinstance(target, InitialTarget | DoseTarget):
                model.refuse_unknown(target.target, species, what="a species", where=factor)
            elif isinstance(target, HoldTarget | RampTarget):
                model.refuse_unknown(target.target, (*model.parameters, *model.boundary), what="a constant or boundary species", where=factor)
        twice = [t.target for t in self.spec.factors.values() if isinstance(t, ParameterTarget | InitialTarget) and t.how == "set"]
        if len(set(twice)) < len(twice):
            raise MechanismError(f"Expected each id to be set by one factor, found twice: {', '.join(sorted({t for t in twice if twice.count(t) > 1}))}.")

    def _compile(self, integration: Integration) -> Any:
        try:
            runner = self._engine.RoadRunner(self.model.text)
        except RuntimeError as fault:
            raise MechanismError(f"Expected SBML that libroadrunner can run in {self.model.origin}, found: {str(fault)[:300]}") from fault
        runner.integrator.relative_tolerance = integration.relative_tolerance
        runner.integrator.absolute_tolerance = integration.absolute_tolerance
        runner.integrator.maximum_num_steps = integration.most_steps
        runner.resetToOrigin()
        return runner

    def _estimable(self) -> tuple[MechanismParameter, ...]:
        model, spec = self.model, self.spec
        able = [*model.parameters, *(name for name in model.floating if name not in model.assigned or spec.initial_assignments == "kept")]
        acted = {target.target for target in spec.factors.values()}
        names = [name for name in able if self._base[name] > 0 and name not in acted] if spec.estimable is None else list(spec.estimable)
        for name in names:
            model.refuse_unknown(name, able, what="a constant or starting amount that can be estimated", where=name)
            if not self._base[name] > 0:
                raise MechanismError(f"{name}: expected a positive value in {model.origin} to estimate it by a factor, found {self._base[name]:g}.")
        return tuple(MechanismParameter(name=name, value=self._base[name], log_sd=spec.log_sd) for name in names)


def hours_in(unit: str) -> float:
    """How many of a unit of time make an hour.

    Raises:
        MechanismError: another unit than s, min, h or d.
    """
    if unit not in PER_HOUR:
        raise MechanismError(f"Expected the model's unit of time ({', '.join(PER_HOUR)}), found {unit!r}. {nearest(unit, PER_HOUR)}")
    return PER_HOUR[unit]


def _engine() -> Any:
    engine = extra("roadrunner", package="libroadrunner")
    engine.Logger.disableLogging()
    return engine


def _readable(i: int) -> str:
    return f"nextwell_observable_{i}"
