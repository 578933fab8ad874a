"""A Python right-hand side dy/dt = f(t, y, parameters) as a mechanism, integrated by SciPy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from world_model.terms.errors import MechanismError, nearest
from world_model.terms.mechanism_doc import DoseTarget, HoldTarget, InitialTarget, Observed, ParameterTarget, RampTarget, Target
from world_model.terms.space import Settings

from .actions import Change, Doings, doings
from .mechanism import MechanismParameter

Slope = Callable[[float, np.ndarray, Mapping[str, float]], "Sequence[float] | np.ndarray"]
Read = Callable[[Mapping[str, np.ndarray], Mapping[str, float]], np.ndarray]
FAILS = (ArithmeticError, FloatingPointError)


class _TooLong(ArithmeticError):
    """More evaluations than allowed."""


@dataclass(frozen=True, kw_only=True)
class RightHandSide:
    """Equations of one's own.

    Attributes:
        slope: (t in the equations' own unit of time, `s` states, parameters) → `s` slopes.
        states: name → starting value, in the order in which `slope` takes and gives them.
        constants: name → value.
        factors: factor → what its value does to a state or constant.
        observables: observable → a state or constant (with scale, offset, logarithm), or a function of the states' courses
            (name → `t` values) and the constants that gives `t` values.
        hours: how many of the equations' units of time make an hour.
        end_h: when end points are read.
        estimable: constants and starting values that may be learned; None for every positive one that no factor acts on.
        most_slopes: evaluations of `slope` after which a run has failed.
    """

    name: str
    slope: Slope
    states: Mapping[str, float]
    constants: Mapping[str, float]
    factors: Mapping[str, Target] = field(default_factory=dict)
    observables: Mapping[str, Observed | Read] = field(default_factory=dict)
    hours: float = 1.0
    end_h: float | None = None
    estimable: tuple[str, ...] | None = None
    log_sd: float = 0.5
    relative_tolerance: float = 1e-7
    most_slopes: int = 50_000

    def __post_init__(self) -> None:
        if shared := sorted(set(self.states) & set(self.constants)):
            raise MechanismError(f"Expected states and constants of different names, found both: {', '.join(shared)}.")
        for factor, target in self.factors.items():
            known = self.states if isinstance(target, InitialTarget | DoseTarget) else self.constants
            what = "a state" if known is self.states else "a constant"
            if not isinstance(target, ParameterTarget | InitialTarget | DoseTarget | HoldTarget | RampTarget) or target.target not in known:
                raise MechanismError(f"{factor}: expected {what} of {self.name!r}, found {target.target!r}. {nearest(target.target, known)}")
        known = {**self.states, **self.constants}
        for name, told in self.observables.items():
            if isinstance(told, Observed) and told.of not in known:
                raise MechanismError(f"{name}: expected a state or constant of {self.name!r}, found {told.of!r}. {nearest(told.of, known)}")
        for name in self.estimable or ():
            if not known.get(name, 0.0) > 0:
                raise MechanismError(f"{name}: expected a positive constant or starting value of {self.name!r} to estimate, found {known.get(name)}. {nearest(name, known)}")

    @property
    def parameters(self) -> tuple[MechanismParameter, ...]:
        """Constants, then starting values."""
        known = {**self.constants, **self.states}
        acted = {target.target for target in self.factors.values()}
        names = [name for name, value in known.items() if value > 0 and name not in acted] if self.estimable is None else list(self.estimable)
        return tuple(MechanismParameter(name=name, value=known[name], log_sd=self.log_sd) for name in names)

    def simulate(self, rows: Sequence[Settings], times_h: np.ndarray, variables: Sequence[str], *, scaled: Mapping[str, float] | None = None) -> np.ndarray:
        """See `Mechanism`."""
        for variable in variables:
            if variable not in self.observables:
                raise MechanismError(f"Expected an observable of {self.name!r}, found {variable!r}. {nearest(variable, self.observables)}")
        times = np.asarray(times_h, dtype=float)
        if len(times) == 1 and np.isnan(times[0]):
            if self.end_h is None:
                raise MechanismError(f"Expected the hour at which end points are read of {self.name!r} (end_h), found none.")
            times = np.array([self.end_h])
        values = np.full((len(rows), len(times), len(variables)), np.nan)
        for i, row in enumerate(rows):
            try:
                values[i] = self._run(doings(self.factors, row), times, variables, scaled=scaled or {})
            except FAILS:
                continue
        values[~np.isfinite(values).all(axis=(1, 2))] = np.nan
        return values

    def _run(self, done: Doings, times_h: np.ndarray, variables: Sequence[str], *, scaled: Mapping[str, float]) -> np.ndarray:
        constants = {name: value * scaled.get(name, 1.0) for name, value in self.constants.items()}
        state = {name: value * scaled.get(name, 1.0) for name, value in self.states.items()}
        for one in done.starts:
            into = constants if one.quantity is None else state
            into[one.target] = one.on(into[one.target])
        given = dict(constants)
        course = np.full((len(times_h), len(state)), np.nan)
        y, now_h, moving, held = np.array(list(state.values())), 0.0, dict[str, float](), dict[str, float]()
        course[times_h <= 0.0] = y
        for change in (*done.changes, None):
            until = float(times_h[-1]) if change is None else min(change.at_h, float(times_h[-1]))
            inside = np.nonzero((times_h > now_h) & (times_h <= until))[0]
            if until > now_h:
                stops = np.unique([*times_h[inside], until])
                ran = self._integrate(y, now_h, stops, constants, moving)
                course[inside] = ran[np.searchsorted(stops, times_h[inside])]
                y = ran[-1]
                constants = {name: value + moving.get(name, 0.0) * (until - now_h) for name, value in constants.items()}
                now_h = until
            if change is None or change.at_h >= times_h[-1]:
                break
            self._do(change, y, constants, moving, held)
        courses = dict(zip(state, course.T, strict=True))
        return np.stack([_read(self.observables[name], courses, given, len(times_h)) for name in variables], axis=1)

    def _do(self, change: Change, y: np.ndarray, constants: dict[str, float], moving: dict[str, float], held: dict[str, float]) -> None:
        if change.does == "add":
            y[list(self.states).index(change.target)] += change.value
        elif change.does == "restore":
            constants[change.target] = held.pop(change.target)
        elif change.does == "to":
            moving[change.target] = (change.value - constants[change.target]) / (change.until_h - change.at_h)
        else:
            if change.does == "hold":
                held[change.target] = constants[change.target]
            constants[change.target] = change.value
            moving.pop(change.target, None)

    def _integrate(self, y: np.ndarray, begin_h: float, stops_h: np.ndarray, constants: Mapping[str, float], moving: Mapping[str, float]) -> np.ndarray:
        """`t x s` at `stops_h`.

        Raises:
            ArithmeticError: the integrator fails, or takes too long.
        """
        from scipy.integrate import solve_ivp

        asked = 0

        def slope(t: float, now: np.ndarray) -> np.ndarray:
            nonlocal asked
            asked += 1
            if asked > self.most_slopes:
                raise _TooLong
            present = {**constants, **{name: constants[name] + rate * (t / self.hours - begin_h) for name, rate in moving.items()}} if moving else constants
            return np.asarray(self.slope(t, now, present), dtype=float)

        told = solve_ivp(
            slope, (begin_h * self.hours, float(stops_h[-1]) * self.hours), y, method="LSODA", t_eval=stops_h * self.hours, rtol=self.relative_tolerance,
            atol=1e-10,
        )  # fmt: skip
        if not told.success or not np.isfinite(told.y).all():
            raise ArithmeticError(told.message)
        return np.asarray(told.y.T)


def _read(told: Observed | Read, courses: Mapping[str, np.ndarray], constants: Mapping[str, float], times: int) -> np.ndarray:
    if not isinstance(told, Observed):
        return np.broadcast_to(np.asarray(told(courses, constants), dtype=float), (times,))
    values = courses[told.of] if told.of in courses else np.full(times, constants[told.of])
    return told.read(values)
