"""A task from any SBML file: what is varied, what is read and what is believed beforehand are drawn from the file by a seed.

Actions are log10 multipliers in [-1, 1] on the (at most 4) most influential constants, then starting amounts. Readings are the (at
most 4) most variable species at 13 times, on a log scale, with 5 % noise. The prior is the same equations with every other constant
and starting amount multiplied by exp(N(0, 0.5)); the wrong-structure prior misses a reaction or a feedback as well.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from world_model.mechanisms.mechanism import Mechanism
from world_model.mechanisms.sbml import SbmlMechanism, SbmlSpec
from world_model.terms.errors import NextwellError
from world_model.terms.factors import Continuous
from world_model.terms.mechanism_doc import InitialTarget, ParameterTarget, Target
from world_model.terms.mechanism_doc import Observed as Observable
from world_model.terms.space import SearchSpace

from .believed import Believed
from .sbml_truth import SbmlTruth, search_t_end
from .world_model_tasks import NOISE, Draw, Prior
from .wrong_structure import Cut, cut_structure

N_TIMES = 13
MOST_ACTIONS, MOST_OBSERVABLES = 4, 4
WRONG_SD = 0.5


@dataclass(frozen=True)
class Observed:
    """Which species are read, and the offset that keeps the logarithm finite: 1 % of the mean amount."""

    species: np.ndarray
    offset: np.ndarray

    def log(self, amounts: np.ndarray) -> np.ndarray:
        """`… x species` → `… x y`."""
        return np.asarray(np.log(np.maximum(amounts[..., self.species], 0) + self.offset))


@dataclass(frozen=True)
class SbmlTask:
    """See the module. The same file, end and seed are the same task."""

    name: str
    model: SbmlTruth
    t_end: float
    seed: int
    actions: tuple[str, ...]
    observed: Observed
    wrong: Mapping[str, float]
    scale: np.ndarray
    searched: bool
    _cuts: dict[str, Cut] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, file: Path, *, t_end: float | None, seed: int) -> SbmlTask:
        """The task of a file.

        Raises:
            NextwellError: no such file, no kinetics, or no species that moves.
        """
        model = SbmlTruth.read(file)
        end = t_end or search_t_end(model, n_times=N_TIMES)
        rng = np.random.default_rng(seed)
        settable = model.settable(end, N_TIMES)
        actions = _influential(model, settable, t_end=end)
        if not actions:
            raise NextwellError(f"Expected constants or starting amounts that matter in {model.origin}, found none up to t = {end:g}. Try another end: sbml:FILE@T_END.")
        observed = _variable(model, actions, t_end=end, rng=rng)
        wrong = {name: float(np.exp(rng.normal(0, WRONG_SD))) for name in settable if name not in actions}
        task = cls(
            name=file.stem, model=model, t_end=end, seed=seed, actions=actions, observed=observed, wrong=wrong,
            scale=np.ones(len(observed.species)), searched=t_end is None,
        )  # fmt: skip
        truth = task.draw(300, rng=rng).truth
        object.__setattr__(task, "scale", truth.std((0, 1)) + 1e-9)
        return task

    @property
    def times(self) -> np.ndarray:
        return np.linspace(0.0, self.t_end, N_TIMES)

    @property
    def variables(self) -> tuple[str, ...]:
        return tuple(label(self.model.species[i]) for i in self.observed.species)

    @cached_property
    def space(self) -> SearchSpace:
        return SearchSpace(factors=tuple(Continuous(name=label(name), low=-1.0, high=1.0) for name in self.actions))

    def draw(self, n: int, *, rng: np.random.Generator, share: float = 1.0) -> Draw:
        """Interventions that neither the truth nor the prior fails on."""
        rows: list[np.ndarray] = []
        truth: list[np.ndarray] = []
        tries = 0
        while len(rows) < n:
            tries += 1
            if tries > 3 * n + 20:
                raise NextwellError(f"Expected the integrator to run on most interventions of {self.model.origin}, found that it failed on {tries - len(rows)} of {tries}.")
            action = rng.uniform(-share, share, len(self.actions))
            factors = dict(zip(self.actions, 10**action, strict=True))
            ran, believed = self.model.simulate(factors, self.t_end, N_TIMES), self.model.simulate({**self.wrong, **factors}, self.t_end, N_TIMES)
            if ran is not None and believed is not None:
                rows.append(action)
                truth.append(self.observed.log(ran))
        told = np.array(truth)
        readings = told + NOISE * self.scale * rng.normal(size=told.shape)
        return Draw(columns={label(name): np.array(rows)[:, j] for j, name in enumerate(self.actions)}, truth=told, readings=readings)

    def truth(self, columns: Mapping[str, np.ndarray]) -> np.ndarray:
        rows = np.stack([columns[label(name)] for name in self.actions], axis=1)
        told = np.full((len(rows), N_TIMES, len(self.observed.species)), np.nan)
        for i, row in enumerate(rows):
            ran = self.model.simulate(dict(zip(self.actions, 10.0**row, strict=True)), self.t_end, N_TIMES)
            if ran is not None:
                told[i] = self.observed.log(ran)
        return told

    def reward(self, values: np.ndarray) -> np.ndarray:
        """Time average of the most variable observable, in its sd."""
        return np.asarray(values[..., 0].mean(axis=-1) / self.scale[0])

    def mechanism(self, prior: Prior) -> Mechanism | None:
        if prior == "none":
            return None
        model = self.model if prior == "wrong parameters" else self.cut().model
        return Believed(mechanism=SbmlMechanism(model.text, self.spec({}), name=f"{self.name}, {prior}"), wrong=self.wrong)

    def spec(self, later: Mapping[str, Target]) -> SbmlSpec:
        """What factors and observables mean in the model.

        Args:
            later: further factors, which act at a branch.
        """
        base, species = self.model.base, self.model.species
        starts: dict[str, Target] = {
            label(name): InitialTarget(target=name, scale=base[name], log10=True, quantity="amount")
            if name in species
            else ParameterTarget(target=name, scale=base[name], log10=True)
            for name in self.actions
        }
        read = zip(self.observed.species, self.observed.offset, strict=True)
        observables = {label(species[i]): Observable(of=species[i], quantity="amount", offset=float(offset), log=True) for i, offset in read}
        # the truth changes constants alone: starting amounts stay as in the file
        return SbmlSpec(factors={**starts, **later}, observables=observables, initial_assignments="kept", log_sd=WRONG_SD)

    def cut(self) -> Cut:
        """What the wrong structure misses; drawn once."""
        if "cut" not in self._cuts:
            self._cuts["cut"] = cut_structure(self.model, seed=self.seed, moved=self._moved)
        return self._cuts["cut"]

    def told(self) -> dict[str, object]:
        return {
            "problem": self.name, "t end": self.t_end, "t end found by": "search" if self.searched else "given",
            "actions": list(self.actions), "observables": list(self.variables), "reward": f"time average of log {self.variables[0]}",
        }  # fmt: skip

    def digest(self) -> str:
        """Of the file and the end: changes when the problem does."""
        return hashlib.sha256(f"{self.model.text}@{self.t_end}".encode()).hexdigest()[:12]

    def _moved(self, cut: SbmlTruth) -> float | None:
        """Root mean square change of the observables, in their sd, over the middle and eight random interventions."""
        rng = np.random.default_rng([self.seed, 1])
        actions = [np.zeros(len(self.actions)), *rng.uniform(-1, 1, (8, len(self.actions)))]
        changes = []
        for action in actions:
            factors = dict(zip(self.actions, 10**action, strict=True))
            ran, left = self.model.simulate(factors, self.t_end, N_TIMES), cut.simulate({**self.wrong, **factors}, self.t_end, N_TIMES)
            if left is None:
                return None
            whole = self.model.simulate({**self.wrong, **factors}, self.t_end, N_TIMES)
            if ran is not None and whole is not None:
                changes.append((self.observed.log(left) - self.observed.log(whole)) / self.scale)
        return float(np.sqrt(np.mean(np.square(changes)))) if changes else None


def label(identifier: str) -> str:
    """An SBML identifier as a name of ours, which begins with a letter."""
    return identifier if identifier[0].isalpha() else f"s{identifier}"


def _influential(model: SbmlTruth, settable: Sequence[str], *, t_end: float) -> tuple[str, ...]:
    """The constants, then the starting amounts, whose threefold change moves the species most on average; at most four."""
    start = model.simulate({}, t_end, N_TIMES)
    if start is None:
        raise NextwellError(f"Expected {model.origin} to run as it is up to t = {t_end:g}, found that its integrator fails. Try another end: sbml:FILE@T_END.")
    effect: dict[str, float] = {}
    for name in settable:
        up, down = model.simulate({name: 3.0}, t_end, N_TIMES), model.simulate({name: 1 / 3}, t_end, N_TIMES)
        if up is not None and down is not None:
            effect[name] = float(np.minimum(np.abs(up - down).mean(0) / (np.abs(start).mean(0) + 1e-9), 3).mean())
    strong = [name for name in sorted(effect, key=lambda name: -effect[name]) if effect[name] > 1e-3]
    constants = [name for name in strong if name not in model.species]
    return tuple((constants + [name for name in strong if name in model.species])[:MOST_ACTIONS])


def _variable(model: SbmlTruth, actions: Sequence[str], *, t_end: float, rng: np.random.Generator) -> Observed:
    """The species that twelve random interventions move most, on a log scale; at most four."""
    runs: list[np.ndarray] = []
    for _ in range(120):
        ran = model.simulate(dict(zip(actions, 10 ** rng.uniform(-1, 1, len(actions)), strict=True)), t_end, N_TIMES)
        if ran is not None:
            runs.append(ran)
        if len(runs) == 12:
            break
    if len(runs) < 12:
        raise NextwellError(f"Expected the integrator to run on random interventions of {model.origin}, found that it failed on {120 - len(runs)} of 120.")
    told = np.maximum(np.array(runs), 0)
    offset = np.maximum(np.abs(told).mean((0, 1)) * 0.01, 1e-9)
    spread = np.log(told + offset).std(0).mean(0)
    keep = np.argsort(-spread)[:MOST_OBSERVABLES]
    keep = keep[spread[keep] > 1e-2]
    if not len(keep):
        raise NextwellError(f"Expected species that move under interventions in {model.origin}, found none up to t = {t_end:g}. Try another end: sbml:FILE@T_END.")
    return Observed(species=keep, offset=offset[keep])
