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

_SEEDS, _SEEDS_OF_PRODUCTS = 24, 6  # a programme with logarithms takes a second, one without a fiftieth
_REGIONS = 12
_WALKS, _STEPS_AT_ONCE = 40, 512

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
    about = found[torch.randperm(len(found), generator=generator)[:_REGIONS]]
    share = max(1, n // (2 * len(about)))
    inside = [region.samples(share, seed=seed + k) for k, point in enumerate(about) if (region := region_about(encoder, point)) is not None]
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
    for k, word in enumerate(sums):
        columns = torch.tensor([encoder.space.names.index(name) for name in word.terms])
        swapped = torch.as_tensor(np.flatnonzero((kind == 2) & (random.integers(0, len(sums), n) == k)))
        one, other = (columns[torch.as_tensor(random.integers(0, len(columns), len(swapped)))] for _ in range(2))
        moved[swapped] = starts[swapped]
        moved[swapped, one], moved[swapped, other] = starts[swapped, other], starts[swapped, one]
    return moved


def _sums(encoder: Encoder) -> list[Linear]:
    """The sums that must equal something, written in factors alone."""
    known = {factor.name: factor for factor in encoder.space.factors}
    derived = {word.name: word for word in encoder.space.derived}
    linear = [c.whole if isinstance(c, Mixture) else c for c in encoder.space.constraints if isinstance(c, Mixture | Linear)]
    return [told for c in linear if c.equals is not None and (told := plain(c, derived, known)) is not None and len(told.terms) > 1]


def _exchanged(encoder: Encoder, starts: Tensor, word: Linear, *, random: np.random.Generator) -> Tensor:
    """What one factor of a sum gains another loses; the same pair of them for all points of a call's share."""
    columns = encoder.columns(starts)
    names = list(word.terms)
    moved = starts.clone()
    pairs = random.integers(0, len(names), (len(starts), 2))
    for first, second in {(int(a), int(b)) for a, b in pairs.tolist() if a != b}:
        at = np.flatnonzero((pairs[:, 0] == first) & (pairs[:, 1] == second))
        one, other = names[first], names[second]
        if encoder.space[other].kind != "continuous" and encoder.space[one].kind == "continuous":
            one, other = other, one
        own = encoder.space[one]
        low, high = own.bounds  # type: ignore[union-attr]
        if own.kind == "continuous":
            gain = random.normal(size=len(at)) * 0.2 * (high - low)
        else:
            gain = places_of(own).least_gap * random.integers(1, 6, len(at)) * random.choice([-1.0, 1.0], len(at))
        told = {one: columns[one][at] + gain, other: columns[other][at] - word.terms[one] * gain / (word.terms[other] or 1.0)}
        places = {name: torch.as_tensor(encoder.column(name, value)) for name, value in told.items()}
        fits = torch.stack([(place >= -1e-9) & (place <= 1 + 1e-9) for place in places.values()]).all(dim=0)
        for name, place in places.items():
            i = encoder.space.names.index(name)
            moved[at, i] = torch.where(fits, place.clamp(0.0, 1.0), starts[at, i])
    return moved
