"""Points of thin feasible sets: nearest points by the mixed-integer programme, then convex regions and short walks about them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from world_model.encoding import Encoder
from world_model.terms.constraints import Linear
from world_model.terms.custom import Custom
from world_model.terms.mixture import Mixture
from world_model.terms.product import Product
from world_model.terms.programme import Programme, plain
from world_model.terms.steps_of import places_of

from .parts import with_parts
from .regions import region_about

_SEEDS, _SEEDS_OF_PRODUCTS = 48, 8  # a programme with logarithms takes a second, one without a fiftieth
_WALKS, _STEPS_AT_ONCE = 60, 512

Flags = Callable[[Encoder, Tensor], Tensor]
Levels = Callable[[Encoder, Tensor], Tensor]


def thin_points(encoder: Encoder, n: int, *, known: Tensor, to_levels: Levels, feasible: Flags, seed: int) -> Tensor:
    """`m x d` further feasible points, at most `n`.

    Args:
        known: `k x d`, feasible points that were found already; the walks begin at them too.
    """
    generator = torch.Generator().manual_seed(seed)
    random = np.random.default_rng(seed)
    space = encoder.space
    said = [constraint for constraint in space.constraints if not isinstance(constraint, Custom)]
    hard = any(isinstance(c, Product) or (isinstance(c, Linear) and set(c.terms) & {word.name for word in space.derived}) for c in said)
    targets = to_levels(encoder, torch.rand(_SEEDS_OF_PRODUCTS if hard else _SEEDS, len(space.factors), generator=generator, dtype=torch.double))
    targets = encoder.normalised(with_parts(encoder, targets, generator=generator))
    programme = Programme(space.factors, said, derived=space.derived)
    rows = []
    for wished in encoder.settings(targets):
        values = programme.solve(toward=wished).values
        if values is None:
            break
        row = dict(wished)
        for name, value in values.items():
            row[name] = value if not isinstance(value, tuple) else wished[name] if wished[name] in value else value[random.integers(len(value))]
        rows.append(space.whole(row))
    found = torch.cat([known, encoder.design_of(rows)])
    found = torch.unique(found[feasible(encoder, found)], dim=0)
    if not len(found):
        return found
    share = max(1, n // (2 * len(found)))
    inside = [region.samples(share, seed=seed + k) for k, point in enumerate(found) if (region := region_about(encoder, point)) is not None]
    found = torch.cat([found, *inside])
    found = torch.unique(found[feasible(encoder, found)], dim=0)
    for _ in range(_WALKS):
        if len(found) >= n:
            break
        starts = found[torch.randint(len(found), (_STEPS_AT_ONCE,), generator=generator)]
        moved = encoder.normalised(_moved(encoder, starts, to_levels=to_levels, random=random, generator=generator))
        fine = moved[feasible(encoder, moved)]
        found = torch.unique(torch.cat([found, fine]).round(decimals=12), dim=0)
    return found[torch.randperm(len(found), generator=generator)[:n]]


def steps_from(encoder: Encoder, starts: Tensor, *, to_levels: Levels, seed: int) -> Tensor:
    """`n x d` neighbours, one of each start, that may break constraints: one factor or two differ."""
    generator = torch.Generator().manual_seed(seed)
    return encoder.normalised(_moved(encoder, starts, to_levels=to_levels, random=np.random.default_rng(seed), generator=generator))


def _moved(encoder: Encoder, starts: Tensor, *, to_levels: Levels, random: np.random.Generator, generator: torch.Generator) -> Tensor:
    """One step from each point: a factor drawn anew, an exchange between two that share a sum, or two values swapped."""
    n, d = starts.shape
    moved = starts.clone()
    fresh = to_levels(encoder, torch.rand(n, d, generator=generator, dtype=torch.double))
    column = torch.randint(d, (n,), generator=generator)
    rows = torch.arange(n)
    moved[rows, column] = fresh[rows, column]
    sums = _sums(encoder)
    if not sums:
        return moved
    kind = random.integers(0, 3, n)
    for k, word in enumerate(sums):
        at = np.flatnonzero((kind == 1) & (random.integers(0, len(sums), n) == k))
        if len(at):
            moved[at] = _exchanged(encoder, starts[at], word, random=random)
    for i in np.flatnonzero(kind == 2).tolist():
        names = list(sums[int(random.integers(len(sums)))].terms)
        one, other = (encoder.space.names.index(str(name)) for name in random.choice(names, 2, replace=False)) if len(names) > 1 else (0, 0)
        moved[i] = starts[i]
        moved[i, [one, other]] = starts[i, [other, one]]
    return moved


def _sums(encoder: Encoder) -> list[Linear]:
    """The sums that must equal something, written in factors alone."""
    known = {factor.name: factor for factor in encoder.space.factors}
    derived = {word.name: word for word in encoder.space.derived}
    linear = [c.whole if isinstance(c, Mixture) else c for c in encoder.space.constraints if isinstance(c, Mixture | Linear)]
    return [told for c in linear if c.equals is not None and (told := plain(c, derived, known)) is not None and len(told.terms) > 1]


def _exchanged(encoder: Encoder, starts: Tensor, word: Linear, *, random: np.random.Generator) -> Tensor:
    """What one factor of a sum gains the other loses."""
    columns = encoder.columns(starts)
    names = list(word.terms)
    moved = starts.clone()
    for i in range(len(starts)):
        one, other = (str(name) for name in random.choice(names, 2, replace=False))
        first, second = encoder.space[one], encoder.space[other]
        if second.kind != "continuous" and first.kind == "continuous":
            one, other, first, second = other, one, second, first
        low, high = first.bounds  # type: ignore[union-attr]
        if first.kind == "continuous":
            gain = random.normal() * 0.2 * (high - low)
        else:
            gain = places_of(first).least_gap * float(random.integers(1, 6)) * random.choice([-1.0, 1.0])
        left = columns[one][i] + gain
        right = columns[other][i] - word.terms[one] * gain / (word.terms[other] or 1.0)
        for name, value in ((one, left), (other, right)):
            moved[i, encoder.space.names.index(name)] = float(encoder.column(name, np.array([value]))[0])
    inside = ((moved >= -1e-9) & (moved <= 1 + 1e-9)).all(dim=1) | torch.zeros(len(moved), dtype=torch.bool)
    categories = list(encoder.categorical_dims)
    if categories:
        numbers = [i for i in range(moved.shape[1]) if i not in categories]
        inside = ((moved[:, numbers] >= -1e-9) & (moved[:, numbers] <= 1 + 1e-9)).all(dim=1)
    return torch.where(inside.unsqueeze(1), moved, starts)
