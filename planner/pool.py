"""Feasible candidates to choose among: rows of a table, or points drawn from a product space that meet its constraints."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from botorch.utils.sampling import get_polytope_samples
from torch import Tensor

from world_model.encoding import Encoder, unit_values
from world_model.terms.errors import DesignError
from world_model.terms.factors import NUMERIC_KINDS
from world_model.terms.space import Settings

from .linear import UnitConstraints, unit_constraints

POOL_SIZE = 3072
ENUMERATED_UP_TO = 4096
_REJECTION_ROUNDS = 40


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
        for constraint in space.constraints:
            free &= torch.as_tensor(constraint.violation(space.candidates.columns) == 0)
        rows = torch.nonzero(free).flatten()
        if not len(rows):
            raise DesignError(f"Expected candidates that are not yet measured or pending, found none of {len(design)}. The table is exhausted.")
        return Pool(design=design[rows], rows=rows.numpy(), exhaustive=True)
    levels = _grid_levels(encoder)
    if levels is not None and math.prod(len(level) for level in levels) <= ENUMERATED_UP_TO:
        drawn, exhaustive = torch.cartesian_prod(*levels).reshape(-1, len(levels)), True
        drawn = drawn[_feasible(encoder, drawn)]
    else:
        drawn, exhaustive = draw_feasible(encoder, size, seed=seed, uniform=uniform), False
    if snap is not None:
        moved = [reached for settings in encoder.settings(drawn) if (reached := snap(settings)) is not None]
        if not moved:
            raise DesignError("Expected points of the space that the bench can make, found none. Give stronger or weaker stocks, or larger wells.")
        drawn = encoder.design_of(moved)
        drawn = drawn[_feasible(encoder, drawn)]
    drawn = _distinct(drawn)
    drawn = drawn[~_is_among(drawn, taken)]
    if not len(drawn):
        raise DesignError("Expected points of the space that are feasible and not yet measured or pending, found none. Widen a factor or end the campaign.")
    return Pool(design=drawn, rows=None, exhaustive=exhaustive)


def draw_feasible(encoder: Encoder, n: int, *, seed: int, uniform: bool = False) -> Tensor:
    """`n x d` points of a product space that meet its constraints: scrambled Sobol, or uniform random.

    Linear constraints that few Sobol points meet are sampled by BoTorch's polytope sampler, then rounded to the levels.

    Raises:
        DesignError: no feasible point was found.
    """
    d = len(encoder.space.factors)
    engine = torch.quasirandom.SobolEngine(d, scramble=True, seed=seed)
    generator = torch.Generator().manual_seed(seed)
    kept: list[Tensor] = []
    found = drawn = 0
    for _ in range(_REJECTION_ROUNDS):
        unit = torch.rand(n, d, generator=generator, dtype=torch.double) if uniform else engine.draw(n, dtype=torch.double)
        points = to_levels(encoder, unit)
        points = points[_feasible(encoder, points)]
        kept.append(points)
        found, drawn = found + len(points), drawn + n
        if found >= n or (drawn >= 4 * n and found < 0.02 * drawn):
            break
    points = torch.cat(kept)[:n]
    if len(points) < n and encoder.space.constraints:
        points = torch.cat([points, _polytope_points(encoder, n, seed=seed)])[:n]
    if not len(points):
        raise DesignError(
            f"Expected points that meet {'; '.join(map(str, encoder.space.constraints))}, found none among {drawn} tries. "
            "Loosen a constraint, or give the feasible points as a table of candidates."
        )
    return points


def to_levels(encoder: Encoder, unit: Tensor) -> Tensor:
    """Points of the unit cube `n x d` to designs: categories by equal shares, discrete factors to their nearest value."""
    design = unit.clone()
    for i, factor in enumerate(encoder.space.factors):
        if i in encoder.categorical_dims:
            n_levels = len(factor.levels)  # type: ignore[union-attr]
            design[:, i] = (unit[:, i] * n_levels).floor().clamp(0, n_levels - 1)
        elif (values := unit_values(factor)) is not None:
            places = torch.tensor(values, dtype=torch.double)
            # by equal shares, so that the end values are drawn as often as the others
            design[:, i] = places[(unit[:, i] * len(places)).floor().long().clamp(0, len(places) - 1)]
    return design


def _feasible(encoder: Encoder, design: Tensor) -> Tensor:
    if not encoder.space.constraints or not len(design):
        return torch.ones(len(design), dtype=torch.bool)
    rows = encoder.settings(design)
    columns = {f.name: np.array([row[f.name] for row in rows]) for f in encoder.space.factors if isinstance(f, NUMERIC_KINDS)}
    beyond = np.sum([constraint.violation(columns) for constraint in encoder.space.constraints], axis=0)
    return torch.as_tensor(beyond == 0)


def _polytope_points(encoder: Encoder, n: int, *, seed: int) -> Tensor:
    limits: UnitConstraints | None = unit_constraints(encoder)
    if limits is None:
        return torch.empty(0, len(encoder.space.factors), dtype=torch.double)
    d = len(encoder.space.factors)
    bounds = torch.stack([torch.zeros(d), torch.ones(d)]).double()
    unit = get_polytope_samples(
        n=n, bounds=bounds, inequality_constraints=list(limits.inequalities) or None, equality_constraints=list(limits.equalities) or None,
        seed=seed, n_burnin=1000, n_thinning=8,
    )  # fmt: skip
    points = to_levels(encoder, unit.clamp(0, 1))
    return points[_feasible(encoder, points)]


def _grid_levels(encoder: Encoder) -> list[Tensor] | None:
    levels: list[Tensor] = []
    for i, factor in enumerate(encoder.space.factors):
        if i in encoder.categorical_dims:
            levels.append(torch.arange(len(factor.levels), dtype=torch.double))  # type: ignore[union-attr]
        elif factor.kind == "integer" and factor.high - factor.low > ENUMERATED_UP_TO:
            return None
        elif (values := unit_values(factor)) is not None:
            levels.append(torch.tensor(values, dtype=torch.double))
        else:
            return None
    return levels


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
