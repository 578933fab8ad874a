"""The Gaussian about the most probable scaling: how unsure it is, along which directions that matters, and what each intervention told it.

All is linear about the peak, u = peak + F x with x ~ N(0, C): the columns of F are ordered by how much they move what is read. The
interventions of the climb have derivatives along all of them, the others along the first few alone, for each costs a simulation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .gauss_newton import LONGEST, Peak, Readings, curvature
from .scaled_runs import ScaledRuns

MOST_DIRECTIONS = 8
_SHARE = 0.99  # of the predictive variance that the directions hold


@dataclass(frozen=True)
class Laplace:
    """Attributes:
    u: `p`, the peak.
    basis: `p x p`, F.
    precision: `p x p`, of x.
    strength: `p`, how much each column of F moves the interventions of the climb, in variances of the noise.
    noise: `y`, variance of one reading.
    slopes: `n x t x y x p` by x, of the interventions `known`; zero where only the first few were computed.
    told: `n x t x y` simulations at the peak, of the interventions `known`.
    residual: `n x t x y`, readings minus simulation at the peak, of the interventions `known`; 0 where nothing was read.
    weight: `n x t x y`, readings behind each over their variance.
    known: `n` positions among all interventions.
    """

    u: np.ndarray
    basis: np.ndarray
    precision: np.ndarray
    strength: np.ndarray
    noise: np.ndarray
    slopes: np.ndarray
    told: np.ndarray
    residual: np.ndarray
    weight: np.ndarray
    known: np.ndarray

    @property
    def covariance(self) -> np.ndarray:
        """`p x p`, of u."""
        return np.asarray(self.basis @ np.linalg.inv(self.precision) @ self.basis.T)

    @property
    def directions(self) -> np.ndarray:
        """`p x k` in u: independent moves of one posterior sd each, the few that move what is read most."""
        if not len(self.u):
            return np.zeros((0, 0))
        root = root_of_inverse(self.precision)
        strength, turn = np.linalg.eigh(root.T @ (self.strength[:, None] * root))
        return np.asarray(self.basis @ root @ turn[:, ::-1][:, : _how_many(strength[::-1])])

    def without(self, left_out: np.ndarray) -> Without:
        """The Gaussian had some interventions (a mask over `known`) not been seen, linearised about the peak.

        Source: Gauss–Newton's normal equations without their rows; exact for a linear model (Cook 1977, Technometrics 19:15).
        """
        slopes = self.slopes[left_out]
        weighted = slopes * self.weight[left_out][..., None]
        precision = self.precision - np.tensordot(weighted, slopes, axes=([0, 1, 2], [0, 1, 2]))
        covariance = np.linalg.inv(precision)
        pull = (weighted * self.residual[left_out][..., None]).sum((0, 1, 2))
        x = -covariance @ pull
        # a constant that these readings alone determine would be sent where nothing is linear any more
        far = float(np.abs(self.basis @ x).max(initial=0.0))
        return Without(x=x * min(1.0, LONGEST / max(far, 1e-12)), covariance=covariance)


@dataclass(frozen=True)
class Without:
    """Where x lies (`p`), and its covariance (`p x p`)."""

    x: np.ndarray
    covariance: np.ndarray

    def shift(self, slopes: np.ndarray) -> np.ndarray:
        """`…` change of simulations with these slopes `… x p`."""
        return np.asarray(slopes @ self.x)

    def variance(self, slopes: np.ndarray) -> np.ndarray:
        """`…`, of simulations."""
        return np.asarray(np.einsum("...i,ij,...j->...", slopes, self.covariance, slopes))


def root_of_inverse(precision: np.ndarray) -> np.ndarray:
    """`p x p` R with R R' the inverse of a symmetric positive matrix, however far apart its eigenvalues lie."""
    height, axes = np.linalg.eigh((precision + precision.T) / 2)
    # readings that determine one combination a billion times better than the prior leave the others' sign to rounding
    return np.asarray(axes / np.sqrt(np.maximum(height, 1e-15 * height[-1])))


def spread_about(runs: ScaledRuns, readings: Readings, peak: Peak, *, used: np.ndarray) -> Laplace:
    """The Gaussian about a peak that was climbed on the interventions `used`; the others sharpen it as far as the budget goes."""
    p = len(peak.u)
    climbed = readings.take(used)
    noise = _noise(climbed, peak)
    hessian = curvature(peak.jacobian, climbed, peak.told, noise)
    root = root_of_inverse(hessian) if p else np.zeros((0, 0))
    moved = (peak.jacobian / np.sqrt(noise)[:, None]) @ root
    strength, turn = np.linalg.eigh(np.tensordot(moved, moved, axes=([0, 1, 2], [0, 1, 2])))
    basis, strength = root @ turn[:, ::-1], np.maximum(strength[::-1], 0.0)
    k = _how_many(strength)
    rest = np.array([i for i in range(len(readings)) if i not in set(used.tolist())], dtype=int)
    # of each further intervention: one run at the peak, one along each direction, one at the end
    rest = rest[: runs.meter.left // (k + 2)] if not runs.meter.late else rest[:0]
    others = readings.take(rest)
    told = runs.at(others.rows, peak.u) if len(rest) else np.zeros((0, *peak.told.shape[1:]))
    slopes = np.zeros((*told.shape, p))
    if len(rest) and k:
        slopes[..., :k] = runs.along(others.rows, peak.u, basis[:, :k], base=told, step=1.0)
    known, all_told = readings.take(np.concatenate([used, rest])), np.concatenate([peak.told, told])
    all_slopes = np.concatenate([peak.jacobian @ basis, slopes])
    weight = known.weight(all_told) / noise
    added = np.tensordot((all_slopes * weight[..., None])[len(used) :], slopes, axes=([0, 1, 2], [0, 1, 2]))
    precision = np.eye(p) + added
    u, final = peak.u, all_told
    if len(rest) and k:
        pull = (all_slopes * (weight * known.residual(all_told))[..., None])[len(used) :].sum((0, 1, 2))
        polished = peak.u + basis @ np.linalg.solve(precision, pull)
        tried = runs.at(known.rows, polished)
        if known.cost(tried, polished, noise="own") < known.cost(all_told, peak.u, noise="own"):
            u, final = polished, tried
    return Laplace(
        u=u, basis=basis, precision=precision, strength=strength, noise=noise, slopes=all_slopes, told=final, residual=known.residual(final),
        weight=known.weight(final) / noise, known=np.concatenate([used, rest]),
    )  # fmt: skip


def _how_many(strength: np.ndarray) -> int:
    """Of directions in falling order of strength: enough for nearly all of it."""
    if not len(strength):
        return 0
    return min(int(np.searchsorted(np.cumsum(strength), _SHARE * strength.sum())) + 1, MOST_DIRECTIONS, len(strength))


def _noise(climbed: Readings, peak: Peak) -> np.ndarray:
    """`y`: the noise variance, with what the constants took of the residuals given back."""
    variance = climbed.variance(peak.told, noise="own")
    hessian = curvature(peak.jacobian, climbed, peak.told, variance)
    count = climbed.weight(peak.told)
    weighted = peak.jacobian * (count / variance)[..., None]
    told = [np.tensordot(weighted[:, :, y], peak.jacobian[:, :, y], axes=([0, 1], [0, 1])) for y in range(len(variance))]
    taken = np.array([np.trace(np.linalg.solve(hessian, one)) for one in told])
    read = np.maximum(count.sum((0, 1)), 1.0)
    return np.asarray(variance * read / np.maximum(read - taken, 0.2 * read))
