"""Space-filling choices: the start, and the part of a batch that explores where predictions made beforehand failed."""

from __future__ import annotations

import torch
from torch import Tensor

from world_model.encoding import Encoder
from world_model.terms.factors import Categorical

from .pool import Pool

MOST_COMPARED = 20_000


def fill(pool: Pool, n: int, *, encoder: Encoder, known: Tensor, seed: int) -> list[int]:
    """Positions in the pool of `n` points far from each other and from what is known (greedy maximin).

    Each factor counts the same, however many features it has. Without anything known the first point is drawn.

    Args:
        known: `m x d`, designs that are measured or pending.

    Source: farthest-point design, Kennard & Stone (1969).
    """
    generator = torch.Generator().manual_seed(seed)
    considered = torch.arange(len(pool))
    if len(pool) > MOST_COMPARED:
        considered = torch.randperm(len(pool), generator=generator)[:MOST_COMPARED]
    points = _weighted(encoder, pool.design[considered])
    nearest = torch.full((len(points),), torch.inf, dtype=torch.double)
    chosen: list[int] = []
    for point in _weighted(encoder, known):
        nearest = torch.minimum(nearest, (points - point).square().sum(dim=1))
    while len(chosen) < min(n, len(points)):
        if torch.isinf(nearest).all():
            position = int(torch.randint(len(points), (1,), generator=generator))
        else:
            position = int(nearest.argmax())
        chosen.append(int(considered[position]))
        nearest = torch.minimum(nearest, (points - points[position]).square().sum(dim=1))
        nearest[position] = -1.0
    return chosen


def _weighted(encoder: Encoder, design: Tensor) -> Tensor:
    """`n x u` features scaled so that two points that differ as much as a factor allows are 1 apart in it."""
    weights: list[float] = []
    for factor, table in zip(encoder.space.factors, encoder.tables, strict=True):
        if table is None:
            weights.append(1.0)
        elif isinstance(factor, Categorical) and factor.descriptors is None:
            # two levels differ in two of the one-hot columns, however many there are
            weights += [0.5**0.5] * table.shape[1]
        else:
            weights += [table.shape[1] ** -0.5] * table.shape[1]
    weights += [0.0] * len(encoder.derived)  # what follows from factors is no distance of its own
    return encoder.features(design) * torch.tensor(weights, dtype=torch.double)
