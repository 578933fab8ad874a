"""Points of a product space that meet its constraints: drawn evenly or at random, however thin the feasible part is."""

from __future__ import annotations

import torch
from botorch.utils.sampling import get_polytope_samples
from torch import Tensor

from world_model.encoding import Encoder, unit_values
from world_model.terms.errors import DesignError
from world_model.terms.factors import Continuous, Integer

from .linear import UnitConstraints, unit_constraints
from .parts import with_parts
from .thin import thin_points

_REJECTION_ROUNDS = 40
_FEW = 256  # points; with fewer from rejection, the thin parts of the space are looked for
ZERO_SHARE = 0.25  # of draws of a factor that is 0 or at least something


def draw_feasible(encoder: Encoder, n: int, *, seed: int, uniform: bool = False) -> Tensor:
    """`n x d` points of a product space that meet its constraints: scrambled Sobol, or uniform random; fewer where fewer are found.

    Counts of parts and mixtures are met as points are drawn, the rest by rejection. Linear constraints that few such points meet are
    sampled by BoTorch's polytope sampler, then rounded to the levels. What is thinner still (sums of steps, products that must be
    equal, exclusions that leave a corner) is found by the mixed-integer programme and walked from there.

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
        points = encoder.normalised(with_parts(encoder, to_levels(encoder, unit), generator=generator))
        points = points[feasible(encoder, points)]
        kept.append(points)
        found, drawn = found + len(points), drawn + n
        if found >= n or (drawn >= 4 * n and found < 0.02 * drawn):
            break
    points = torch.cat(kept)[:n]
    if len(points) < n and encoder.space.constraints:
        points = torch.cat([points, _polytope_points(encoder, n, seed=seed)])[:n]
        if len(points) < min(n, _FEW):
            points = torch.cat([points, thin_points(encoder, min(n, 2 * _FEW), known=points, to_levels=to_levels, feasible=feasible, seed=seed)])[:n]
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
        elif isinstance(factor, Integer):
            count = factor.high - factor.low + 1
            design[:, i] = (unit[:, i] * count).floor().clamp(0, count - 1) / (count - 1)
        elif isinstance(factor, Continuous) and factor.zero_or_at_least is not None:
            least = factor.zero_or_at_least / factor.high
            present = least + (unit[:, i] - ZERO_SHARE) / (1 - ZERO_SHARE) * (1 - least)
            design[:, i] = torch.where(unit[:, i] < ZERO_SHARE, torch.zeros_like(present), present)
    return design


def feasible(encoder: Encoder, design: Tensor) -> Tensor:
    """`n` flags: which designs break no constraint of the space."""
    if not encoder.space.constraints or not len(design):
        return torch.ones(len(design), dtype=torch.bool)
    return torch.as_tensor(encoder.space.allowed(encoder.columns(design), len(design)))


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
    points = encoder.normalised(to_levels(encoder, unit.clamp(0, 1)))
    return points[feasible(encoder, points)]
