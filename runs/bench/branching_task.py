"""A task with two kinds of acts: those of the start, and later ones at a branch, so that two futures of one history can be compared.

The later acts are on the two first actions that still matter then (a parameter that only sets a start does not): a constant is held at another value from the branch to the end; of a species,
its starting amount times the factor is added once, as a dose. The truth of "what if" is the simulator's own state at the branch,
saved, and loaded again for each plan.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from world_model.mechanisms.mechanism import Mechanism
from world_model.mechanisms.sbml import SbmlMechanism
from world_model.terms.errors import NextwellError
from world_model.terms.factors import Continuous
from world_model.terms.mechanism_doc import DoseTarget, HoldTarget, Target
from world_model.terms.space import SearchSpace, Settings

from .believed import Believed
from .sbml_task import N_TIMES, SbmlTask, label
from .sbml_truth import SbmlTruth
from .world_model_tasks import NOISE, Draw, Prior

BRANCH = 4  # index of the time at which plans part: a third of the way
MOST_LATER = 2
MATTERS = 0.1
_FOR_SCALE = 100


@dataclass(frozen=True)
class BranchingTask:
    """`start` is the task whose model, actions, observables and wrong prior these are; plans act on `later`."""

    start: SbmlTask
    scale: np.ndarray
    later: tuple[str, ...]

    @classmethod
    def of(cls, start: SbmlTask) -> BranchingTask:
        """The branching task of an SBML task.

        Raises:
            NextwellError: none of its actions matters any more at the branch.
        """
        task = cls(start=start, scale=np.ones(len(start.variables)), later=_still_matter(start))
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
        model = self.start.model
        factors = {name: 10.0 ** float(history[label(name)]) for name in self.start.actions}
        later = [{name: _factor(model, name, plan[f"later_{label(name)}"]) for name in self.later} for plan in plans]
        ran = model.branch(factors, later, t_end=self.start.t_end, n_times=N_TIMES, at=BRANCH)
        return [None if run is None else self.start.observed.log(run) for run in ran]

    def reward(self, values: np.ndarray) -> np.ndarray:
        """Time average of the most variable observable after the branch, in its sd."""
        return np.asarray(values[..., BRANCH + 1 :, 0].mean(axis=-1) / self.scale[0])

    def mechanism(self, prior: Prior) -> Mechanism | None:
        if prior == "none":
            return None
        model = self.start.model if prior == "wrong parameters" else self.start.cut().model
        base, end = self.start.model.base, float(self.times[-1])
        later: dict[str, Target] = {
            f"later_{label(name)}": DoseTarget(target=name, at_h=self.branch_at, scale=base[name], quantity="amount")
            if name in model.species
            else HoldTarget(target=name, from_h=self.branch_at, to_h=end, scale=base[name], log10=True)
            for name in self.later
        }
        return Believed(mechanism=SbmlMechanism(model.text, self.start.spec(later), name=f"{self.name}, {prior}"), wrong=self.start.wrong)

    def told(self) -> dict[str, object]:
        return {**self.start.told(), "branch at": self.branch_at, "later acts on": list(self.later)}

    def digest(self) -> str:
        return self.start.digest()



def _still_matter(start: SbmlTask) -> tuple[str, ...]:
    """The first actions whose tenfold and tenth at the branch part the observables by a tenth of their sd (root mean square)."""
    found = []
    for name in start.actions:
        low, high = start.model.branch({}, [{name: 0.1}, {name: 10.0}], t_end=start.t_end, n_times=N_TIMES, at=BRANCH)
        if low is not None and high is not None:
            apart = (start.observed.log(high) - start.observed.log(low))[BRANCH + 1 :] / start.scale
            if float(np.sqrt(np.mean(np.square(apart)))) > MATTERS:
                found.append(name)
    if not found:
        raise NextwellError(f"Expected an action of {start.model.origin} that still matters at t = {start.times[BRANCH]:g}, found none of {', '.join(start.actions)}.")
    return tuple(found[:MOST_LATER])


def _factor(model: SbmlTruth, name: str, value: float | str) -> float:
    return float(value) if name in model.species else float(10.0 ** float(value))
