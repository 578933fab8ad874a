"""The values that a round shares and the points at them, chosen together: by what the whole batch is worth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from botorch.utils.safe_math import fatplus
from torch import Tensor

from world_model.fit import WorldModel

from ..acquisitions.bounds import upper_bounds
from ..acquisitions.registry import member_for
from ..acquisitions.task import Task
from ..joint_draws import utilities
from ..pool import Pool
from .lift import Snap, feasible, having
from .options import EVENLY, options, refined
from .rule import BatchRule, SharedColumns, Value, key_of

DRAWS = 128  # hypotheses of the world that a batch is judged by
POINTS = 1024  # points in all that stand for the values
_SWEEPS = 3
_SHARPNESS = 1e-2  # of the draws' spread: below it what does not improve still counts a little, so that no batch is worth nothing


def choose_values(
    world: WorldModel, task: Task, *, pool: Pool, rule: BatchRule, n: int, pending: Tensor, snap: Snap | None, seed: int,
    progress: Callable[[str], None] | None = None,
) -> BatchRule:  # fmt: skip
    """The rule with its values settled.

    A batch is worth the mean, over joint draws of the world, of what its best point gains on the best that was measured (noisy
    expected improvement of the batch, on points that stand for each value). Its points are taken one by one, each the most that the
    batch can still gain there, as far as wells allow. One value is found by comparing all; several start with those that the
    best batch takes, then each is exchanged for any other while that helps. Entries are settled in turn, the later ones at the values
    of those before.
    """
    settled = [list(entry.settled or ()) for entry in rule.shared]
    for e, entry in enumerate(rule.shared):
        found = options(pool, entry, encoder=rule.encoder, seed=seed)
        before = rule.settled_on([values or None for values in settled])
        if progress:
            progress(f"choosing {' and '.join(entry.told.factors)} of the round among {len(found)} values")
        told = _stage(world, task, pool, before, e, found, n=n, pending=pending, snap=snap, seed=seed)
        best = _best_set(told, entry, rule, n=n)
        step = 1.0 / (EVENLY - 1)
        while step > 1e-3 and any(rule.encoder.space.factors[dim].kind == "continuous" for dim in entry.dims) and pool.rows is None:
            step /= 2
            near = [near for value in best for near in refined(value, entry, encoder=rule.encoder, step=step)]
            told = _stage(world, task, pool, before, e, list(dict.fromkeys([*best, *near])), n=n, pending=pending, snap=snap, seed=seed)
            best = _best_set(told, entry, rule, n=n, start=best)
            step /= 2
        settled[e] = best
    return rule.settled_on(settled)


@dataclass(frozen=True)
class _Stage:
    """Points that stand for values: `design` `c x d`, the value of each, their gains under each draw `s x c`, and how many the pool has."""

    design: Tensor
    value: Tensor
    values: tuple[Value, ...]
    gain: Tensor
    stock: dict[Value, int]


def _stage(
    world: WorldModel, task: Task, pool: Pool, rule: BatchRule, e: int, values: Sequence[Value], *, n: int, pending: Tensor, snap: Snap | None, seed: int
) -> _Stage:  # fmt: skip
    """For each value the points with the highest bounds, and what each gains under joint draws."""
    entry, known = rule.shared[e], torch.cat([world.training.design, pending])
    share = max(POINTS // max(len(values), 1), min(n, 48), 8)
    parts, stock = [], {}
    # the other entries' values, as far as they are settled
    others = [other for i, other in enumerate(rule.shared) if i != e and other.settled]
    tabled = pool.rows is not None or pool.exhaustive
    for value in values:
        if tabled:
            keep = having(pool.design, entry, [value])
            for other in others:
                keep &= having(pool.design, other, other.settled or ())
            rows = pool.design[keep]
        else:
            rows = pool.design.clone()
            rows[:, list(entry.dims)] = torch.tensor(value, dtype=rows.dtype)
            for other in others:
                places = torch.tensor(other.settled, dtype=rows.dtype)
                rows[:, list(other.dims)] = places[torch.arange(len(rows)) % len(places)]
        stock[value] = len(rows)
        if len(rows) > share:
            bounds = (member_for(task).bounds or upper_bounds)(world, task, rows, seed=seed)
            each = max(share // bounds.shape[1], 1)
            top = torch.cat([column.topk(min(each, len(column))).indices for column in bounds.unbind(dim=1)])
            rows = rows[torch.unique(top)]
        parts.append(rows if tabled else feasible(rule.encoder, rows, rule, snap=snap, known=known))
    design = torch.cat(parts)
    owner = torch.cat([torch.full((len(part),), i) for i, part in enumerate(parts)])
    measured = torch.unique(world.training.design, dim=0)
    worth = utilities(world, task, torch.cat([design, measured, pending]), n=DRAWS, seed=seed)
    best = worth[:, len(design) :].amax(dim=1, keepdim=True)
    gain = fatplus(worth[:, : len(design)] - best, tau=_SHARPNESS * float(worth.std().clamp_min(1e-9)))
    return _Stage(design=design, value=owner, values=tuple(values), gain=gain, stock={value: count for value, count in stock.items() if count})


def _best_set(told: _Stage, entry: SharedColumns, rule: BatchRule, *, n: int, start: Sequence[Value] = ()) -> list[Value]:
    """The set of values whose batch is worth most: grown one by one, then each exchanged for any other while that helps."""
    most = min(entry.most, n)
    given = [value for value, _ in entry.standing]
    known = [value for value in told.values if value in told.stock]
    best = list(start)
    if not best:
        best = list(given)
        while len(best) < most:
            more = [value for value in known if value not in best and _suffices(told, [*best, value], spare=most - len(best) - 1, n=n)]
            if not more:
                break
            best.append(max(more, key=lambda value: _worth(told, entry, rule, [*best, value], n)))
    worth = _worth(told, entry, rule, best, n)
    for _ in range(_SWEEPS if most > 1 or start else 0):
        moved = False
        for slot in range(len(given), len(best)):
            for value in known:
                other = [*best[:slot], value, *best[slot + 1 :]]
                if value not in best and _suffices(told, other, spare=0, n=n) and (now := _worth(told, entry, rule, other, n)) > worth * (1 + 1e-9):
                    best, worth, moved = other, now, True
        if not moved:
            break
    return best


def _suffices(told: _Stage, values: Sequence[Value], *, spare: int, n: int) -> bool:
    """Whether the pool has `n` points at these values and the `spare` fullest others."""
    rest = sorted((count for value, count in told.stock.items() if value not in values), reverse=True)
    return sum(told.stock.get(value, 0) for value in values) + sum(rest[:spare]) >= n


def _worth(told: _Stage, entry: SharedColumns, rule: BatchRule, values: Sequence[Value], n: int) -> float:
    """What a batch at these values is worth: its points taken one by one as far as seats allow."""
    places = [told.values.index(value) for value in values if value in told.values]
    inside = torch.isin(told.value, torch.tensor(places))
    if not inside.any():
        return -1.0
    gain, owner = told.gain[:, inside], told.value[inside]
    best = gain.new_zeros(len(gain))
    counts = entry.standing_wells
    free = torch.ones(gain.shape[1], dtype=torch.bool)
    for _ in range(min(n, gain.shape[1])):
        scores = torch.maximum(gain, best.unsqueeze(-1)).mean(dim=0)
        allowed = free.clone()
        if len(places) > 1:
            for i in places:
                if not rule.has_room(entry, counts, key_of(told.values[i])):
                    allowed[owner == i] = False
        scores[~allowed] = -torch.inf
        place = int(scores.argmax())
        if not allowed[place] or float(scores[place]) <= float(best.mean()) * (1 + 1e-4):
            break  # no seat is left, or no point adds to what the batch has under any draw
        best = torch.maximum(best, gain[:, place])
        free[place] = False
        counts[key_of(told.values[int(owner[place])])] += rule.wells_each
    return float(best.mean())
