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

EXPLAINED = 0.999  # share of the variance beyond which a component is not worth its fit
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

    def encode_variance(self, variances: Tensor, values: Tensor) -> Tensor:
        """The noise variance of the coefficients of trajectories `values` `n x t x y` whose readings have independent `variances`.

        Returns:
            `n x k`; nan where no reading behind a coefficient has a variance. Readings without one beside others that have count as exact.
        """
        if self.identity:
            return variances.flatten(1) / self.components.flatten(1).sum(dim=1).square()
        known = torch.isfinite(values).flatten(1)
        loadings = self.components.flatten(1)
        precision = 1.0 / self.residual_sd.flatten().square()
        weights = known.double() * precision
        gram = torch.einsum("kf,nf,lf->nkl", loadings, weights, loadings) + torch.eye(self.size, dtype=loadings.dtype)
        # encode is linear in the readings: each coefficient is the sum of these shares of theirs
        shares = torch.linalg.solve(gram, loadings.unsqueeze(0) * weights.unsqueeze(1))
        told = torch.isfinite(variances).flatten(1) & known
        answer = torch.einsum("nkf,nf->nk", shares.square(), torch.where(told, torch.nan_to_num(variances.flatten(1)), 0.0))
        answer[~told.any(dim=1)] = torch.nan
        return answer


def fit_basis(values: Tensor, *, times_h: Tensor, functionals: Tensor | None = None) -> Basis:
    """Fit the components to trajectories `n x t x y`, nan where there is no reading.

    Observables may be read at times of their own: what is never read is filled linearly from the neighbouring times.

    Args:
        times_h: `t`, hours.
        functionals: `g x t x y`, weights of linear readouts that matter. Each gets a component of its own: the regression of
            the curves on that readout. The other components are principal components of what is left, to which these
            readouts are blind, so that a readout is learned as one coefficient and not as a sum of many.

    Raises:
        ResultsError: an observable that was never read.

    Source: supervised principal components with the response itself as first score; Bair et al. (2006) for the idea.
    """
    n, t, y = values.shape
    known = torch.isfinite(values)
    read = known.any(dim=0)
    if not read.any(dim=0).all():
        gap = int(torch.nonzero(~read.any(dim=0))[0])
        raise ResultsError(f"Expected at least one reading of every observable, found none of observable {gap + 1} of {y}.")
    mean = torch.nan_to_num(values.nanmean(dim=0))
    centred = values - mean
    scale = (centred.square().nansum(dim=(0, 1)) / known.sum(dim=(0, 1))).sqrt()
    scale = torch.where(scale > 1e-12, scale, torch.ones_like(scale))
    if t == 1:
        components = torch.diag(scale).reshape(y, 1, y)
        return Basis(mean=mean, components=components, residual_sd=torch.zeros(t, y, dtype=values.dtype), scale=scale, identity=True)
    # what is never read carries no weight here, and lies between its neighbours in time afterwards
    flat, gaps = (centred / scale).flatten(1), ~known.flatten(1) & read.flatten()
    flat = torch.where(read.flatten(), flat, 0.0)
    n_read = int(read.sum())
    rank = max(1, min(n - 1, n_read, MOST_COMPONENTS))
    filled = _filled(torch.nan_to_num(flat), gaps, rank)
    drift = filled.mean(dim=0)
    mean, flat, filled = mean + drift.reshape(t, y) * scale, flat - drift, filled - drift
    led = _led_components(filled, functionals, scale=scale, read=read)
    rest = filled - led.scores @ led.components
    left, strength, right = torch.linalg.svd(rest, full_matrices=False)
    total = filled.square().sum().clamp_min(1e-300)
    left_share = 1.0 - (strength.square().cumsum(0) + (filled - rest).square().sum()) / total
    floor = _noise_floor(torch.linalg.svdvals(filled), n, n_read)
    k = min(rank, int((left_share > 1 - EXPLAINED).sum()) + 1, int((strength > floor).sum()))
    k = max(k, 0 if len(led.components) else 1)
    scores = torch.cat([led.scores, left[:, :k] * strength[:k]], dim=1)
    directions = torch.cat([led.components, right[:k]])
    spread = (scores.square().mean(dim=0)).sqrt().clamp_min(1e-9)
    loadings = directions * spread.unsqueeze(-1)
    left_over = torch.where(gaps, torch.nan, flat - scores @ directions)
    # each row spends one reading on each of its coefficients
    k = len(directions)
    freedom = (1.0 - k / max(n_read, k + 1)) * max(1.0 - 1.0 / n, 0.5)
    residual = (left_over.square().nanmean(dim=0) / freedom).sqrt().clamp_min(1e-3)
    return Basis(
        mean=_bridged(mean, read, times_h),
        components=_bridged(loadings.reshape(k, t, y), read, times_h) * scale,
        residual_sd=_bridged(residual.reshape(t, y), read, times_h) * scale,
        scale=scale,
        identity=False,
    )


