"""A task with two kinds of acts: those of the start, and later ones at a branch, so that two futures of one history can be compared.

The later acts are on the two most influential actions: a constant is held at another value from the branch to the end; of a species,
its starting amount times the factor is added once, as a dose. The truth of "what if" is the simulator's own state at the branch,
saved, and loaded again for each plan.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from world_model.mechanisms.mechanism import Mechanism, MechanismParameter
from world_model.terms.errors import NextwellError
from world_model.terms.factors import Continuous
from world_model.terms.space import SearchSpace, Settings

from .sbml_task import N_TIMES, WRONG_SD, SbmlTask, label
from .sbml_truth import SbmlTruth
from .world_model_tasks import NOISE, Draw, Prior

BRANCH = 4  # index of the time at which plans part: a third of the way
MOST_LATER = 2
_FOR_SCALE = 100


@dataclass(frozen=True)
class BranchingTask:
    """`start` is the task whose model, actions, observables and wrong prior these are."""

    start: SbmlTask
    scale: np.ndarray

    @classmethod
    def of(cls, start: SbmlTask) -> BranchingTask:
        """The branching task of an SBML task."""
        task = cls(start=start, scale=np.ones(len(start.variables)))
        truth = task.draw(_FOR_SCALE, rng=np.random.default_rng([start.seed, 2])).truth
        object.__setattr__(task, "scale", truth.std((0, 1)) + 1e-9)
        return task

    @property
    def name(self) -> str:
        return self.start.name

    @property
    def times(self) -> np.ndarray:
        return self.start.times

    @property
    def variables(self) -> tuple[str, ...]:
        return self.start.variables

    @property
    def branch_at(self) -> float:
        """The time of the branch."""
        return float(self.times[BRANCH])

    @property
    def later(self) -> tuple[str, ...]:
        """What plans act on."""
        return self.start.actions[:MOST_LATER]

    @cached_property
    def space(self) -> SearchSpace:
        later = []
        for name in self.later:
            plan = f"later_{label(name)}"
            if name in self.start.model.species:
                # a dose is an amount, in starting amounts
                later.append(Continuous(name=plan, low=0.1, high=10.0, scale="log", acts="dose", at=self.branch_at, variable=label(name)))
            else:
                end = float(self.times[-1])
                later.append(Continuous(name=plan, low=-1.0, high=1.0, acts="hold", from_h=self.branch_at, to_h=end, variable=label(name)))
        return SearchSpace(factors=(*self.start.space.factors, *later))

    def draw(self, n: int, *, rng: np.random.Generator, share: float = 1.0) -> Draw:
        """Random starts and random later acts."""
        rows: list[dict[str, float]] = []
        truth: list[np.ndarray] = []
        for _ in range(3 * n + 20):
            row = self.settings(rng.uniform(-share, share, len(self.start.actions)), rng.uniform(-share, share, len(self.later)))
            ran = self.futures(row, [row])[0]
            if ran is not None:
                rows.append(row)
                truth.append(ran)
            if len(rows) == n:
                break
        else:
            raise NextwellError(f"Expected the integrator to run on most plans of {self.start.model.origin}, found that {len(rows)} of {3 * n + 20} ran.")
        told = np.array(truth)
        columns = {name: np.array([row[name] for row in rows]) for name in self.space.names}
        return Draw(columns=columns, truth=told, readings=told + NOISE * self.scale * rng.normal(size=told.shape))

    def truth(self, columns: Mapping[str, np.ndarray]) -> np.ndarray:
        rows = [{name: float(columns[name][i]) for name in self.space.names} for i in range(len(columns[self.space.names[0]]))]
        told = np.full((len(rows), N_TIMES, len(self.variables)), np.nan)
        for i, row in enumerate(rows):
            ran = self.futures(row, [row])[0]
            if ran is not None:
                told[i] = ran
        return told

    def settings(self, start: np.ndarray, later: np.ndarray) -> dict[str, float]:
        """One experiment from log10 factors of its start and of its later acts."""
        told = {label(name): float(value) for name, value in zip(self.start.actions, start, strict=True)}
        for name, value in zip(self.later, later, strict=True):
            told[f"later_{label(name)}"] = float(10.0**value) if name in self.start.model.species else float(value)
        return told

    def futures(self, history: Settings, plans: Sequence[Settings]) -> list[np.ndarray | None]:
        """`t x y` of each plan, from one saved state of the history."""
        return two_phase(self, self.start.model, history, plans, believed={})

    def reward(self, values: np.ndarray) -> np.ndarray:
        """Time average of the most variable observable after the branch, in its sd."""
        return values[..., BRANCH + 1 :, 0].mean(axis=-1) / self.scale[0]

    def mechanism(self, prior: Prior) -> Mechanism | None:
        if prior == "none":
            return None
        model = self.start.model if prior == "wrong parameters" else self.start.cut().model
        return BranchingPrior(task=self, model=model, name=f"{self.name}, {prior}")

    def told(self) -> dict[str, object]:
        return {**self.start.told(), "branch at": self.branch_at, "later acts on": list(self.later)}

    def digest(self) -> str:
        return self.start.digest()


@dataclass(frozen=True)
class BranchingPrior:
    """A `Mechanism`: the same two phases with other constants than the truth's."""

    task: BranchingTask
    model: SbmlTruth
    name: str

    @property
    def parameters(self) -> tuple[MechanismParameter, ...]:
        base = self.model.base
        return tuple(MechanismParameter(name=name, value=base[name] * factor, log_sd=WRONG_SD) for name, factor in self.task.start.wrong.items() if name in base)

    def simulate(self, rows: Sequence[Settings], times_h: np.ndarray, variables: Sequence[str], *, scaled: Mapping[str, float] | None = None) -> np.ndarray:
        """`n x t x y`, log scale; a row of nan where the integrator fails.

        Raises:
            NextwellError: other times or observables than the task's.
        """
        if len(times_h) != N_TIMES or not np.allclose(times_h, self.task.times) or tuple(variables) != self.task.variables:
            raise NextwellError(f"Expected the {N_TIMES} times and the observables of {self.task.name}, found {len(times_h)} times of {', '.join(variables)}.")
        believed = {name: factor * (scaled or {}).get(name, 1.0) for name, factor in self.task.start.wrong.items() if name in self.model.base}
        told = np.full((len(rows), len(times_h), len(variables)), np.nan)
        for i, row in enumerate(rows):
            ran = two_phase(self.task, self.model, row, [row], believed=believed)[0]
            if ran is not None:
                told[i] = ran
        return told


def two_phase(
    task: BranchingTask, model: SbmlTruth, history: Settings, plans: Sequence[Settings], *, believed: Mapping[str, float]
) -> list[np.ndarray | None]:
    """`t x y` on a log scale for each plan of one history, by one model."""
    factors = {**believed, **{name: 10.0 ** float(history[label(name)]) for name in task.start.actions}}
    later = [{name: _factor(model, name, plan[f"later_{label(name)}"]) for name in task.later} for plan in plans]
    ran = model.branch(factors, later, t_end=task.start.t_end, n_times=N_TIMES, at=BRANCH)
    return [None if run is None else task.start.observed.log(run) for run in ran]


def _factor(model: SbmlTruth, name: str, value: float | str) -> float:
    return float(value) if name in model.species else float(10.0 ** float(value))
