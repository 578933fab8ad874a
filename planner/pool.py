"""Feasible candidates to choose among: rows of a table, or points drawn from a product space that meet its constraints."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from world_model.encoding import Encoder, unit_values
from world_model.terms.errors import DesignError
from world_model.terms.space import Settings

from .draws import draw_feasible, feasible, to_levels

POOL_SIZE = 3072
ENUMERATED_UP_TO = 200_000
SNAPPED_UP_TO = 4096  # what the bench reaches is asked point by point


@dataclass(frozen=True)
class Pool:
    """Attributes:
    design: `c x d`, distinct feasible rows.
    rows: `c` positions in the candidate table, or None for a product space.
    exhaustive: True where the pool holds every point that is left.
    """

    design: Tensor
    rows: np.ndarray | None
    exhaustive: bool

    def __len__(self) -> int:
        return len(self.design)

    def take(self, where: Tensor) -> Pool:
        """A part of the pool, by position or mask."""
        picked = torch.arange(len(self))[where]
        return Pool(design=self.design[picked], rows=None if self.rows is None else self.rows[picked.numpy()], exhaustive=False)


def build_pool(
    encoder: Encoder, *, taken: Tensor, seed: int, snap: Callable[[dict[str, float | str]], Settings | None] | None = None,
    size: int = POOL_SIZE, uniform: bool = False,
) -> Pool:  # fmt: skip
    """Candidates that are feasible and not taken.

    Args:
        taken: `n x d`, what is measured or pending and must not come again.
        snap: moves settings to what the bench can reach, or says None where it reaches nothing near.
        size: points drawn from a space that is too large to list.
        uniform: draw them at random and not evenly.

    Raises:
        DesignError: nothing feasible is left.
    """
    space = encoder.space
    if space.candidates is not None:
        design = encoder.design(space.candidates.columns)
        free = ~_is_among(design, taken)
        if space.constraints:
            free &= torch.as_tensor(space.allowed(space.candidates.columns, len(design)))
        rows = torch.nonzero(free).flatten()
        if not len(rows):
            raise DesignError(f"Expected candidates that are not yet measured or pending, found none of {len(design)}. The table is exhausted.")
        return Pool(design=design[rows], rows=rows.numpy(), exhaustive=True)
    levels = _grid_levels(encoder)
    if levels is not None and math.prod(len(level) for level in levels) <= (ENUMERATED_UP_TO if snap is None else SNAPPED_UP_TO):
        drawn, exhaustive = encoder.normalised(torch.cartesian_prod(*levels).reshape(-1, len(levels))), True
        drawn = drawn[feasible(encoder, drawn)]
    else:
        drawn, exhaustive = draw_feasible(encoder, size, seed=seed, uniform=uniform), False
    if snap is not None:
        moved = [reached for settings in encoder.settings(drawn) if (reached := snap(settings)) is not None]
        if not moved:
            raise DesignError("Expected points of the space that the bench can make, found none. Give stronger or weaker stocks, or larger wells.")
        drawn = encoder.design_of(moved)
        drawn = drawn[feasible(encoder, drawn)]
    drawn = _distinct(drawn)
    drawn = drawn[~_is_among(drawn, taken)]
    if not len(drawn):
        raise DesignError("Expected points of the space that are feasible and not yet measured or pending, found none. Widen a factor or end the campaign.")
    return Pool(design=drawn, rows=None, exhaustive=exhaustive)


def _grid_levels(encoder: Encoder) -> list[Tensor] | None:
    levels: list[Tensor] = []
    for i, factor in enumerate(encoder.space.factors):
        if i in encoder.categorical_dims:
            levels.append(torch.arange(len(factor.levels), dtype=torch.double))  # type: ignore[union-attr]
        elif (values := unit_values(factor)) is not None:
            levels.append(torch.tensor(values, dtype=torch.double))
        else:
            return None
    return levels


__all__ = ["Pool", "build_pool", "draw_feasible", "to_levels"]


def _keys(design: Tensor) -> np.ndarray:
    rounded = np.ascontiguousarray(np.round(design.numpy(), 9) + 0.0)
    return rounded.view(np.dtype((np.void, rounded.dtype.itemsize * rounded.shape[1]))).ravel()


def _is_among(design: Tensor, taken: Tensor) -> Tensor:
    """`c` flags. A random projection finds the few rows that can be equal, so that a million rows are looked at once each."""
    flags = torch.zeros(len(design), dtype=torch.bool)
    if not len(taken) or not len(design):
        return flags
    axis = torch.as_tensor(np.random.default_rng(0).uniform(1.0, 2.0, design.shape[1]))
    wanted = (taken @ axis).sort().values
    shadow = design @ axis
    right = torch.searchsorted(wanted, shadow).clamp(max=len(wanted) - 1)
    near = torch.minimum((wanted[right] - shadow).abs(), (wanted[(right - 1).clamp(min=0)] - shadow).abs()) < 1e-6
    maybe = torch.nonzero(near).flatten()
    flags[maybe] = torch.as_tensor(np.isin(_keys(design[maybe]), _keys(taken)))
    return flags


def _distinct(design: Tensor) -> Tensor:
    _, first = np.unique(_keys(design), return_index=True)
    return design[torch.as_tensor(np.sort(first))]
