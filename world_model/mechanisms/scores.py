"""A mechanism's trajectories as a few numbers a design: further inputs of a Gaussian process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import Tensor

from ..basis import Basis, fit_basis
from .simulated import Simulated

if TYPE_CHECKING:
    from ..contract import Training

MOST_SCORES = 4


@dataclass(frozen=True)
class MechanismScores:
    """Designs `n x d` → `n x p` principal scores of the simulated trajectories, in [0, 1] over the training designs."""

    simulated: Simulated
    basis: Basis
    low: Tensor
    span: Tensor

    @classmethod
    def fit(cls, simulated: Simulated, training: Training) -> MechanismScores:
        """The components are those of the mechanism's own trajectories at the training designs."""
        told = simulated.at(training.design)
        basis = fit_basis(told, times_h=training.times_h)
        scores = basis.encode(told)[:, :MOST_SCORES]
        low, high = scores.min(dim=0).values, scores.max(dim=0).values
        return cls(simulated=simulated, basis=basis, low=low, span=(high - low).clamp_min(1e-9))

    def __call__(self, design: Tensor) -> Tensor:
        """`n x p`."""
        scores = self.basis.encode(self.simulated.at(design))[:, : len(self.low)]
        return (scores - self.low) / self.span
