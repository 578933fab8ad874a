"""The estimate that belongs to a training set, made once for all contestants that use it, and its spread at any designs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor

from world_model.terms.errors import MechanismError

from .estimate import Budget, Estimate, estimate
from .gauss_newton import Readings
from .laplace import Without
from .simulated import Simulated

if TYPE_CHECKING:
    from ..contract import Training

_MADE: WeakKeyDictionary[Simulated, dict[bytes, Estimated]] = WeakKeyDictionary()
_FOLDS = 5
FEWEST_REPEATS = 8  # degrees of freedom that tell a variance to within a factor of two or so


@dataclass(frozen=True)
class HeldOutRuns:
    """Simulations without each row's own intervention: `mean` and `variance`, `n x t x y`, by row of the training set."""

    mean: Tensor
    variance: Tensor


@dataclass(frozen=True)
class Estimated:
    """Attributes:
    member: `n`, the intervention of each training row; -1 where it has no reading.
    design: `n x d` of the training rows.
    peak: simulations with the estimated constants.
    moved: likewise, one posterior sd along each direction that matters.
    """

    estimate: Estimate
    member: np.ndarray
    design: Tensor
    peak: Simulated
    moved: tuple[Simulated, ...]

    @property
    def noise(self) -> Tensor:
        """`y`, variance of one reading around the estimated mechanism."""
        return torch.as_tensor(self.estimate.laplace.noise, dtype=torch.double)

    def slopes(self, design: Tensor) -> Tensor:
        """`n x t x y x k`: changes by one posterior sd along each direction."""
        base = self.peak.at(design)
        if not self.moved:
            return base.new_zeros(*base.shape, 0)
        slopes = torch.stack([moved.at(design) - base for moved in self.moved], dim=-1)
        doubt = torch.stack([one.doubt(design) for one in (self.peak, *self.moved)]).amax(dim=(0, 2, 3))
        return torch.where((doubt > 0)[:, None, None, None], 0.0, slopes)  # of runs that fail there are none

    def moves(self, design: Tensor) -> Tensor:
        """`n x t x y x m`: independent moves of the state by one sd each: along the slopes, by the constants that were left as given, and
        by what stands in for runs that fail."""
        slopes = self.slopes(design)
        ignored = self._ignored.sqrt().expand(slopes.shape[:-1]).unsqueeze(-1)
        return torch.cat([slopes, ignored, self.peak.doubt(design).sqrt().unsqueeze(-1)], dim=-1)

    def variance(self, design: Tensor) -> Tensor:
        """`n x t x y`, of the state, by what is unsure of the mechanism."""
        return self.moves(design).square().sum(dim=-1)

    @property
    def _ignored(self) -> Tensor:
        return torch.as_tensor(self.estimate.ignored, dtype=torch.double)

    def held_out(self) -> HeldOutRuns:
        """Each row as if its own intervention had not been seen, linearised about the peak.

        Rows that the estimation did not use were never seen; their variance is the mean of the others'.
        """
        laplace = self.estimate.laplace
        return self._told([laplace.without(laplace.known == g) for g in laplace.known])

    def folds(self) -> list[tuple[Tensor, Tensor]]:
        """A mask of rows, and what all rows would be simulated as had the readings of these rows not been seen: `n`, `n x t x y`."""
        laplace = self.estimate.laplace
        rank = np.full(int(self.member.max()) + 1, -1)
        rank[laplace.known] = np.arange(len(laplace.known)) % _FOLDS
        fold = np.where(self.member >= 0, rank[self.member], -1)
        found = []
        for i in sorted(set(fold.tolist())):
            rows = torch.as_tensor(fold == i)
            without = laplace.without(rank[laplace.known] == i) if i >= 0 else None
            found.append((rows, self.peak.at(self.design) if without is None else self._told([without] * len(laplace.known)).mean))
        return found

    def _told(self, without: list[Without]) -> HeldOutRuns:
        laplace = self.estimate.laplace
        place = {int(g): i for i, g in enumerate(laplace.known)}
        mean = self.peak.at(self.design).clone()
        shifts = np.array([one.shift(laplace.slopes[i]) for i, one in enumerate(without)])
        spreads = np.array([one.variance(laplace.slopes[i]) for i, one in enumerate(without)])
        variance = torch.as_tensor(spreads.mean(axis=0), dtype=torch.double).expand(len(mean), -1, -1).clone()
        for row, g in enumerate(self.member.tolist()):
            if g in place:
                mean[row] += torch.as_tensor(shifts[place[g]])
                variance[row] = torch.as_tensor(spreads[place[g]])
        return HeldOutRuns(mean=mean, variance=variance + self._ignored + self.peak.doubt(self.design))


