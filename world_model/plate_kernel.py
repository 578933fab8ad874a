"""The plate as a random effect: what a day does to a whole plate is not what the factors do.

Rows of one plate share a deviation that is itself a function of the factors (a warm day speeds up every well, fast ones more).
As covariance: `k(x, x') · (1 + extra · [same plate])`. A query on no plate in particular (code -1) asks for the typical day.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import torch
from gpytorch.constraints import Positive
from gpytorch.kernels import Kernel
from gpytorch.priors import LogNormalPrior
from torch import Tensor

TYPICAL = -1.0  # the code of no plate in particular
FEWEST_ROWS = 8  # a plate that tells its own effect from noise holds at least so many rows
PRIOR = LogNormalPrior(-4.0, 1.0)  # extra: median 0.018, a plate's deviation of 13 % of the signal's sd


class PlateKernel(Kernel):
    """`1 + extra · [same plate, and a real one]` on a column of plate codes."""

    has_lengthscale = False

    def __init__(self, *, column: int) -> None:
        super().__init__(active_dims=torch.tensor([column]))
        self.register_parameter("raw_extra", torch.nn.Parameter(torch.zeros(1, dtype=torch.double)))
        self.register_constraint("raw_extra", Positive())
        self.register_prior("extra_prior", PRIOR, lambda module: module.extra, lambda module, value: module.set_extra(value))
        self.set_extra(0.02)

    @property
    def extra(self) -> Tensor:
        """Variance of a plate's own deviation, relative to the signal's."""
        value: Tensor = self.raw_extra_constraint.transform(self.raw_extra)
        return value

    def set_extra(self, value: float | Tensor) -> None:
        """Set `extra`."""
        self.initialize(raw_extra=self.raw_extra_constraint.inverse_transform(torch.as_tensor(value, dtype=torch.double)))

    def forward(self, x1: Tensor, x2: Tensor, diag: bool = False, **_: object) -> Tensor:
        """`… x n x m`, or the diagonal `… x n`."""
        if diag:
            same = (x1 == x2)[..., 0] & (x1[..., 0] >= 0)
        else:
            same = (x1 == x2.transpose(-1, -2)) & (x1 >= 0)
        return 1.0 + self.extra * same.to(x1.dtype)


def plate_codes(blocks: Sequence[str]) -> Tensor | None:
    """`n` codes of the plate of each row; None where fewer than two plates hold enough rows to tell an effect."""
    counted = Counter(blocks)
    if sum(count >= FEWEST_ROWS for count in counted.values()) < 2:
        return None
    code = {block: float(i) for i, block in enumerate(counted)}
    return torch.tensor([code[block] for block in blocks], dtype=torch.double)


def unseen_plate(blocks: Sequence[str]) -> float:
    """`extra` of a plate to come where everything was read on one: the prior's median. 0 where plates can be told apart, or there are none.

    A block without a name is no plate.
    """
    counted = Counter(blocks)
    if "" in counted:
        return 0.0
    return math.exp(PRIOR.loc.item()) if len(counted) == 1 and max(counted.values()) >= FEWEST_ROWS else 0.0
