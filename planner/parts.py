"""Parts of a whole, counts of what is present, sums and products that must equal something: met as points are drawn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from world_model.encoding import Encoder
from world_model.terms.cardinality import Cardinality, minimum_of
from world_model.terms.constraints import Linear
from world_model.terms.factors import Continuous, Factor
from world_model.terms.mixture import Mixture
from world_model.terms.product import Product
from world_model.terms.programme import plain, products_of
from world_model.terms.steps_of import places_of

from .linear import unit_constraints

_ROUNDS = 12  # of handing on what lies above a part's most


def with_parts(encoder: Encoder, design: Tensor, *, generator: torch.Generator) -> Tensor:
    """The design `n x d` with each mixture, count of parts and equality drawn anew; the same tensor where there are none.

    How many are present is drawn evenly among the numbers that can be, then which, then how much: amounts of a mixture evenly on its
    simplex (Dirichlet), rounded to steps by largest remainders. Other sums and products are closed by one of their continuous factors, drawn
    anew for each point. What then lies outside a factor or breaks another constraint is for
    the caller to reject.
    """
    words, equalities = _words(encoder)
    if not (words or equalities) or not len(design):
        return design
    random = np.random.default_rng(int(torch.randint(2**31, (1,), generator=generator)))
    moved = design.clone()
    for word in words:
        amounts = _drawn(encoder, word, len(design), random=random)
        for name, column in zip(word.of, amounts.T, strict=True):
            low, high = encoder.space[name].bounds  # type: ignore[union-attr]
            moved[:, encoder.space.names.index(name)] = torch.as_tensor(encoder.column(name, column)).clamp(0.0, 1.0) if high > low else 0.0
    for equality in equalities:
        _close(encoder, equality, moved, random=random)
    return moved


def _words(encoder: Encoder) -> tuple[list[Mixture | Cardinality], list[Linear | Product]]:
    """What is drawn as parts, and what is closed by one of its factors.

    Sums of continuous factors alone are left to the polytope sampler where no other kind of constraint stands beside them.
    """
    space = encoder.space
    words = [word for word in space.constraints if isinstance(word, Mixture | Cardinality)]
    formulas = {word.name: word for word in space.derived}
    equalities: list[Linear | Product] = [
        product for word in space.constraints for product in products_of(word, formulas) if product.equals is not None
    ]  # fmt: skip
    if unit_constraints(encoder) is None:
        known = {factor.name: factor for factor in space.factors}
        for word in space.constraints:
            told = plain(word, formulas, known) if isinstance(word, Linear) and word.equals is not None else None
            if told is None or told.equals is None:
                continue
            weights, own = set(told.terms.values()), [known[name] for name in told.terms]
            share = told.equals / next(iter(weights)) if len(weights) == 1 and 0.0 not in weights else 0.0
            if share > 0 and len(own) > 1 and all(factor.bounds[0] == 0 and not factor.only_if for factor in own):  # type: ignore[union-attr]
                counted = next((one for one in words if isinstance(one, Cardinality) and set(one.of) == set(told.terms)), None)
                if counted is None:
                    words.append(Mixture(of=tuple(told.terms), total=share))
                else:
                    words[words.index(counted)] = Mixture(
                        of=counted.of, total=share, at_least=counted.at_least or None, at_most=counted.at_most or None, minimum=counted.minimum
                    )
            else:
                equalities.append(told)
    return words, equalities


def _close(encoder: Encoder, word: Linear | Product, design: Tensor, *, random: np.random.Generator) -> None:
    """Solve an equality for one continuous factor, another for each point, in place; where that leaves the factor's range it stays."""
    space = encoder.space
    own = [name for name in word.names if isinstance(space[name], Continuous) and not (isinstance(word, Linear) and word.terms[name] == 0)]
    if not own:
        return
    columns = encoder.columns(design)
    chosen = random.integers(len(own), size=len(design))
    with np.errstate(all="ignore"):
        for k, name in enumerate(own):
            if isinstance(word, Linear):
                rest = sum(weight * columns[other] for other, weight in word.terms.items() if other != name)
                needed = (word.bound - rest) / word.terms[name]
            else:
                rest = np.prod([columns[other] ** power for other, power in word.powers.items() if other != name], axis=0)
                needed = (word.bound / rest) ** (1 / word.powers[name])
            low, high = space[name].bounds  # type: ignore[union-attr]
            fits = (chosen == k) & np.isfinite(needed) & (needed >= low) & (needed <= high)
            place = encoder.column(name, np.where(fits, needed, low))
            at = space.names.index(name)
            design[:, at] = torch.where(torch.as_tensor(fits), torch.as_tensor(place), design[:, at])


