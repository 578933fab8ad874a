"""Which values a round could share: levels of a category, steps of a number, rows of a table."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from world_model.encoding import Encoder, unit_values

from ..pool import Pool
from .rule import SharedColumns, Value, key_of

MOST_OPTIONS = 64  # values that are compared
EVENLY = 17  # of a continuous factor


def options(pool: Pool, entry: SharedColumns, *, encoder: Encoder, seed: int) -> list[Value]:
    """Values that the pool has, or that its points could be moved to; those of controls first.

    Many are thinned out evenly over the pool. Of a continuous factor these are steps, which `refined` makes finer.
    """
    given = [value for value, _ in entry.standing]
    if pool.rows is not None or pool.exhaustive:
        there = _distinct(pool, entry) if len(pool) else []
        return _thinned(given, there, seed=seed)
    levels = [_levels(encoder, dim) for dim in entry.dims]
    grid = torch.cartesian_prod(*levels).reshape(-1, len(levels))
    return _thinned(given, [tuple(row) for row in grid.tolist()], seed=seed)


def refined(value: Value, entry: SharedColumns, *, encoder: Encoder, step: float) -> list[Value]:
    """Values near one, a step up and down in each continuous factor."""
    found: list[Value] = []
    for i, dim in enumerate(entry.dims):
        if encoder.space.factors[dim].kind != "continuous":
            continue
        for way in (-1.0, -0.5, 0.5, 1.0):
            moved = list(value)
            moved[i] = round(min(max(value[i] + way * step, 0.0), 1.0), 9)
            found.append(tuple(moved))
    return list(dict.fromkeys(found))


def _distinct(pool: Pool, entry: SharedColumns) -> list[Value]:
    unique = torch.unique(pool.design[:, list(entry.dims)], dim=0)
    return list({key_of(value): value for value in map(tuple, unique.tolist())}.values())


def _levels(encoder: Encoder, dim: int) -> Tensor:
    factor = encoder.space.factors[dim]
    if dim in encoder.categorical_dims:
        return torch.arange(len(factor.levels), dtype=torch.double)  # type: ignore[union-attr]
    places = unit_values(factor)
    return torch.linspace(0, 1, EVENLY, dtype=torch.double) if places is None else torch.tensor(places, dtype=torch.double)


def _thinned(given: Sequence[Value], there: Sequence[Value], *, seed: int) -> list[Value]:
    had = {key_of(value) for value in given}
    rest = [value for value in there if key_of(value) not in had]
    if len(rest) > MOST_OPTIONS:
        picked = torch.randperm(len(rest), generator=torch.Generator().manual_seed(seed))[:MOST_OPTIONS].sort().values
        rest = [rest[i] for i in picked.tolist()]
    return [*given, *rest]
