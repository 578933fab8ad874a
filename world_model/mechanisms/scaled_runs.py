"""Simulations of some interventions with some of a mechanism's constants scaled, and their derivatives, all of them counted."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from world_model.terms.space import Settings

from .mechanism import Mechanism, MechanismParameter

STEP = 0.03  # of a natural logarithm: far above what the integrator blurs, and a curve hardly bends over it
WEAK = 0.1  # information of the readings over that of the prior


@dataclass
class Meter:
    """Counts simulations against a budget. `seconds` of the processor are a stop for machines that are slower than thought."""

    simulations: int
    seconds: float
    used: int = 0
    begun: float = field(default_factory=time.thread_time)

    def allows(self, more: int) -> bool:
        """Whether so many more simulations fit."""
        return self.used + more <= self.simulations and not self.late

    @property
    def left(self) -> int:
        return max(self.simulations - self.used, 0)

    @property
    def late(self) -> bool:
        return time.thread_time() - self.begun > self.seconds


@dataclass(frozen=True)
class ScaledRuns:
    """Attributes:
    mechanism: as given.
    times_h, variables: what is read.
    constants: `p`, those that are scaled. A scaling is `u`, `p` numbers: the logarithm of each factor over its prior sd.
    """

    mechanism: Mechanism
    times_h: np.ndarray
    variables: tuple[str, ...]
    constants: tuple[MechanismParameter, ...]
    meter: Meter

    @property
    def log_sd(self) -> np.ndarray:
        """`p`."""
        return np.array([constant.log_sd for constant in self.constants])

    def factors(self, u: np.ndarray) -> dict[str, float]:
        """Constant → factor on its value."""
        return {c.name: float(np.exp(x)) for c, x in zip(self.constants, u * self.log_sd, strict=True)}

    def at(self, rows: Sequence[Settings], u: np.ndarray) -> np.ndarray:
        """`n x t x y`, nan where the integrator fails."""
        self.meter.used += len(rows)
        return self.mechanism.simulate(rows, self.times_h, self.variables, scaled=self.factors(u))

    def along(self, rows: Sequence[Settings], u: np.ndarray, directions: np.ndarray, *, base: np.ndarray, step: float) -> np.ndarray:
        """`n x t x y x k` derivatives along `p x k` directions, by one-sided differences; the other side where a run fails, else 0."""
        told = np.zeros((*base.shape, directions.shape[1]))
        for k in range(directions.shape[1]):
            moved = self.at(rows, u + step * directions[:, k])
            slope = (moved - base) / step
            failed = ~np.isfinite(moved).all(axis=(1, 2)) & np.isfinite(base).all(axis=(1, 2))
            if failed.any():
                where = np.nonzero(failed)[0]
                slope[where] = (base[where] - self.at([rows[i] for i in where], u - step * directions[:, k])) / step
            told[..., k] = np.nan_to_num(slope, nan=0.0, posinf=0.0, neginf=0.0)
        return told

    def jacobian(self, rows: Sequence[Settings], u: np.ndarray, *, base: np.ndarray, bend: np.ndarray | None = None) -> np.ndarray:
        """`n x t x y x p` derivatives by `u`.

        Args:
            bend: `p x p`, second derivative of minus the log posterior. With it the steps go along its axes, each by what moves the
                readings by their noise: where two constants trade off against each other, a step along one of them alone would leave
                the ridge for places that are curved. Axes that the readings hardly tell from the prior are left at zero.
        """
        if bend is None:
            return self.along(rows, u, np.diag(1.0 / self.log_sd), base=base, step=STEP) * self.log_sd
        height, axes = np.linalg.eigh(bend)
        axes, height = axes[:, height > 1.0 + WEAK], height[height > 1.0 + WEAK]
        reach = np.minimum(1.0 / np.sqrt(height), STEP / np.abs(axes * self.log_sd[:, None]).max(axis=0, initial=1e-12))
        return np.asarray((self.along(rows, u, axes * reach, base=base, step=1.0) / reach) @ axes.T)
