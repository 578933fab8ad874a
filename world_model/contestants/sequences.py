"""Readings as sequences of states: gaps filled and noise taken out with the help of the other runs; folds of whole interventions."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from ..basis import fit_basis

FOLDS = 5
_FEWEST_ROWS = 4  # below this other runs say nothing of a run's noise
_QUANTILE = 0.1  # of the singular values, for the noise: the median is signal where runs move in many ways


def folds(groups: Tensor, *, seed: int, n: int = FOLDS) -> Tensor:
    """`n` fold numbers, 0 to `n - 1`: whole interventions, dealt out at random."""
    unique, member = torch.unique(groups, return_inverse=True)
    dealt = torch.randperm(len(unique), generator=torch.Generator().manual_seed(seed)) % min(n, len(unique))
    return dealt[member]


@dataclass(frozen=True)
class Denoised:
    """Attributes:
    values: `n x t x y`, without gaps, noise shrunk.
    noise: `y`, the variance of one reading about them.
    """

    values: Tensor
    noise: Tensor


def denoised(values: Tensor, *, times_h: Tensor) -> Denoised:
    """Readings `n x t x y` with gaps filled and noise shrunk, from these rows alone.

    Runs under different interventions move in few ways: the matrix of runs by readings has few singular values above the noise. Each
    is shrunk by what noise of the size of the others adds to it.

    Source: Gavish & Donoho (2017), IEEE Trans. Inf. Theory 63:2137, optimal shrinkage for the Frobenius loss; the noise from a
        quantile of the singular values as they take it from the median.
    """
    n, t, y = values.shape
    basis = fit_basis(values, times_h=times_h)
    # an observable that is not read at some time lies where the basis says, in line with the readings about it
    known = torch.isfinite(values)
    filled = torch.where(known, values, basis.decode(torch.nan_to_num(basis.encode(values))))
    if n < _FEWEST_ROWS:
        return Denoised(values=filled, noise=basis.residual_sd.square().mean(dim=0))
    middle = filled.mean(dim=0)
    left, strength, right = torch.linalg.svd(((filled - middle) / basis.scale).flatten(1), full_matrices=False)
    narrow, wide = sorted((n - 1, t * y))
    beta = narrow / wide
    low = float(strength[:narrow].quantile(_QUANTILE)) / math.sqrt(_marchenko_pastur_quantile(beta, _QUANTILE))
    scaled = strength / max(low, 1e-12)  # in units of noise times the root of the wider side
    inner = ((scaled.square() - beta - 1).square() - 4 * beta).clamp_min(0).sqrt()
    kept = torch.where(scaled > 1 + math.sqrt(beta), inner / scaled.square().clamp_min(1e-12), torch.zeros_like(scaled))
    smooth = middle + ((left * kept * strength) @ right).reshape(n, t, y) * basis.scale
    # what the kept components spent of the readings is missing in what they leave
    spent = float(kept.sum()) * (n + t * y) / (n * t * y)
    left_over = torch.where(known, values - smooth, torch.nan).square().flatten(0, 1).nanmean(dim=0) / max(1 - spent, 0.2)
    return Denoised(values=smooth, noise=torch.nan_to_num(left_over))


def _marchenko_pastur_quantile(beta: float, level: float) -> float:
    """The quantile of the eigenvalues of noise of unit variance, `beta` the ratio of the narrow side to the wide one.

    Source: density sqrt((b - x)(x - a)) / (2 pi beta x) between a, b = (1 ∓ sqrt(beta))²; Marchenko & Pastur (1967).
    """
    a, b = (1 - math.sqrt(beta)) ** 2, (1 + math.sqrt(beta)) ** 2
    angle = torch.linspace(0, math.pi, 2001, dtype=torch.double)
    x = (a + b) / 2 - (b - a) / 2 * torch.cos(angle)
    density = torch.sin(angle).square() / x.clamp_min(1e-9)  # the root and dx each give a sine
    cumulative = density.cumsum(0) / density.sum()
    return float(x[int(torch.searchsorted(cumulative, torch.tensor(level, dtype=torch.double)))])
