"""Bayesian ridge regression of one number on given columns, its shrinkage by the evidence, held-out predictions in closed form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

SHRINKAGES = tuple(10.0 ** (step / 2) for step in range(-10, 7))  # noise variance over the prior variance of the signal: 1e-5 to 1e3
_PRIOR_ROWS, _PRIOR_VARIANCE = 2.0, 0.1  # the noise is expected like that of so many rows of this variance: keeps exact fits honest


@dataclass(frozen=True)
class Ridge:
    """`y = columns · weights + noise`, weights normal about zero with variance `signal · prior`, noise of variance `signal · shrinkage`.

    Attributes:
        left: `n x r` left singular vectors of the scaled columns of the rows it was fitted to.
        strength: `r` singular values.
        right: `p x r` right singular vectors.
        prior_sd: `p`, relative prior sd of each weight.
        targets: `n`.
        log_evidence: up to a constant that all fits to the same targets share.
    """

    left: Tensor
    strength: Tensor
    right: Tensor
    prior_sd: Tensor
    targets: Tensor
    shrinkage: float
    signal: float
    log_evidence: float

    @property
    def noise_variance(self) -> float:
        return self.signal * self.shrinkage

    @property
    def _kept(self) -> Tensor:
        """`r`: share of each direction that is not shrunk away."""
        return self.strength.square() / (self.strength.square() + self.shrinkage)

    def mean(self, columns: Tensor) -> Tensor:
        """`m` at columns `m x p`."""
        weights = self._kept / self.strength.clamp_min(1e-150) * (self.left.T @ self.targets)
        return (columns * self.prior_sd) @ (self.right @ weights)

    def variance(self, columns: Tensor) -> Tensor:
        """`m`, noise-free. Source: Rasmussen & Williams (2006), eq. 2.9."""
        scaled = columns * self.prior_sd
        told = (scaled @ self.right).square() @ self._kept
        return self.signal * (scaled.square().sum(-1) - told).clamp_min(1e-12)

    def draws(self, columns: Tensor, noise: Tensor) -> Tensor:
        """`s x m`: one draw of the weights for each row of standard normal `noise`, `s x p`."""
        along = noise @ self.right
        spread = noise + ((1 - self._kept).clamp_min(0).sqrt() - 1) * along @ self.right.T
        return self.mean(columns) + self.signal**0.5 * spread @ (columns * self.prior_sd).T

    def held_out(self, groups: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and variance, both `n`, of each row's reading without its own group.

        Source: as `coefficients.CoefficientModel.held_out`, with `K^-1 = (I - H) / noise` and H the hat matrix.
        """
        half = self.left * self._kept.sqrt()
        residual = self.targets - half @ (half.T @ self.targets)
        left_out = 1 - half.square().sum(-1)
        error, variance = residual / left_out.clamp_min(1e-12), self.noise_variance / left_out.clamp_min(1e-12)
        unique, counts = torch.unique(groups, return_counts=True)
        for group in unique[counts > 1]:
            block = torch.nonzero(groups == group).flatten()
            inner = torch.linalg.inv(torch.eye(len(block), dtype=half.dtype) - half[block] @ half[block].T)
            error[block], variance[block] = inner @ residual[block], self.noise_variance * inner.diagonal()
        return self.targets - error, variance


def fit_ridge(columns: Tensor, targets: Tensor, *, prior_sds: Sequence[Tensor]) -> Ridge:
    """The fit of the largest evidence over the prior sds that are offered and `SHRINKAGES`.

    Args:
        columns: `n x p`.
        targets: `n`, about zero mean and unit sd.
        prior_sds: each `p`.

    Source: evidence for ridge regression, MacKay (1992), Neural Computation 4:415, with the scale of the signal integrated out.
    """
    best: Ridge | None = None
    n = len(targets)
    for prior_sd in prior_sds:
        left, strength, right = torch.linalg.svd(columns * prior_sd, full_matrices=False)
        along = left.T @ targets
        outside = (targets.square().sum() - along.square().sum()).clamp_min(0)
        for shrinkage in SHRINKAGES:
            spread = strength.square() + shrinkage
            log_det = spread.log().sum() + (n - len(strength)) * torch.tensor(shrinkage, dtype=spread.dtype).log()
            misfit = outside / shrinkage + (along.square() / spread).sum() + _PRIOR_ROWS * _PRIOR_VARIANCE
            evidence = float(-0.5 * log_det - 0.5 * (n + _PRIOR_ROWS) * misfit.log())
            if best is None or evidence > best.log_evidence:
                best = Ridge(
                    left=left, strength=strength, right=right.T, prior_sd=prior_sd, targets=targets, shrinkage=shrinkage,
                    signal=float(misfit / (n + _PRIOR_ROWS)), log_evidence=evidence,
                )  # fmt: skip
    assert best is not None  # at least one prior is offered
    return best
