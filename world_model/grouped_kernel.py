"""Matérn 5/2 with one length scale a group of features, where their distances mean something as a whole."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from gpytorch.kernels import Kernel
from torch import Tensor

from .additive_kernel import matern, squared_distances
from .positive_parameter import add_positive, log_normal, positive

_SPREAD = 0.8  # sd of the log length scale
_NUMBER = 0.7  # a number is at most 1 from another, levels the root of two


class GroupedMatern(Kernel):
    """`signal · Matérn 5/2(sqrt(sum over groups of squared distance / scale²))`.

    Where a group's squared distance is 2 (1 - similarity), this is a stationary kernel in the space in which the similarity is
    the inner product, so it is positive definite whatever the levels are made of.

    Args:
        groups: the columns of each group.
        signal: variance expected before there is evidence.
    """

    has_lengthscale = False

    def __init__(self, groups: Sequence[Sequence[int]], *, signal: float) -> None:
        super().__init__()
        member = torch.empty(sum(map(len, groups)), dtype=torch.long)
        for i, group in enumerate(groups):
            member[list(group)] = i
        self.register_buffer("member", member)
        # distances grow with the root of the number of groups, as in the wide family with that of the features
        reach = (2 * len(groups)) ** 0.5
        centre = torch.tensor([(_NUMBER if len(group) == 1 else 1.0) * reach for group in groups], dtype=torch.double)
        add_positive(self, "scale", start=centre, prior=log_normal(centre.log(), _SPREAD))
        add_positive(self, "signal", start=torch.tensor(signal), prior=log_normal(torch.tensor(math.log(signal)), 0.5))

    def forward(self, x1: Tensor, x2: Tensor, diag: bool = False, **_: object) -> Tensor:
        """`… x n x m`, or the diagonal `… x n`."""
        signal = positive(self, "signal")
        if diag:
            return signal.expand(x1.shape[:-1])
        scale = positive(self, "scale")[self.member]
        return signal * matern(squared_distances(x1 / scale, x2 / scale))
