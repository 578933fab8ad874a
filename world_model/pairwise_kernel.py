"""Main effects and pairs as a kernel: a polynomial of second order in what is edited."""

from __future__ import annotations

import torch
from gpytorch.kernels import Kernel
from torch import Tensor

from .merged_columns import MergedColumns
from .positive_parameter import add_positive, log_normal, positive


class MainAndPairs(Kernel):
    """`v0 + v1 · sum_f k_f + v2 · sum_{f<g} k_f k_g`: main effects, which hold the additive baseline, and interactions of two.

    `k_f` is the inner product of one unit's columns: an edited gene (its strength 0 to 1), a category (1 where the level is the
    same, 0 elsewhere) or a number.

    Args:
        merged: which columns tell of one gene, whatever factor names it, and which columns make one unit.

    Source: for the pairs, the second elementary symmetric polynomial; Duvenaud et al. (2011), NeurIPS 24, eq. 6.
    """

    has_lengthscale = False

    def __init__(self, merged: MergedColumns) -> None:
        super().__init__()
        self.register_buffer("merge", merged.matrix)
        self.single = [columns[0] for columns in merged.units if len(columns) == 1]
        self.several = [list(columns) for columns in merged.units if len(columns) > 1]
        add_positive(self, "variance", start=torch.tensor([1.0, 1.0, 0.5]), prior=log_normal(torch.tensor([0.0, 0.0, -0.7]), 1.5))

    def forward(self, x1: Tensor, x2: Tensor, diag: bool = False, **_: object) -> Tensor:
        """`… x n x m`, or the diagonal `… x n`."""
        left, right = x1 @ self.merge, x2 @ self.merge
        main = _inner(left, right, diag=diag)
        alone = _inner(left[..., self.single].square(), right[..., self.single].square(), diag=diag)
        for columns in self.several:
            alone = alone + _inner(left[..., columns], right[..., columns], diag=diag).square()
        constant, mains, pairs = positive(self, "variance")
        return constant + mains * main + pairs * (main.square() - alone) / 2


def _inner(left: Tensor, right: Tensor, *, diag: bool) -> Tensor:
    return (left * right).sum(-1) if diag else left @ right.transpose(-1, -2)