def estimated(training: Training, *, budget: Budget | None = None) -> Estimated:
    """The estimate from a training set with a mechanism.

    Raises:
        MechanismError: there is none, or it can't be run for any intervention.
    """
    simulated = training.simulated
    if simulated is None:
        raise MechanismError("Expected a mechanism to estimate, found none.")
    known = _MADE.setdefault(simulated, {})
    key = hashlib.sha256(training.design.numpy().tobytes() + training.values.numpy().tobytes() + repr(budget).encode()).digest()
    if key not in known:
        known[key] = _estimated(training, simulated, budget=budget)
    return known[key]


def _estimated(training: Training, simulated: Simulated, *, budget: Budget | None) -> Estimated:
    values = training.values.numpy()
    read = np.isfinite(values)
    unique, member = np.unique(training.groups.numpy(), return_inverse=True)
    first = np.array([np.nonzero(member == g)[0][0] for g in range(len(unique))])
    count, total = np.zeros((len(unique), *values.shape[1:])), np.zeros((len(unique), *values.shape[1:]))
    np.add.at(count, member, read)
    np.add.at(total, member, np.where(read, values, 0.0))
    mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    design = training.design[first]
    readings = Readings(rows=training.encoder.settings(design), mean=mean, count=count, scale=training.scale.numpy(), replicates=_replicates(values, member, mean))
    found = estimate(
        simulated.mechanism, readings, times_h=training.times_h.numpy(), variables=training.variables, spread=_spread(training.encoder.features(design).numpy()),
        budget=budget,
    )  # fmt: skip
    laplace = found.laplace

    def at(u: np.ndarray) -> Simulated:
        return Simulated(found.scaled(u), encoder=training.encoder, times_h=training.times_h, variables=training.variables, anchors=training.design)

    peak = at(laplace.u)
    peak.remember(design[torch.as_tensor(laplace.known)], torch.as_tensor(laplace.told, dtype=torch.double))
    moved = tuple(at(laplace.u + move) for move in laplace.directions.T)
    return Estimated(estimate=found, member=member, design=training.design, peak=peak, moved=moved)


def _replicates(values: np.ndarray, member: np.ndarray, mean: np.ndarray) -> np.ndarray | None:
    """`y`: variance of a reading about the mean of its intervention, where readings enough were repeated; None where none were."""
    off = values - mean[member]
    once = np.isfinite(mean).sum(axis=(0, 1))
    free = np.isfinite(values).sum(axis=(0, 1)) - once
    if not free.any():
        return None
    variance = np.nansum(off**2, axis=(0, 1)) / np.maximum(free, 1)
    return np.where((free >= FEWEST_REPEATS) & (variance > 0), variance, np.nan)


def _spread(features: np.ndarray) -> np.ndarray:
    """An order in which each lies far from those before it, from the most central one on."""
    order = [int(((features - features.mean(axis=0)) ** 2).sum(axis=1).argmin())]
    far = ((features - features[order[0]]) ** 2).sum(axis=1)
    while len(order) < len(features):
        far[order] = -1.0
        order.append(int(far.argmax()))
        far = np.minimum(far, ((features - features[order[-1]]) ** 2).sum(axis=1))
    return np.array(order)
