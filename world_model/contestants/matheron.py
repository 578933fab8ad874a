"""Whole functions drawn from a Gaussian process: pathwise conditioning by Matheron's rule, vectorised over outputs and paths."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from linear_operator.utils.cholesky import psd_safe_cholesky
from torch import Tensor

FEATURES = 256  # random frequencies of the prior's sample
_ROWS = 1024  # evaluated at a time: what lies in the cache is quick


@dataclass(frozen=True)
class Hyperparameters:
    """Of `y` independent Gaussian processes with Matérn 5/2 kernels on `q` inputs.

    Attributes:
        lengthscale: `y x q`.
        signal: `y`, variance.
        noise: `y`, variance of one target.
    """

    lengthscale: Tensor
    signal: Tensor
    noise: Tensor


@dataclass(frozen=True)
class Conditioned:
    """`y` Gaussian processes that have seen `m` inputs: `inputs` `m x q`, `targets` `m x y`, `factor` `y x m x m`."""

    hypers: Hyperparameters
    inputs: Tensor
    targets: Tensor
    factor: Tensor

    @classmethod
    def on(cls, hypers: Hyperparameters, inputs: Tensor, targets: Tensor) -> Conditioned:
        """Factor the covariance of the targets."""
        scaled = inputs / hypers.lengthscale[:, None]
        noise = hypers.noise[:, None, None] * torch.eye(len(inputs), dtype=inputs.dtype)
        factor = psd_safe_cholesky(_matern(scaled, scaled, hypers.signal) + noise)
        return cls(hypers=hypers, inputs=inputs, targets=targets, factor=factor)

    def paths(self, n: int, *, seed: int) -> Paths:
        """`n` draws of all `y` functions.

        `f(x) + k(x, X) (K + noise)^-1 (targets - f(X) - e)`, with `f` a draw from the prior by random frequencies and `e` one of the noise.

        Source: Wilson et al. (2020), Efficiently sampling functions from Gaussian process posteriors, ICML, eq. 13; frequencies of the
            Matérn kernel are Student-t with 2 nu degrees of freedom (Rahimi & Recht 2007; Rasmussen & Williams 2006, section 4.2.1).
        """
        generator = torch.Generator().manual_seed(seed)
        y, q = self.hypers.lengthscale.shape

        def normal(*shape: int) -> Tensor:
            return torch.randn(*shape, generator=generator, dtype=torch.double)

        chi = normal(y, FEATURES, 5).square().sum(dim=-1, keepdim=True) / 5
        frequencies = normal(y, FEATURES, q) / chi.sqrt() / self.hypers.lengthscale[:, None]
        phases = 2 * math.pi * torch.rand(y, FEATURES, generator=generator, dtype=torch.double)
        weights = normal(n, y, FEATURES) * (2 * self.hypers.signal[:, None] / FEATURES).sqrt()
        unseen = torch.einsum("ymf,syf->sym", torch.cos(self.inputs @ frequencies.transpose(-1, -2) + phases[:, None]), weights)
        noise = normal(n, y, len(self.inputs)) * self.hypers.noise.sqrt()[:, None]
        left = (self.targets.T - unseen - noise).permute(1, 2, 0)
        update = torch.cholesky_solve(left, self.factor).permute(2, 0, 1)
        return Paths(self, frequencies=frequencies, phases=phases, weights=weights, update=update)


@dataclass(frozen=True)
class Paths:
    """`s` functions of `y` outputs. `weights` is `s x y x f`, `update` `s x y x m`."""

    seen: Conditioned
    frequencies: Tensor
    phases: Tensor
    weights: Tensor
    update: Tensor

    def __call__(self, inputs: Tensor) -> Tensor:
        """Each function at inputs of its own: `s x n x q` → `s x n x y`."""
        block = max(1, _ROWS // len(inputs))
        return torch.cat([self._at(part) for part in inputs.split(block, dim=1)], dim=1)

    def _at(self, inputs: Tensor) -> Tensor:
        columns = []
        s, n, q = inputs.shape
        flat = inputs.reshape(s * n, q)
        for y in range(len(self.phases)):
            length = self.seen.hypers.lengthscale[y]
            prior = torch.addmm(self.phases[y], flat, self.frequencies[y].T).cos_().reshape(s, n, -1)
            across = _matern(flat / length, self.seen.inputs / length, self.seen.hypers.signal[y]).reshape(s, n, -1)
            value = prior @ self.weights[:, y].unsqueeze(-1) + across @ self.update[:, y].unsqueeze(-1)
            columns.append(value.squeeze(-1))
        return torch.stack(columns, dim=-1)


def _matern(a: Tensor, b: Tensor, signal: Tensor) -> Tensor:
    """`… x n x m` covariances of scaled inputs; Matérn 5/2."""
    r = torch.cdist(a, b).mul_(math.sqrt(5))
    polynomial = r.square().mul_(1 / 3).add_(r).add_(1)
    return polynomial.mul_(r.neg_().exp_()).mul_(signal[..., None, None])