def _drawn(encoder: Encoder, word: Mixture | Cardinality, n: int, *, random: np.random.Generator) -> np.ndarray:
    """`n x k` amounts in the factors' units."""
    factors = [encoder.space[name] for name in word.of]
    low = np.array([factor.bounds[0] for factor in factors])  # type: ignore[union-attr]
    high = np.array([factor.bounds[1] for factor in factors])  # type: ignore[union-attr]
    is_counted = isinstance(word, Cardinality) or word.parts is not None
    own = np.array([getattr(factor, "zero_or_at_least", None) or 0.0 for factor in factors])
    least = np.maximum(np.array([minimum_of(word.minimum, name) for name in word.of]), own)
    can_be_absent = (low == 0) & (is_counted | (own > 0))
    fewest, most = _numbers(word, least=least, high=high, can_be_absent=can_be_absent)
    count = random.integers(fewest, most + 1, n)
    # absent ones come last: those that can't be absent get the first ranks
    ranks = np.argsort(np.argsort(random.random((n, len(factors))) + np.where(can_be_absent, 1.0, 0.0), axis=1), axis=1)
    present = ranks < count[:, None]
    if isinstance(word, Mixture):
        return _shared(word.total, np.where(present, np.maximum(least, low), 0.0), np.where(present, high, 0.0), present, _steps(factors), random=random)
    amounts = np.zeros((n, len(factors)))
    for j, factor in enumerate(factors):
        if isinstance(factor, Continuous):
            amounts[:, j] = least[j] + (1.0 - random.random(n)) * (high[j] - least[j])
        else:
            values = np.array([value for value in places_of(factor).values() if value > 0 and value >= least[j] * (1 - 1e-9)])
            amounts[:, j] = random.choice(values, n) if len(values) else 0.0
    return np.where(present, amounts, 0.0)


def _numbers(word: Mixture | Cardinality, *, least: np.ndarray, high: np.ndarray, can_be_absent: np.ndarray) -> tuple[int, int]:
    """The fewest and the most parts that can be present."""
    fewest = max(word.at_least or 0, int((~can_be_absent).sum()))
    most = len(high) if word.at_most is None else max(word.at_most, fewest)
    if isinstance(word, Mixture):
        whole = word.total * (1 - 1e-9)
        enough = int((np.cumsum(np.sort(high)[::-1]) < whole).sum()) + 1
        room = int((np.cumsum(np.sort(least)) <= word.total * (1 + 1e-9)).sum())
        fewest, most = max(fewest, min(enough, most)), min(most, max(room, 1))
    return fewest, max(most, fewest)


def _steps(factors: Sequence[Factor]) -> np.ndarray:
    """`k`: how far apart the values of each factor are; 0 for continuous ones, nan for unevenly spaced ones."""
    told = []
    for factor in factors:
        step = 0.0 if isinstance(factor, Continuous) else places_of(factor).step
        told.append(np.nan if step is None else step)
    return np.array(told)


def _shared(
    total: float, least: np.ndarray, most: np.ndarray, present: np.ndarray, steps: np.ndarray, *, random: np.random.Generator
) -> np.ndarray:
    """`n x k` amounts that sum to a total, each between its least and most where present; rows that can't be so are off."""
    weights = np.where(present, random.exponential(size=present.shape), 0.0)
    rest = total - least.sum(axis=1, keepdims=True)
    amounts = least + np.maximum(rest, 0.0) * weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-300)
    for _ in range(_ROUNDS):
        over = np.maximum(amounts - most, 0.0)
        amounts -= over
        excess = over.sum(axis=1, keepdims=True)
        if (excess <= 1e-15 * total).all():
            break
        room = np.where(present, most - amounts, 0.0) * np.where(over > 0, 0.0, weights + 1e-12)
        amounts += excess * room / np.maximum(room.sum(axis=1, keepdims=True), 1e-300)
    if (steps == 0).all():
        return _closed(total, amounts, most, present)
    stepped = steps > 0
    grid = np.where(stepped, steps, 1.0)
    down = np.where(stepped & present, np.floor(amounts / grid + 1e-9) * grid, amounts)
    if not (stepped | ~present).all(axis=1).any():
        return _closed(total, down, most, present & (steps == 0))
    # whole steps by largest remainders where every present part has the same step; a continuous part takes up the rest elsewhere
    step = float(np.nanmax(steps))
    missing = np.rint((total - down.sum(axis=1)) / step).astype(int)
    remainder = np.where(stepped & present & (down + step <= most + 1e-9 * step), amounts - down, -1.0)
    order = np.argsort(np.argsort(-remainder, axis=1), axis=1)
    up = (order < missing[:, None]) & (remainder >= 0)
    all_stepped = (stepped | ~present).all(axis=1, keepdims=True)
    return np.where(all_stepped, down + up * grid, _closed(total, down, most, present & (steps == 0)))


def _closed(total: float, amounts: np.ndarray, most: np.ndarray, free: np.ndarray) -> np.ndarray:
    """Rounding, or what steps left over, given to the free parts by their room."""
    missing = total - amounts.sum(axis=1, keepdims=True)
    room = np.where(free, np.where(missing >= 0, most - amounts, amounts), 0.0)
    return amounts + missing * room / np.maximum(room.sum(axis=1, keepdims=True), 1e-300)
