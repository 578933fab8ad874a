"""Random swaps that part repeats and balance factors over rows, columns, blocks and the edge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .balance import Lines, Traits
from .ground import Ground, Places

# Swaps that are tried at once, the best of which is made; and rounds without a gain after which the search ends.
TRIED = 192
PATIENCE = 12
MOST_ROUNDS = 400
# A gain below this is arithmetic, not balance.
WORTH_IT = 1e-6
# What a set that lies in one row or one column counts: more than anything that parting it could cost elsewhere.
ONE_LINE = 100.0


@dataclass(frozen=True, kw_only=True)
class Task:
    """What is placed. There are as many slots as wells: the experiments first, then the wells that stay empty.

    Attributes:
        set_of: `w`, the replicate set of each slot; -1 for none.
        sizes: size of each set.
        zones: for each slot the zones where it may stand; empty for anywhere.
        traits: `w x p`; rows of empty slots are 0.
    """

    ground: Ground
    set_of: Places
    sizes: Places
    zones: Sequence[tuple[int, ...]]
    traits: NDArray[np.float64]
    lines: NDArray[np.float64]

    @property
    def free(self) -> bool:
        """Whether one placement is as good as any other."""
        return not len(self.sizes) and (self.traits.shape[1] == 0 or self.lines.shape[1] == 0)


def task_of(ground: Ground, *, sets: Sequence[Sequence[int]], zones: Sequence[tuple[int, ...]], traits: Traits, lines: Lines) -> Task:
    """The task of placing `n` experiments; `sets` name them by position."""
    w, n = len(ground.wells), traits.matrix.shape[0]
    set_of = np.full(w, -1, dtype=np.int64)
    for number, members in enumerate(sets):
        set_of[list(members)] = number
    matrix = np.zeros((w, traits.matrix.shape[1]))
    matrix[:n] = traits.matrix
    spread = lines.matrix - lines.matrix.mean(axis=0)
    # as long as a line over all wells, so that with traits of length one each product is about a correlation
    spread = spread / np.sqrt((spread**2).mean(axis=0)) / np.sqrt(max(n, 1))
    return Task(
        ground=ground, set_of=set_of, sizes=np.array([len(members) for members in sets], dtype=np.int64), zones=[*zones, *[()] * (w - n)],
        traits=matrix, lines=spread,
    )  # fmt: skip


class Search:
    """One placement that is changed by swaps. The criterion is

    sum over sets and classes of (members in the class - fair share)^2, 100 for each set that lies in one row or column,
    and the sum of squared correlations of traits with lines.
    """

    def __init__(self, task: Task, chance: np.random.Generator) -> None:
        self.task = task
        self.chance = chance
        self.place = _draw(task, chance)
        ground = task.ground
        self._classes = ground.classes()
        self._lines_only = tuple(i for i, line in enumerate(self._classes) if line is ground.row or line is ground.column)
        self._zone_allowed = _allowed(task)
        self._shares = [np.bincount(line) / len(line) for line in self._classes]
        self._counts = [self._count(line) for line in self._classes]
        self._products = task.traits.T @ task.lines[self.place]
        self.swaps = 0

    def _count(self, line: Places) -> Places:
        counts = np.zeros((len(self.task.sizes), int(line.max()) + 1), dtype=np.int64)
        members = self.task.set_of >= 0
        np.add.at(counts, (self.task.set_of[members], line[self.place[members]]), 1)
        return counts

    def criterion(self) -> float:
        """The whole criterion of this placement."""
        total = float((self._products**2).sum())
        for i, (counts, share) in enumerate(zip(self._counts, self._shares, strict=True)):
            total += float(((counts - self.task.sizes[:, None] * share) ** 2).sum())
            if i in self._lines_only:
                total += ONE_LINE * float((counts == self.task.sizes[:, None]).sum())
        return total

    def in_one_line(self) -> NDArray[np.bool_]:
        """For each set whether all of it lies in one row or one column."""
        found = np.zeros(len(self.task.sizes), dtype=bool)
        for i in self._lines_only:
            found |= (self._counts[i] == self.task.sizes[:, None]).any(axis=1)
        return found

    def improve(self) -> None:
        """Make the best of some random swaps, again and again, until no gain is found for a while."""
        without = 0
        for _ in range(MOST_ROUNDS):
            i, j = self._pairs()
            if not len(i):
                return
            gain = self._gain(i, j)
            best = int(np.argmin(gain))
            if gain[best] < -WORTH_IT:
                self._swap(int(i[best]), int(j[best]))
                without = 0
            else:
                without += 1
                if without >= PATIENCE:
                    return

    def _pairs(self) -> tuple[Places, Places]:
        w = len(self.place)
        i, j = self.chance.integers(w, size=TRIED), self.chance.integers(w, size=TRIED)
        caught = np.flatnonzero(self.in_one_line()[self.task.set_of] & (self.task.set_of >= 0)) if len(self.task.sizes) else np.array([], dtype=np.int64)
        if len(caught):
            # half of the tries go to sets that must be parted
            i[: TRIED // 2] = self.chance.choice(caught, size=TRIED // 2)
        zone = self.task.ground.zone
        fits = self._zone_allowed[i, zone[self.place[j]]] & self._zone_allowed[j, zone[self.place[i]]]
        same = (self.task.set_of[i] == self.task.set_of[j]) & (self.task.set_of[i] >= 0)
        keep = (i != j) & ~same & fits
        return i[keep], j[keep]

    def _gain(self, i: Places, j: Places) -> NDArray[np.float64]:
        """What each swap adds to the criterion; negative is better."""
        change = (self.task.traits[i] - self.task.traits[j])[:, :, None] * (self.task.lines[self.place[j]] - self.task.lines[self.place[i]])[:, None, :]
        gain = (2 * self._products * change + change**2).sum(axis=(1, 2))
        for position, line in enumerate(self._classes):
            for slot, other in ((i, j), (j, i)):
                gain += self._moved(position, slot, line[self.place[slot]], line[self.place[other]])
        return np.asarray(gain)

    def _moved(self, position: int, slot: Places, old: Places, new: Places) -> NDArray[np.float64]:
        """What it adds when a slot's set loses a member in class `old` and wins one in class `new`."""
        if not len(self.task.sizes):
            return np.zeros(len(slot))
        group = self.task.set_of[slot]
        size, share, counts = self.task.sizes[group], self._shares[position], self._counts[position]
        over_old, over_new = counts[group, old] - size * share[old], counts[group, new] - size * share[new]
        change = (2 * over_new + 1) + (1 - 2 * over_old)
        if position in self._lines_only:
            change = change + ONE_LINE * ((counts[group, new] + 1 == size).astype(float) - (counts[group, old] == size).astype(float))
        return np.where((group >= 0) & (old != new), change, 0.0)

    def _swap(self, i: int, j: int) -> None:
        task = self.task
        self._products += np.outer(task.traits[i] - task.traits[j], task.lines[self.place[j]] - task.lines[self.place[i]])
        for line, counts in zip(self._classes, self._counts, strict=True):
            for slot, other in ((i, j), (j, i)):
                if task.set_of[slot] >= 0:
                    counts[task.set_of[slot], line[self.place[slot]]] -= 1
                    counts[task.set_of[slot], line[self.place[other]]] += 1
        self.place[[i, j]] = self.place[[j, i]]
        self.swaps += 1


def _allowed(task: Task) -> NDArray[np.bool_]:
    """`w x (zones + 1)`: whether a slot may stand in a zone; the last column is for wells without one."""
    allowed = np.ones((len(task.zones), len(task.ground.zones) + 1), dtype=bool)
    for slot, zones in enumerate(task.zones):
        if zones:
            allowed[slot] = False
            allowed[slot, list(zones)] = True
    return allowed


def _draw(task: Task, chance: np.random.Generator) -> Places:
    """A random placement: slots that are bound to zones first, each at random in a zone that its values allow, then the others anywhere."""
    w = len(task.ground.wells)
    place = np.full(w, -1, dtype=np.int64)
    taken = np.zeros(w, dtype=bool)
    for slot in chance.permutation(w):
        if task.zones[slot]:
            room = np.flatnonzero(np.isin(task.ground.zone, task.zones[slot]) & ~taken)
            place[slot] = chance.choice(room)
            taken[place[slot]] = True
    rest = np.flatnonzero(place < 0)
    place[rest] = chance.permutation(np.flatnonzero(~taken))
    return place
