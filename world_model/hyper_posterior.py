"""The posterior of the wide family's hyper-parameters, sampled: with few rows one best fit is an accident of those rows.

All in the logarithm of the hyper-parameters, where the priors are normal: log length scales, log signal, log noise, and the log
of the plates' extra variance where there are plates. All coefficients and all chains are computed as one batch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from linear_operator.utils.cholesky import psd_safe_cholesky
from torch import Tensor

from .additive_kernel import matern
from .encoding import Encoder
from .kernels import NOISE, SIGNAL, breadth_of
from .plate_kernel import PRIOR as PLATE_PRIOR

_CLIMB_STEPS, _CLIMB_RATE = 100, 0.15
_ROUNDS = 15
_WIDER = 1.2  # the base of the ellipses is this much wider than the curvature at the peak says: tails must be reached
_UNKNOWN = 1e6  # noise variance of a row that says nothing of a coefficient
_MOST_SHRINKS = 40


@dataclass(frozen=True)
class HyperParameters:
    """Of one coefficient's GP: `scales` `u`, then variances of the signal, of the noise and, relative, of plates; and the mean."""

    scales: Tensor
    signal: float
    noise: float
    plate: float | None
    mean: float


@dataclass(frozen=True)
class _Density:
    """Log posterior density of log hyper-parameters.

    Attributes:
        squares: `u x n²`, squared differences of features.
        targets: `k x n`, 0 where unknown.
        unknown: `k x n`, extra noise variance.
        same: `n x n`, 1 where two rows share a plate; None without plates.
        centre, sd: `p`, the normal prior.
    """

    squares: Tensor
    targets: Tensor
    unknown: Tensor
    same: Tensor | None
    centre: Tensor
    sd: Tensor

    def factor(self, theta: Tensor) -> Tensor:
        """`k x c x n x n` Cholesky factors of the readings' covariance, the mean integrated out, at `k x c x p`."""
        u, n = self.squares.shape[0], self.targets.shape[1]
        squared = (torch.exp(-2 * theta[..., :u]) @ self.squares).unflatten(-1, (n, n))
        covariance = theta[..., u, None, None].exp() * matern(squared)
        if self.same is not None:
            covariance = covariance * (1 + theta[..., u + 2, None, None].exp() * self.same)
        diagonal = theta[..., u + 1, None].exp() + self.unknown.unsqueeze(1) + 1e-8
        # targets are standardised: their mean is about zero, give or take one
        return psd_safe_cholesky(covariance + torch.diag_embed(diagonal) + 1.0)

    def __call__(self, theta: Tensor) -> Tensor:
        """`k x c`."""
        factor = self.factor(theta)
        solved = torch.linalg.solve_triangular(factor, self.targets[:, None, :, None].expand(*theta.shape[:2], -1, 1), upper=False)
        likelihood = -0.5 * solved.square().sum((-1, -2)) - factor.diagonal(dim1=-2, dim2=-1).log().sum(-1)
        return likelihood - 0.5 * ((theta - self.centre) / self.sd).square().sum(-1)

    def mean(self, theta: Tensor) -> Tensor:
        """`k x c`: the posterior mean of the constant that the kernel's covariance varies about."""
        solved = torch.cholesky_solve(self.targets[:, None, :, None].expand(*theta.shape[:2], -1, 1), self.factor(theta))
        known = (self.unknown == 0).to(theta.dtype)
        return (solved.squeeze(-1) * known.unsqueeze(1)).sum(-1)


def sample_hyper_parameters(
    features: Tensor, targets: Tensor, *, encoder: Encoder, plates: Tensor | None, members: int, seed: int
) -> list[list[HyperParameters]]:
    """`members` draws for each of `k` coefficients.

    Args:
        features: `n x u`, without a column of plates.
        targets: `n x k`, about zero mean and unit sd, nan where unknown.
        plates: `n` codes, or None.

    Source: generalised elliptical slice sampling (Nishihara, Murray & Adams 2014, J. Mach. Learn. Res. 15:2087), its ellipses by
        Laplace's approximation at the peak.
    """
    density = _density(features, targets, encoder=encoder, plates=plates)
    generator = torch.Generator().manual_seed(seed)
    peak = _climb(density)
    base = _laplace(density, peak)
    theta = _slices(density, peak, base, chains=members, generator=generator)
    u = features.shape[1]
    with torch.no_grad():
        mean = density.mean(theta)
    return [
        [
            HyperParameters(
                scales=one[:u].exp(), signal=math.exp(one[u]), noise=math.exp(one[u + 1]), mean=float(level),
                plate=None if plates is None else math.exp(one[u + 2]),
            )
            for one, level in zip(chains, levels, strict=True)
        ]
        for chains, levels in zip(theta, mean, strict=True)
    ]  # fmt: skip