def _filled(flat: Tensor, gaps: Tensor, most: int) -> Tensor:
    """`n x f` with its gaps filled from components, one more at a time until what is left is noise.

    Many components at once would fit the first guess of the gaps as well as the readings.
    """
    filled = flat
    for rank in range(1, most + 1 if gaps.any() else 1):
        for _ in range(_SWEEPS):
            middle = filled.mean(dim=0)  # over all rows: the mean of a time's own readings leans to the rows that have one
            left, strength, right = torch.linalg.svd(filled - middle, full_matrices=False)
            low_rank = middle + (left[:, :rank] * strength[:rank]) @ right[:rank]
            change = (low_rank - filled)[gaps].abs().max()
            filled = torch.where(gaps, low_rank, flat)
            if change < 1e-5:
                break
        missed = (flat - low_rank)[~gaps].square().sum() / flat[~gaps].square().sum().clamp_min(1e-300)
        if missed < 1e-6 or strength[rank : rank + 1].sum() <= _noise_floor(strength, *flat.shape):
            break
    return filled


@dataclass(frozen=True)
class _Led:
    """`scores` `n x g` and `components` `g x f`, in scaled units."""

    scores: Tensor
    components: Tensor


def _led_components(filled: Tensor, functionals: Tensor | None, *, scale: Tensor, read: Tensor) -> _Led:
    """The readouts that matter as scores, and the regression of the curves on them as components.

    Component i has readout 1 for itself and 0 for the others, so that what is left of the curves has none of them at all.
    """
    n, f = filled.shape
    nothing = _Led(scores=filled.new_zeros(n, 0), components=filled.new_zeros(0, f))
    if functionals is None or not len(functionals) or n <= len(functionals) + 1:
        return nothing
    scores = filled @ (functionals * scale * read).flatten(1).T
    if float(scores.square().mean(dim=0).min()) < 1e-18 or int(torch.linalg.matrix_rank(scores)) < len(functionals):
        return nothing
    return _Led(scores=scores, components=torch.linalg.lstsq(scores, filled).solution)


def _noise_floor(strength: Tensor, n: int, n_read: int) -> float:
    """The singular value below which a component of a noisy `n x n_read` matrix is not worth keeping, the noise being unknown.

    Source: Gavish & Donoho (2014), IEEE Trans. Inf. Theory 60:5040, optimal hard threshold and their cubic fit to omega.
    """
    narrow, wide = sorted((max(n - 1, 1), n_read))
    beta = narrow / wide
    omega = 0.56 * beta**3 - 0.95 * beta**2 + 1.82 * beta + 1.43
    # the smallest singular values beyond the matrix's rank are zeros of centring, not noise
    return float(omega * strength[:narrow].median())


def _bridged(curves: Tensor, read: Tensor, times_h: Tensor) -> Tensor:
    """Curves `… x t x y` with the times at which an observable is never read filled linearly from its own times."""
    filled = curves.clone()
    for y in range(read.shape[1]):
        own = torch.nonzero(read[:, y]).flatten()
        for t in torch.nonzero(~read[:, y]).flatten().tolist():
            right = int(torch.searchsorted(own, torch.tensor(t)))
            if right == 0 or right == len(own):
                filled[..., t, y] = curves[..., own[min(right, len(own) - 1)], y]
            else:
                before, after = int(own[right - 1]), int(own[right])
                share = (times_h[t] - times_h[before]) / (times_h[after] - times_h[before])
                filled[..., t, y] = (1 - share) * curves[..., before, y] + share * curves[..., after, y]
    return filled
