"""An SBML file as truth: multipliers on its constants and starting amounts in, every species over time out; futures branch from a saved state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from world_model.terms.errors import NextwellError

Factors = Mapping[str, float]
SERIES = tuple(round(step * 10.0**power, 6) for power in range(-1, 5) for step in (1, 2, 5))


def engine() -> Any:
    """libroadrunner, with its log switched off.

    Raises:
        NextwellError: it is not installed.
    """
    try:
        found = import_module("roadrunner")
    except ImportError as fault:
        raise NextwellError("Expected libroadrunner to run SBML files, found none. Install the extra: pip install 'nextwell[sbml]'.") from fault
    found.Logger.disableLogging()
    return found


@dataclass(frozen=True)
class SbmlTruth:
    """One model. Constants and starting amounts are changed by factors on their own values.

    Attributes:
        text: the SBML document.
        origin: where it came from, for messages.
    """

    text: str
    origin: str = "SBML"

    @classmethod
    def read(cls, file: Path) -> SbmlTruth:
        """The model of a file.

        Raises:
            NextwellError: no such file.
        """
        if not file.is_file():
            raise NextwellError(f"Expected an SBML file, found none at {file}.")
        return cls(text=file.read_text(encoding="utf-8"), origin=str(file))

    @cached_property
    def runner(self) -> Any:
        """The compiled model.

        Raises:
            NextwellError: the file can't be run.
        """
        try:
            return engine().RoadRunner(self.text)
        except RuntimeError as fault:
            raise NextwellError(f"Expected SBML with kinetics that libroadrunner can run, found in {self.origin}: {str(fault)[:300]}") from fault

    @cached_property
    def species(self) -> tuple[str, ...]:
        """Floating species, in the file's order."""
        return tuple(self.runner.model.getFloatingSpeciesIds())

    @cached_property
    def constants(self) -> tuple[str, ...]:
        """Global parameters, in the file's order."""
        return tuple(self.runner.model.getGlobalParameterIds())

    @cached_property
    def base(self) -> dict[str, float]:
        """Positive constants and starting amounts, constants first, as the file gives them."""
        self.runner.resetToOrigin()
        told = {name: float(self.runner[name]) for name in (*self.constants, *self.species)}
        return {name: value for name, value in told.items() if value > 0}

    def settable(self, t_end: float, n_times: int) -> list[str]:
        """Those of `base` that can be set: an assignment rule allows none of its own."""
        return [name for name in self.base if self.simulate({name: 1.0}, t_end, n_times) is not None]

    def simulate(self, factors: Factors, t_end: float, n_times: int) -> np.ndarray | None:
        """`t x species` at `n_times` equal steps from 0 to `t_end`; None where the integrator fails or a constant can't be set."""
        try:
            self._start(factors)
            return self._finite(self._run(0.0, t_end, n_times))
        except RuntimeError:
            return None

    def simulate_at(self, factors: Factors, times: np.ndarray) -> np.ndarray | None:
        """`t x species` at any increasing times, from the model's own start at 0."""
        try:
            self._start(factors)
            told = self.runner.simulate(times=[float(time) for time in times], selections=["time", *self.species])
            return self._finite(np.array(told, dtype=float)[:, 1:])
        except RuntimeError:
            return None

    def branch(self, factors: Factors, plans: Sequence[Factors], *, t_end: float, n_times: int, at: int) -> list[np.ndarray | None]:
        """One history, then each plan from the very same saved state: `t x species` each, None where the integrator fails.

        Args:
            factors: of the whole run, from the start.
            plans: from the branch on. A constant is set to its value times the factor; to a species, its starting amount times the
                factor is added, as a dose would.
            at: index of the time at which they part. The row at that time is read just before.
        """
        times = np.linspace(0.0, t_end, n_times)
        try:
            self._start(factors)
            before = self._run(0.0, float(times[at]), at + 1)
            saved = self.runner.saveStateS() if len(plans) > 1 else ""
        except RuntimeError:
            return [None] * len(plans)
        futures: list[np.ndarray | None] = []
        for i, plan in enumerate(plans):
            try:
                if i:
                    self.runner.loadStateS(saved)
                for name, factor in plan.items():
                    self.runner[name] = self.runner[name] + self.base[name] * factor if name in self.species else self.base[name] * factor
                after = self._run(float(times[at]), t_end, n_times - at)
                futures.append(self._finite(np.concatenate([before, after[1:]])))
            except RuntimeError:
                futures.append(None)
        return futures

    def _start(self, factors: Factors) -> None:
        self.runner.resetToOrigin()
        for name, factor in factors.items():
            self.runner[name] = self.base[name] * factor

    def _run(self, begin: float, end: float, points: int) -> np.ndarray:
        return np.array(self.runner.simulate(begin, end, points, ["time", *self.species]), dtype=float)[:, 1:]

    @staticmethod
    def _finite(values: np.ndarray) -> np.ndarray | None:
        return values if np.isfinite(values).all() else None


def search_t_end(truth: SbmlTruth, *, n_times: int) -> float:
    """How long to look, in the file's own unit of time, where nobody says: the shortest of 0.1, 0.2, 0.5, 1 … 50,000 in which three
    quarters of the species that move have moved nine tenths of the most that they move in any of them (log scale; mean over runs in
    which every constant and starting amount is multiplied by exp(N(0, 0.5)), for as it is a model may stand still).

    Raises:
        NextwellError: nothing moves.
    """
    rng = np.random.default_rng(0)
    settable = truth.settable(SERIES[0], n_times)
    disturbed = [{name: float(np.exp(rng.normal(0, 0.5))) for name in settable} for _ in range(6)]
    runs: dict[float, list[np.ndarray]] = {}
    for t_end in SERIES:
        told = [truth.simulate(factors, t_end, n_times) for factors in disturbed]
        if any(run is None for run in told) and runs:
            break  # no longer run is sounder than this one
        runs[t_end] = [run for run in told if run is not None]
    floor = np.maximum(np.max([np.abs(run).max(axis=0) for told in runs.values() for run in told] or [np.zeros(1)], axis=0), 1e-12) * 0.01
    moved = {t_end: np.mean([np.ptp(np.log(np.maximum(run, 0) + floor), axis=0) for run in told], axis=0) for t_end, told in runs.items() if told}
    most = np.max(list(moved.values()), axis=0) if moved else np.zeros(1)
    if not (most > 1e-2).any():
        raise NextwellError(f"Expected species that move in {truth.origin}, found none up to t = {SERIES[-1]:g}. Give the end: sbml:FILE@T_END.")
    share = {t_end: float(np.quantile((told / np.maximum(most, 1e-12))[most > 1e-2], 0.25)) for t_end, told in moved.items()}
    return next(t_end for t_end, told in share.items() if told >= 0.9 * max(share.values()))
