"""Functional principal components: trajectories of several observables as a few coefficients each.

`value[t, y] = mean[t, y] + sum_k coefficient[k] * component[k, t, y] + residual`. Missing readings are filled by iterating
between the low-rank fit and the gaps (expectation-maximisation for principal components; Roweis 1998; Tipping & Bishop 1999).
A single time and few observables need no components: each observable is then its own coefficient.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from world_model.terms.errors import ResultsError

EXPLAINED = 0.995  # share of the variance that the kept components explain
MOST_COMPONENTS = 8
_SWEEPS = 60


@dataclass(frozen=True)
class Basis:
    """Attributes:
    mean: `t x y`.
    components: `k x t x y`, scaled so that each coefficient has unit sd over the training data.
    residual_sd: `t x y`, what the components leave: noise and truncation.
    scale: `y`, sd of each observable over the training data.
    identity: True where every coefficient is one observable at one time.
    """

    mean: Tensor
    components: Tensor
    residual_sd: Tensor
    scale: Tensor
    identity: bool

    @property
    def size(self) -> int:
        """`k`."""
        return int(self.components.shape[0])

    def decode(self, coefficients: Tensor) -> Tensor:
        """`… x k` → `… x t x y`."""
        return self.mean + torch.einsum("...k,kty->...ty", coefficients, self.components)

    def decode_variance(self, variances: Tensor) -> Tensor:
        """Variance of the decoded values for independent coefficients: `… x k` → `… x t x y`."""
        return torch.einsum("...k,kty->...ty", variances, self.components.square())

    def encode(self, values: Tensor) -> Tensor:
        """The coefficients of trajectories: `n x t x y` → `n x k`, nan where a row says nothing of a coefficient.

        Gaps are allowed: coefficients are the posterior mean under a standard normal prior and the residual's variance.
        """
        centred = values - self.mean
        if self.identity:
            weights = self.components.flatten(1).sum(dim=1)
            return centred.flatten(1) / weights
        known = torch.isfinite(centred).flatten(1).double()
        flat = torch.nan_to_num(centred.flatten(1))
        loadings = self.components.flatten(1)
        precision = 1.0 / self.residual_sd.flatten().square()
        gram = torch.einsum("kf,nf,lf->nkl", loadings, known * precision, loadings)
        gram = gram + torch.eye(self.size, dtype=gram.dtype)
        right = torch.einsum("kf,nf->nk", loadings, flat * known * precision)
        answer: Tensor = torch.linalg.solve(gram, right.unsqueeze(-1)).squeeze(-1)
        answer[known.sum(dim=1) == 0] = torch.nan
        return answer


def fit_basis(values: Tensor) -> Basis:
    """Fit the components to trajectories `n x t x y`, nan where there is no reading.

    Raises:
        ResultsError: an observable that was never read at some time.
    """
    n, t, y = values.shape
    known = torch.isfinite(values)
    if not known.any(dim=0).all():
        gap = torch.nonzero(~known.any(dim=0))[0].tolist()
        raise ResultsError(f"Expected at least one reading of every observable at every time, found none for time {gap[0]}, observable {gap[1]}.")
    mean = values.nanmean(dim=0)
    centred = values - mean
    scale = (centred.square().nansum(dim=(0, 1)) / known.sum(dim=(0, 1))).sqrt()
    scale = torch.where(scale > 1e-12, scale, torch.ones_like(scale))
    if t == 1:
        components = torch.diag(scale).reshape(y, 1, y)
        return Basis(mean=mean, components=components, residual_sd=torch.zeros(t, y, dtype=values.dtype), scale=scale, identity=True)
    flat, gaps = (centred / scale).flatten(1), ~known.flatten(1)
    filled = torch.nan_to_num(flat)
    rank = max(1, min(n - 1, t * y, MOST_COMPONENTS))
    for _ in range(_SWEEPS if gaps.any() else 1):
        left, strength, right = torch.linalg.svd(filled, full_matrices=False)
        low_rank = (left[:, :rank] * strength[:rank]) @ right[:rank]
        change = (low_rank - filled)[gaps].abs().max() if gaps.any() else torch.tensor(0.0)
        filled = torch.where(gaps, low_rank, filled)
        if change < 1e-6:
            break
    left, strength, right = torch.linalg.svd(filled, full_matrices=False)
    share = strength.square().cumsum(0) / strength.square().sum().clamp_min(1e-300)
    k = max(1, min(rank, int((share < EXPLAINED).sum()) + 1))
    spread = strength[:k] / max(n, 1) ** 0.5  # sd of each score
    loadings = right[:k] * spread.clamp_min(1e-9).unsqueeze(-1)
    left_over = torch.where(gaps, torch.nan, flat - (left[:, :k] * strength[:k]) @ right[:k])
    # each row spends k of its readings on its own coefficients
    freedom = (1.0 - k / max(t * y, k + 1)) * max(1.0 - 1.0 / n, 0.5)
    residual = (left_over.square().nanmean(dim=0) / freedom).sqrt().clamp_min(1e-3)
    return Basis(
        mean=mean,
        components=loadings.reshape(k, t, y) * scale,
        residual_sd=residual.reshape(t, y) * scale,
        scale=scale,
        identity=False,
    )
