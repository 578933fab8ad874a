"""Whether wells of some values can be seated on grounds that hold few values each, and where."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeVar


@dataclass(frozen=True, order=True)
class Ground:
    """Wells that share conditions: `wells` of them, with at most `values` different values."""

    wells: int
    values: int


Kind = TypeVar("Kind", bound=Hashable)


def seat(counts: Mapping[Kind, int], grounds: Sequence[Ground]) -> tuple[dict[Kind, int], ...] | None:
    """For each ground, how many wells of which value stand on it; None where no seating was found.

    Exact where each ground holds one value, or where there is one ground. Several grounds of several values are filled in turn, by
    falling and by rising counts: a seating that is found holds, and one that exists may be missed.
    """
    wanted = {value: count for value, count in counts.items() if count > 0}
    if sum(wanted.values()) > sum(ground.wells for ground in grounds) or len(wanted) > sum(ground.values for ground in grounds):
        return None
    if all(ground.values == 1 for ground in grounds) and len(grounds) > 1:
        return _one_value_each(wanted, grounds)
    for falling in (True, False):
        order = sorted(wanted, key=lambda value: wanted[value], reverse=falling)
        if (found := _in_turn([(value, wanted[value]) for value in order], grounds)) is not None:
            return found
    return None


def _in_turn(wanted: Sequence[tuple[Kind, int]], grounds: Sequence[Ground]) -> tuple[dict[Kind, int], ...] | None:
    seated: list[dict[Kind, int]] = [{} for _ in grounds]
    place = 0
    for value, count in wanted:
        left = count
        while left:
            if place == len(grounds):
                return None
            ground, held = grounds[place], seated[place]
            free = ground.wells - sum(held.values())
            if not free or len(held) == ground.values:
                place += 1
                continue
            held[value] = min(left, free)
            left -= held[value]
    return tuple(seated)


def _one_value_each(wanted: Mapping[Kind, int], grounds: Sequence[Ground]) -> tuple[dict[Kind, int], ...] | None:
    """Each ground goes to one value. Grounds of equal size are alike, so the search is over how many of each size a value gets."""
    sizes = tuple(sorted({ground.wells for ground in grounds}, reverse=True))
    stock = tuple(sum(ground.wells == size for ground in grounds) for size in sizes)
    order = sorted(wanted, key=lambda value: wanted[value], reverse=True)
    counts = tuple(wanted[value] for value in order)

    @cache
    def solve(i: int, left: tuple[int, ...]) -> tuple[tuple[int, ...], ...] | None:
        if i == len(counts):
            return ()
        for taken in _enough(counts[i], sizes, left):
            rest = solve(i + 1, tuple(have - take for have, take in zip(left, taken, strict=True)))
            if rest is not None:
                return (taken, *rest)
        return None

    found = solve(0, stock)
    if found is None:
        return None
    free = {size: [i for i, ground in enumerate(grounds) if ground.wells == size] for size in sizes}
    seated: list[dict[Kind, int]] = [{} for _ in grounds]
    for value, taken in zip(order, found, strict=True):
        left = wanted[value]
        for size, number in zip(sizes, taken, strict=True):
            for _ in range(number):
                place = free[size].pop(0)
                seated[place][value] = min(left, size)
                left -= seated[place][value]
    return tuple({value: count for value, count in held.items() if count} for held in seated)


def _enough(count: int, sizes: tuple[int, ...], left: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Every smallest choice of grounds that holds `count` wells: none of its grounds could be left out. Fewest spare seats first."""
    found: list[tuple[int, ...]] = []

    def grow(i: int, taken: tuple[int, ...], held: int) -> None:
        if held >= count:
            whole = taken + (0,) * (len(sizes) - len(taken))
            if all(not number or held - size < count for number, size in zip(whole, sizes, strict=True)):
                found.append(whole)
            return
        if i == len(sizes):
            return
        for number in range(left[i] + 1):
            grow(i + 1, (*taken, number), held + number * sizes[i])

    grow(0, (), 0)
    return sorted(set(found), key=lambda taken: sum(n * s for n, s in zip(taken, sizes, strict=True)))