def _density(features: Tensor, targets: Tensor, *, encoder: Encoder, plates: Tensor | None) -> _Density:
    u, breadth = features.shape[1], breadth_of(encoder)
    known = torch.isfinite(targets).T
    further = [] if plates is None else [(PLATE_PRIOR.loc, PLATE_PRIOR.scale)]
    normal = [(math.log(breadth.centre * u**0.5), breadth.spread)] * u
    normal += [(math.log(SIGNAL), breadth.signal_spread), (NOISE.loc, NOISE.scale), *further]
    return _Density(
        squares=(features.unsqueeze(1) - features.unsqueeze(0)).square().permute(2, 0, 1).flatten(1),
        targets=torch.nan_to_num(targets.T), unknown=torch.where(known, 0.0, _UNKNOWN).to(targets.dtype),
        same=None if plates is None else (plates.unsqueeze(1) == plates.unsqueeze(0)).to(targets.dtype),
        centre=torch.tensor([float(a) for a, _ in normal], dtype=targets.dtype), sd=torch.tensor([float(b) for _, b in normal], dtype=targets.dtype),
    )  # fmt: skip


def _climb(density: _Density) -> Tensor:
    """`k x p`: near the peak of each coefficient's density."""
    theta = density.centre.repeat(len(density.targets), 1, 1).requires_grad_(True)
    climber = torch.optim.Adam([theta], lr=_CLIMB_RATE)
    decay = torch.optim.lr_scheduler.CosineAnnealingLR(climber, _CLIMB_STEPS, eta_min=0.01)
    for _ in range(_CLIMB_STEPS):
        climber.zero_grad()
        (-density(theta).sum()).backward()
        climber.step()
        decay.step()
    return theta.detach().squeeze(1)


def _laplace(density: _Density, peak: Tensor) -> Tensor:
    """`k x p x p`: a square root of the covariance that the curvature at the peak says, at most the prior's."""
    theta = peak.unsqueeze(1).requires_grad_(True)
    (slope,) = torch.autograd.grad(density(theta).sum(), theta, create_graph=True)
    rows = [torch.autograd.grad(slope[..., i].sum(), theta, retain_graph=True)[0].squeeze(1) for i in range(theta.shape[-1])]
    curvature = -torch.stack(rows, dim=-2)
    value, vector = torch.linalg.eigh((curvature + curvature.transpose(-1, -2)) / 2 * density.sd.unsqueeze(-1) * density.sd)
    # in units of the prior's sd: nowhere wider than the prior, for data don't make us less certain than we were
    return density.sd.unsqueeze(-1) * vector * value.clamp_min(1.0).rsqrt().unsqueeze(-2) * _WIDER


def _slices(density: _Density, peak: Tensor, base: Tensor, *, chains: int, generator: torch.Generator) -> Tensor:
    """`k x c x p`: where each chain stands after some rounds of elliptical slices, all chains at once."""
    k, p = peak.shape
    shape = (k, chains, p)

    def against_base(white: Tensor) -> Tensor:
        return density(peak.unsqueeze(1) + white @ base.transpose(-1, -2)) + 0.5 * white.square().sum(-1)

    white = torch.randn(shape, generator=generator, dtype=peak.dtype)
    with torch.no_grad():
        level = against_base(white)
        for _ in range(_ROUNDS):
            other = torch.randn(shape, generator=generator, dtype=peak.dtype)
            height = level + torch.rand(shape[:2], generator=generator, dtype=peak.dtype).log()
            angle = 2 * math.pi * torch.rand(shape[:2], generator=generator, dtype=peak.dtype)
            low, high = angle - 2 * math.pi, angle.clone()
            waiting = torch.ones(shape[:2], dtype=torch.bool)
            start = white
            for _ in range(_MOST_SHRINKS):
                tried = start * angle.cos().unsqueeze(-1) + other * angle.sin().unsqueeze(-1)
                reached = against_base(tried)
                taken = waiting & (reached > height)
                white = torch.where(taken.unsqueeze(-1), tried, white)
                level = torch.where(taken, reached, level)
                waiting = waiting & ~taken
                if not waiting.any():
                    break
                low, high = torch.where(angle < 0, angle, low), torch.where(angle >= 0, angle, high)
                angle = low + (high - low) * torch.rand(shape[:2], generator=generator, dtype=peak.dtype)
    return peak.unsqueeze(1) + white @ base.transpose(-1, -2)
