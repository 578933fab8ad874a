"""The quadratic response surface: ridge regression on linear terms, squares and pairs, a coefficient of the curves at a time."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ..basis import Basis, fit_basis
from ..contract import Belief, Capabilities, Of, Progress, Training
from ..ridge import Ridge, fit_ridge
from ..second_order import MOST_COLUMNS, SecondOrder

CURVATURES = (0.1, 0.3, 1.0)  # prior sd of all products together, the linear terms' being 1
_BLOCK = 4096  # designs whose columns are held at a time


@dataclass(frozen=True)
class Quadratic:
    """Bayesian ridge on a polynomial of second order. How strongly it is shrunk, and how curved it may be, is by the evidence."""

    name: str = "quadratic"

    def why_not(self, training: Training) -> str | None:
        """Without numbers that may bend it is the pairwise model; with too many columns it takes too long."""
        columns = SecondOrder.of(training.encoder)
        if not columns.numeric.any():
            return "no factor is a number that can bend"
        return f"{columns.size:,} columns are more than {MOST_COLUMNS:,}" if columns.size > MOST_COLUMNS else None

    def fit(self, training: Training, *, seed: int, progress: Progress | None = None) -> FittedQuadratic:
        """Fit. `seed` changes nothing: the fit is deterministic."""
        basis = fit_basis(training.values, times_h=training.times_h, functionals=training.functionals)
        surface = SecondOrder.of(training.encoder)
        columns, targets = surface(training.design), basis.encode(training.values)
        priors = [surface.prior_sd(curved) for curved in CURVATURES]
        known = torch.isfinite(targets)
        ridges = tuple(fit_ridge(columns[rows], target[rows], prior_sds=priors) for target, rows in zip(targets.T, known.T, strict=True))
        return FittedQuadratic(basis=basis, surface=surface, ridges=ridges, known=known, design=training.design, groups=training.groups)


@dataclass(frozen=True)
class FittedQuadratic:
    """Attributes:
    ridges: one a coefficient.
    known: `n x k`, which rows each was fitted to.
    design: `n x d` of the training rows.
    groups: `n` of them.
    """

    basis: Basis
    surface: SecondOrder
    ridges: tuple[Ridge, ...]
    known: Tensor
    design: Tensor
    groups: Tensor

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities()

    def beliefs(self, design: Tensor) -> Belief:
        """Exact marginals."""
        empty = torch.empty(0, len(self.ridges), dtype=torch.double)
        means, variances = [empty], [empty]
        for block in design.split(_BLOCK):
            columns = self.surface(block)
            means.append(torch.stack([ridge.mean(columns) for ridge in self.ridges], -1))
            variances.append(torch.stack([ridge.variance(columns) for ridge in self.ridges], -1))
        mean = torch.cat(means)
        return Belief(
            mean=self.basis.decode(mean), epistemic=self.basis.decode_variance(torch.cat(variances)), aleatoric=self._aleatoric(len(mean))
        )

    def draws(self, design: Tensor, n: int, *, seed: int, of: Of = "state") -> Tensor:
        """One draw of the polynomials' weights is one world."""
        generator = torch.Generator().manual_seed(seed)
        size = self.surface.size
        noise = [torch.randn(n, size, generator=generator, dtype=torch.double) for _ in self.ridges]
        columns = self.surface(design)
        values = self.basis.decode(torch.stack([ridge.draws(columns, told) for ridge, told in zip(self.ridges, noise, strict=True)], -1))
        if of == "state":
            return values
        return values + self._aleatoric(len(design)).sqrt() * torch.randn(values.shape, generator=generator, dtype=values.dtype)

    def held_out(self) -> Belief:
        """Leave-one-intervention-out in closed form, shrinkage and basis kept."""
        mean, variance = torch.full(self.known.shape, torch.nan, dtype=torch.double), torch.full(self.known.shape, torch.nan, dtype=torch.double)
        for k, ridge in enumerate(self.ridges):
            rows = self.known[:, k]
            mean[rows, k], variance[rows, k] = ridge.held_out(self.groups[rows])
            # a row that says nothing of a coefficient was not learned from
            rest = self.surface(self.design[~rows])
            mean[~rows, k], variance[~rows, k] = ridge.mean(rest), ridge.variance(rest) + ridge.noise_variance
        return Belief(
            mean=self.basis.decode(mean), epistemic=self.basis.decode_variance((variance - self._noise()).clamp_min(0)),
            aleatoric=self._aleatoric(len(mean)),
        )  # fmt: skip

    def _noise(self) -> Tensor:
        return torch.tensor([ridge.noise_variance for ridge in self.ridges], dtype=torch.double)

    def _aleatoric(self, n: int) -> Tensor:
        """`n x t x y`: what one more reading adds."""
        one = self.basis.decode_variance(self._noise()) + self.basis.residual_sd.square()
        return one.expand(n, *one.shape)
