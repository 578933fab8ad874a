"""Contexts as random effects: what a batch, a day, a donor or a cell line does is not what the factors do.

Experiments of one level share a deviation: an offset, and a function of the factors (a donor who answers more to every dose). As
covariance: `k(x, x') · (1 + sum extra_c · [same level of c]) + sum offset_c · [same level of c]`. A query at no level in particular
(code -1) asks for the typical one; a known level's code asks for what is known of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from gpytorch.constraints import Positive
from gpytorch.kernels import Kernel
from gpytorch.priors import LogNormalPrior
from torch import Tensor

from .plate_kernel import TYPICAL

EXTRA = LogNormalPrior(-3.0, 1.0)  # variance of a level's own function, relative to the signal's: median 0.05
OFFSET = LogNormalPrior(-1.0, 1.5)  # variance of a level's offset where all readings have variance 1: median 0.37, for a context is named because it matters


class SameLevel(Kernel):
    """`around + sum_c variance_c · [same level of c, and a real one]` on the columns of codes."""

    has_lengthscale = False

    def __init__(self, *, columns: Sequence[int], around: float, prior: LogNormalPrior) -> None:
        super().__init__(active_dims=torch.tensor(list(columns)))
        self.around = around
        self.register_parameter("raw_variance", torch.nn.Parameter(torch.zeros(len(columns), dtype=torch.double)))
        self.register_constraint("raw_variance", Positive())
        self.register_prior("variance_prior", prior, lambda module: module.variance, lambda module, value: module.set_variance(value))
        self.set_variance(torch.full((len(columns),), float(prior.loc.exp()), dtype=torch.double))

    @property
    def variance(self) -> Tensor:
        """`c`."""
        value: Tensor = self.raw_variance_constraint.transform(self.raw_variance)
        return value

    def set_variance(self, value: Tensor) -> None:
        """Set `variance`, `c`."""
        self.initialize(raw_variance=self.raw_variance_constraint.inverse_transform(value))

    def forward(self, x1: Tensor, x2: Tensor, diag: bool = False, **_: object) -> Tensor:
        """`… x n x m`, or the diagonal `… x n`."""
        if diag:
            same = (x1 == x2) & (x1 >= 0)
        else:
            same = (x1.unsqueeze(-2) == x2.unsqueeze(-3)) & (x1 >= 0).unsqueeze(-2)
        return self.around + (same.to(x1.dtype) * self.variance).sum(dim=-1)


def with_contexts(kernel: Kernel, *, columns: Sequence[int]) -> Kernel:
    """A kernel with the random effects of contexts, whose codes stand in `columns`."""
    return kernel * SameLevel(columns=columns, around=1.0, prior=EXTRA) + SameLevel(columns=columns, around=0.0, prior=OFFSET)


def doubt_of_levels(codes: Tensor) -> float:
    """The factor on a new level's variance: it was learned from `j` levels, so what a new one does is Student's t with `j - 1` degrees of freedom.

    Below five levels that variance is hardly known, and the factor stands at 2.

    Source: variance of Student's t; Gelman & Hill (2007), Data Analysis Using Regression, ch. 12, for few groups.
    """
    levels = max(len(torch.unique(codes[codes >= 0])), 5)
    return (levels - 1) / (levels - 3)


@dataclass(frozen=True)
class ContextCodes:
    """Contexts that can be told apart from noise, as numbers.

    Attributes:
        names: `c`.
        levels: `c` tuples; a level's code is its place there.
        codes: `n x c`, -1 where nobody said.
    """

    names: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...]
    codes: Tensor

    def take(self, rows: Tensor) -> ContextCodes:
        """Some rows; levels keep their codes."""
        return ContextCodes(names=self.names, levels=self.levels, codes=self.codes[rows])

    def at(self, told: Mapping[str, str]) -> tuple[float, ...]:
        """`c` codes of a query; a level that was never seen, or not told, is -1."""
        return tuple(
            float(levels.index(told[name])) if told.get(name) in levels else TYPICAL for name, levels in zip(self.names, self.levels, strict=True)
        )


def context_codes(contexts: Mapping[str, Sequence[str]]) -> ContextCodes | None:
    """Codes of the contexts with two levels or more of which some came more than once; None where there are none.

    Args:
        contexts: name → `n` levels, empty text where nobody said.
    """
    kept: dict[str, tuple[str, ...]] = {}
    for name, column in contexts.items():
        counted = Counter(level for level in column if level)
        if len(counted) > 1 and max(counted.values()) > 1:
            kept[name] = tuple(counted)
    if not kept:
        return None
    codes = [[float(levels.index(level)) if level else TYPICAL for level in contexts[name]] for name, levels in kept.items()]
    return ContextCodes(names=tuple(kept), levels=tuple(kept.values()), codes=torch.tensor(codes, dtype=torch.double).T.contiguous())
