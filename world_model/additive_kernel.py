"""A sum of one-factor effects as a kernel: each factor bends as it likes, and no two factors interact."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from gpytorch.kernels import Kernel
from torch import Tensor

from .positive_parameter import add_positive, log_normal, positive

_ROOT5 = math.sqrt(5.0)


class AdditiveKernel(Kernel):
    """`sum over groups of weight · Matérn 5/2(distance within the group's columns / scale)`.

    Args:
        groups: the columns of each group, which share a weight and a length scale. One group is a factor: a number is one
            column, a category as many as it has features.
        signal: variance expected of the sum before there is evidence; the groups share it alike.

    Source: additive Gaussian processes of first order; Duvenaud, Nickisch & Rasmussen (2011), NeurIPS 24.
    """

    has_lengthscale = False

    def __init__(self, groups: Sequence[Sequence[int]], *, signal: float) -> None:
        super().__init__()
        self.groups = tuple(tuple(group) for group in groups)
        # a number in the unit cube turns within its range or hardly at all; levels lie about the root of two apart
        centre = torch.tensor([0.7 if len(group) == 1 else 1.5 for group in self.groups])
        add_positive(self, "scale", start=centre, prior=log_normal(centre.double().log(), 1.0))
        share = signal / len(self.groups)
        add_positive(self, "weight", start=torch.full((len(self.groups),), share), prior=log_normal(torch.tensor(math.log(share)), 1.5))

    def forward(self, x1: Tensor, x2: Tensor, diag: bool = False, **_: object) -> Tensor:
        """`… x n x m`, or the diagonal `… x n`."""
        weights, scales = positive(self, "weight"), positive(self, "scale")
        if diag:
            return weights.sum().expand(x1.shape[:-1])
        total = x1.new_zeros(())
        for columns, weight, scale in zip(self.groups, weights, scales, strict=True):
            total = total + weight * matern(squared_distances(x1[..., columns], x2[..., columns]) / scale.square())
        return total


def squared_distances(x1: Tensor, x2: Tensor) -> Tensor:
    """`… x n x m` squared Euclidean distances of `… x n x u` and `… x m x u`."""
    if x1.shape[-1] == 1:
        return (x1 - x2.transpose(-1, -2)).square()
    cross = x1 @ x2.transpose(-1, -2)
    return x1.square().sum(-1, keepdim=True) + x2.square().sum(-1, keepdim=True).transpose(-1, -2) - 2 * cross


def matern(squared: Tensor) -> Tensor:
    """Matérn 5/2 correlation of squared scaled distances. Source: Rasmussen & Williams (2006), eq. 4.17."""
    r = _ROOT5 * squared.clamp_min(1e-15).sqrt()
    return (1 + r + r.square() / 3) * torch.exp(-r)
