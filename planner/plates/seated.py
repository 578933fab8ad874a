"""Batches that are chosen many at once, held to the seats that the wells have; and values for batches that no model chooses."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from world_model.encoding import Encoder
from world_model.terms.errors import DesignError

from ..filling import fill
from ..pool import Pool
from .lift import having
from .options import options
from .rule import BatchRule, SharedColumns, Value

Choose = Callable[[Pool, int, Tensor], list[int]]


def seated(choose: Choose, pool: Pool, n: int, *, rule: BatchRule, before: Sequence[Tensor] = ()) -> Tensor:
    """`n x d` designs. What has no seat is left, and the rest is chosen anew among what still has one.

    Args:
        choose: (pool, how many, `p x d` picked so far) → distinct positions in that pool, in the order of their worth.
        before: designs of the batch that were chosen earlier.

    Raises:
        DesignError: fewer than `n` candidates can be seated.
    """
    picked: list[Tensor] = []
    left = pool
    while len(picked) < n:
        open_ = rule.allowed(left.design, [*before, *picked])
        left = Pool(design=left.design[open_], rows=None if left.rows is None else left.rows[open_.numpy()], exhaustive=left.exhaustive)
        if not len(left):
            told = "; ".join(str(entry.told) for entry in rule.shared)
            raise DesignError(f"Expected {n} candidates that the wells can hold, found {len(picked)} with {told}. Ask for fewer, or widen what is shared.")
        rest = torch.ones(len(left), dtype=torch.bool)
        for position in choose(left, n - len(picked), torch.stack(picked) if picked else left.design[:0]):
            point = left.design[position]
            if bool(rule.allowed(point.unsqueeze(0), [*before, *picked])[0]):
                picked.append(point)
                rest[position] = False
        left = Pool(design=left.design[rest], rows=None if left.rows is None else left.rows[rest.numpy()], exhaustive=left.exhaustive)
    return torch.stack(picked)


def values_at_random(pool: Pool, rule: BatchRule, *, n: int, seed: int) -> BatchRule:
    """The rule with values drawn at random, as many as the wells hold."""
    generator = torch.Generator().manual_seed(seed)

    def draw(entry: SharedColumns, found: Sequence[Value], most: int) -> list[Value]:
        return [found[i] for i in torch.randperm(len(found), generator=generator)[:most].tolist()]

    return _settled(pool, rule, n=n, seed=seed, pick=draw)


def values_far_apart(pool: Pool, rule: BatchRule, *, n: int, known: Tensor, seed: int) -> BatchRule:
    """The rule with values far from each other and from those that are known."""
    encoder = rule.encoder

    def spread(entry: SharedColumns, found: Sequence[Value], most: int) -> list[Value]:
        places = Pool(design=_only(encoder, entry, torch.tensor(found, dtype=torch.double)), rows=None, exhaustive=True)
        had = _only(encoder, entry, known[:, list(entry.dims)])
        return [found[i] for i in fill(places, most, encoder=encoder, known=had, seed=seed)]

    return _settled(pool, rule, n=n, seed=seed, pick=spread)


def _settled(pool: Pool, rule: BatchRule, *, n: int, seed: int, pick: Callable[[SharedColumns, Sequence[Value], int], list[Value]]) -> BatchRule:
    sets: list[list[Value] | None] = [None] * len(rule.shared)
    left = pool
    for e, entry in enumerate(rule.shared):
        given = [value for value, _ in entry.standing]
        found = options(left, entry, encoder=rule.encoder, seed=seed)
        tabled = left.rows is not None or left.exhaustive
        if tabled:
            counts = torch.tensor([float(_n_having(left, entry, value)) for value in found])
            found = [value for value, count in zip(found, counts.tolist(), strict=True) if count or value in given]
        most = max(min(entry.most, n) - len(given), 0)
        values = [*given, *pick(entry, [value for value in found if value not in given], most)] if most else given
        if tabled and sum(_n_having(left, entry, value) for value in values) < n:
            fullest = sorted((value for value in found if value not in given), key=lambda value: _n_having(left, entry, value), reverse=True)
            values = [*given, *fullest[:most]]
        sets[e] = values
        if tabled:
            keep = torch.zeros(len(left), dtype=torch.bool)
            for value in values:
                keep |= _flags(left, entry, value)
            left = Pool(design=left.design[keep], rows=None if left.rows is None else left.rows[keep.numpy()], exhaustive=True)
    return rule.settled_on(sets)


def _flags(pool: Pool, entry: SharedColumns, value: Value) -> Tensor:
    return having(pool.design, entry, [value])


def _n_having(pool: Pool, entry: SharedColumns, value: Value) -> int:
    return int(_flags(pool, entry, value).sum())


def _only(encoder: Encoder, entry: SharedColumns, places: Tensor) -> Tensor:
    """Designs that differ in what is shared alone."""
    design = torch.zeros(len(places), len(encoder.space.factors), dtype=torch.double)
    design[:, list(entry.dims)] = places
    return design
