"""The most probable scaling of a mechanism's constants: Levenberg–Marquardt on readings and prior, noise unknown.

Minimised is minus the logarithm of the posterior with each observable's noise variance at its best value,
sum over y of n_y/2 log(rss_y / n_y) + |u|^2 / 2. (With a noise of its own for each observable from the beginning, a far start is drawn to
places where one observable is given up for the others: so the way there goes with one relative noise for all.) Between full derivatives the Jacobian is updated by Broyden's formula, for one costs
as many simulations as there are constants.

Source: Nocedal & Wright (2006), Numerical Optimization, ch. 10; Broyden (1965), Math. Comp. 19:577, for the update; profiling the
variance out: Bard (1974), Nonlinear Parameter Estimation, ch. 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from world_model.terms.space import Settings

from .scaled_runs import WEAK, ScaledRuns

Noise = Literal["shared", "own"]  # one relative noise for all observables, or each its own
LONGEST = 1.5  # prior sds that one step may move a constant
SMALL_GAIN = 0.05  # of the log posterior: less than this is no progress
BORROWED = 2.0  # readings' worth of the shared noise in an observable's own
STUCK = 1e3  # damping beyond which the Jacobian must be wrong, or this is the peak
_RENEWALS = 4  # of the Jacobian where nothing is gained: each has better axes than the one before
_UPDATES = 2  # steps on one Jacobian
_FLOOR = 1e-3  # of the readings' sd: what the integrator's error and rounding leave


@dataclass(frozen=True)
class Readings:
    """Attributes:
    rows: settings of `n` distinct interventions.
    mean: `n x t x y` over replicates, nan where nothing was read.
    count: `n x t x y` readings behind each.
    scale: `y` sd of all readings.
    replicates: `y` variance of a reading among replicates, nan where there are too few; None where nothing was replicated.
    """

    rows: Sequence[Settings]
    mean: np.ndarray
    count: np.ndarray
    scale: np.ndarray
    replicates: np.ndarray | None = None

    def take(self, where: np.ndarray) -> Readings:
        """Some interventions."""
        return Readings(rows=[self.rows[i] for i in where], mean=self.mean[where], count=self.count[where], scale=self.scale, replicates=self.replicates)

    def __len__(self) -> int:
        return len(self.rows)

    def residual(self, told: np.ndarray) -> np.ndarray:
        """`n x t x y`: readings minus simulation, 0 where there is no reading or no simulation."""
        return np.nan_to_num(self.mean - told, nan=0.0)

    def weight(self, told: np.ndarray) -> np.ndarray:
        """`n x t x y`: readings that say something."""
        return np.where(np.isfinite(self.mean - told), self.count, 0.0)

    def variance(self, told: np.ndarray, *, noise: Noise) -> np.ndarray:
        """`y`: best noise variance of one reading around this simulation; an observable that few readings tell borrows from the others."""
        weight = self.weight(told)
        rss = (weight * self.residual(told) ** 2).sum((0, 1)) / self.scale**2
        read = weight.sum((0, 1))
        shared = rss.sum() / max(read.sum(), 1.0) * np.ones(len(rss))
        share = shared if noise == "shared" else (rss + BORROWED * shared) / (read + BORROWED)
        return np.asarray((share + _FLOOR**2) * self.scale**2)

    def cost(self, told: np.ndarray, u: np.ndarray, *, noise: Noise) -> float:
        """Minus the log posterior, up to a constant."""
        read = self.weight(told).sum((0, 1))
        read = read + BORROWED * (read > 0) if noise == "own" else read
        return float((0.5 * read * np.log(self.variance(told, noise=noise))).sum() + 0.5 * (u**2).sum())


@dataclass(frozen=True)
class Peak:
    """Where the search ended.

    Attributes:
        u: `p`, the scaling.
        told: `n x t x y` simulations there.
        jacobian: `n x t x y x p`, nearly there.
        converged: the last step promised less than `SMALL_GAIN`.
    """

    u: np.ndarray
    told: np.ndarray
    jacobian: np.ndarray
    converged: bool


def climb(
    runs: ScaledRuns, readings: Readings, *, start: np.ndarray, noise: Noise, reserve: int,
    jacobian: np.ndarray | None = None, bend: np.ndarray | None = None, enough: float = SMALL_GAIN,
) -> Peak:  # fmt: skip
    """From `start` to the peak, or until only `reserve` simulations are left.

    Args:
        jacobian: at the start, where it is known.
        enough: gains of the log posterior below this are no progress.
        bend: second derivative near the start, where one is known from other interventions: steps of the first derivatives go by it.
    """
    n, p = len(readings), len(start)
    u, told = start, runs.at(readings.rows, start)
    if jacobian is None:
        jacobian = runs.jacobian(readings.rows, u, base=told, bend=bend)
    renewals = 1 if bend is not None else 0  # since the last gain
    cost, age, damping, converged = readings.cost(told, u, noise=noise), 0, 1e-2, False
    while runs.meter.allows(n + reserve):
        step, promised = _step(jacobian, readings, told, u, damping, noise)
        trial = runs.at(readings.rows, u + step)
        lost = np.isfinite(told).all(axis=(1, 2)) & ~np.isfinite(trial).all(axis=(1, 2))
        gain = -np.inf if lost.any() else cost - readings.cost(trial, u + step, noise=noise)
        ends = promised < enough and damping <= 1.0  # a heavily damped step promises little anywhere
        kept = gain > 0.75 * promised
        damping = max(damping / 10.0, 1e-6) if kept else damping * (1.0 if gain > 0.25 * promised else 3.0 if gain > 0 else 10.0)
        if gain > 0:
            off = np.nan_to_num(trial - told) - jacobian @ step
            jacobian = jacobian + off[..., None] * step / max(float(step @ step), 1e-12)
            u, told, cost, age = u + step, trial, cost - gain, age + 1
            renewals = renewals if gain < enough else min(renewals, 1)
        # the end is believed of derivatives that were taken here, along axes that were known
        if renewals and ((ends and age < 2) or (renewals >= _RENEWALS and (promised < enough or damping > STUCK))):
            converged = True
            break
        stuck = promised < enough or damping > STUCK
        if stuck or (age and (age > _UPDATES or gain < 0.25 * promised)):
            if not runs.meter.allows(n * p + n + reserve):
                break
            jacobian = renewed(runs, readings, u, told, jacobian, noise=noise)
            age, renewals, damping = 0, renewals + 1, min(damping, 1.0)
    return Peak(u=u, told=told, jacobian=jacobian, converged=converged)


def renewed(runs: ScaledRuns, readings: Readings, u: np.ndarray, told: np.ndarray, jacobian: np.ndarray, *, noise: Noise) -> np.ndarray:
    """The derivatives at `u`, by steps along the axes of the posterior as an older Jacobian tells them; its weak axes stay as they were."""
    bend = curvature(jacobian, readings, told, readings.variance(told, noise=noise))
    height, axes = np.linalg.eigh(bend)
    weak = axes[:, height <= 1.0 + WEAK]
    return np.asarray(runs.jacobian(readings.rows, u, base=told, bend=bend) + (jacobian @ weak) @ weak.T)


def curvature(jacobian: np.ndarray, readings: Readings, told: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """`p x p`: Gauss–Newton's second derivative of minus the log posterior."""
    weighted = jacobian * (readings.weight(told) / variance)[..., None]
    return np.asarray(np.tensordot(weighted, jacobian, axes=([0, 1, 2], [0, 1, 2])) + np.eye(jacobian.shape[-1]))


def _step(jacobian: np.ndarray, readings: Readings, told: np.ndarray, u: np.ndarray, damping: float, noise: Noise) -> tuple[np.ndarray, float]:
    """The step and what it promises to gain."""
    variance = readings.variance(told, noise=noise)
    hessian = curvature(jacobian, readings, told, variance)
    pull = (jacobian * (readings.weight(told) / variance * readings.residual(told))[..., None]).sum((0, 1, 2)) - u
    step = np.linalg.solve(hessian + damping * np.diag(np.diag(hessian)), pull)
    longest = float(np.abs(step).max(initial=0.0))
    if longest > LONGEST:
        step = step * (LONGEST / longest)
    return step, float(pull @ step - 0.5 * step @ hessian @ step)
