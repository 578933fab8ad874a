"""An order in which no machine is needed twice at once: branch and bound over pairs of tasks, exact for everyday plates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from .tasks import UNLIMITED, Task, Window, tasks_of, windows_of
from .times import Conflict, bounds_of, clock, find_conflict, longest, moment, tightened

# Everyday plates need a few dozen orders. Each costs the square of the moments (two a task, and the zero); beyond this much
# work a schedule is told to be the best found, not the best. Counted, not timed: the same question has the same answer.
WORK = 50_000_000
LEAST_NODES = 1_000
_TELL_EVERY = 500
Lags = NDArray[np.int64]
Pairs = NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A task with its times, in whole seconds from the schedule's zero."""

    task: Task
    start_s: int
    end_s: int


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """Tasks in the order of their starts. `shortest`: proven that no order ends earlier."""

    rows: tuple[Planned, ...]
    shortest: bool

    @property
    def end_s(self) -> int:
        return max((row.end_s for row in self.rows), default=0)

    def of(self, id: str) -> Planned:
        """A task's times."""
        return next(row for row in self.rows if row.task.id == id)


@dataclass(frozen=True, kw_only=True)
class Clash:
    """Two tasks that need one machine at once, whichever goes first. `short_s`: by how much one of them would have to move."""

    first: Task
    second: Task
    first_until_s: int
    second_from_s: int
    short_s: int

    def __str__(self) -> str:
        return (
            f"{self.second.what} needs {self.second.resource} {clock(self.second.duration_s)}, at {clock(self.second_from_s)} at the latest; "
            f"it is busy with {self.first.what} until {clock(self.first_until_s)}"
        )


@dataclass(frozen=True, kw_only=True)
class NoOrder:
    """Why there is no schedule: windows that contradict each other, or machines that are busy.

    `searched` is False where the search ended before it had seen every order.
    """

    conflict: Conflict | None = None
    clashes: tuple[Clash, ...] = ()
    searched: bool = True


@dataclass
class _Search:
    tasks: Sequence[Task]
    tell: Callable[[str], None]
    nodes: int = 0
    best: NDArray[np.int64] | None = None
    best_end: int = 2**59
    complete: bool = True
    ends: list[int] = field(default_factory=list)
    groups: list[list[int]] = field(default_factory=list)

    def run(self, lag: Lags, open_pairs: Pairs) -> None:
        """Depth first; the pair that collides first is ordered first, earlier start first. Deterministic."""
        self.nodes += 1
        if self.nodes > max(LEAST_NODES, WORK // lag.size):
            self.complete = False
            return
        if self.nodes % _TELL_EVERY == 0:
            self.tell(f"scheduling: {self.nodes} orders tried" + (f", best ends at {clock(self.best_end)}" if self.best is not None else ""))
        settled = self._settle(lag, open_pairs)
        if settled is None:
            return
        lag, open_pairs = settled
        if self._at_least(lag) >= self.best_end:
            return
        clash = self._first_clash(lag, open_pairs)
        if clash is None:
            self.best = lag[0].copy()
            self.best_end = max((int(lag[0, end]) for end in self.ends), default=0)
            return
        i, j = clash
        rest = open_pairs[(open_pairs != (i, j)).any(axis=1)]
        first, second = sorted((i, j), key=lambda k: (int(lag[0, moment(k, end=False)]), -int(lag[moment(k, end=False), 0]), k))
        for a, b in ((first, second), (second, first)):
            tight = tightened(lag, moment(a, end=True), moment(b, end=False), 0)
            if tight is not None:
                self.run(tight, rest)

    def _at_least(self, lag: Lags) -> int:
        """A bound on the end: the longest path, and what each machine has to do from its earliest start on."""
        bound = max((int(lag[0, end]) for end in self.ends), default=0)
        for group in self.groups:
            first = min(int(lag[0, moment(i, end=False)]) for i in group)
            bound = max(bound, first + sum(self.tasks[i].duration_s for i in group))
        return bound

    def _settle(self, lag: Lags, open_pairs: Pairs) -> tuple[Lags, Pairs] | None:
        """Order every pair that the bounds leave no choice for; None where neither order of a pair is left."""
        while len(open_pairs):
            (si, ei), (sj, ej) = _moments(open_pairs[:, 0]), _moments(open_pairs[:, 1])
            undone = (lag[ei, sj] < 0) & (lag[ej, si] < 0)
            ij, ji = lag[sj, ei] <= 0, lag[si, ej] <= 0
            if (undone & ~ij & ~ji).any():
                return None
            forced = undone & (ij != ji)
            for i, j in np.where(ij[forced, None], open_pairs[forced], open_pairs[forced, ::-1]):
                tight = tightened(lag, moment(i, end=True), moment(j, end=False), 0)
                if tight is None:
                    return None
                lag = tight
            open_pairs = open_pairs[undone & ~forced]
            if not forced.any():
                break
        return lag, open_pairs

    def _first_clash(self, lag: Lags, open_pairs: Pairs) -> tuple[int, int] | None:
        """Of the open pairs that overlap when everything starts as early as it can, the one that does so first."""
        starts, ends = lag[0, 1::2], lag[0, 2::2]
        i, j = open_pairs[:, 0], open_pairs[:, 1]
        overlap = open_pairs[(starts[i] < ends[j]) & (starts[j] < ends[i])]
        if not len(overlap):
            return None
        first = np.lexsort((overlap[:, 1], overlap[:, 0], np.maximum(starts[overlap[:, 0]], starts[overlap[:, 1]])))[0]
        return int(overlap[first, 0]), int(overlap[first, 1])


def _moments(tasks: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Starts and ends of tasks, as numbers of moments."""
    return 1 + 2 * tasks, 2 + 2 * tasks


def order_tasks(graph: nx.MultiDiGraph, *, progress: Callable[[str], None] | None = None) -> Schedule | NoOrder:
    """The earliest end that windows and machines allow, or why there is none. Everything starts as early as it can."""
    tasks, windows = tasks_of(graph), windows_of(graph)
    n = 1 + 2 * len(tasks)
    bounds = bounds_of(tasks, windows)
    conflict = find_conflict(n, bounds)
    if conflict is not None:
        return NoOrder(conflict=conflict)
    lag = longest(n, bounds)
    pairs = sharing_pairs(tasks)
    sharing = sorted({i for pair in pairs for i in pair})
    machines = dict.fromkeys(tasks[i].resource for i in sharing)
    search = _Search(
        tasks=tasks, tell=progress or (lambda message: None), ends=[moment(i, end=True) for i in range(len(tasks))],
        groups=[[i for i in sharing if tasks[i].resource == machine] for machine in machines],
    )  # fmt: skip
    search.run(lag, np.array(pairs, dtype=np.intp).reshape(-1, 2))
    if search.best is None:
        return NoOrder(clashes=_clashes(tasks, windows, lag, pairs), searched=search.complete)
    rows = [Planned(task=task, start_s=int(search.best[moment(i, end=False)]), end_s=int(search.best[moment(i, end=True)])) for i, task in enumerate(tasks)]
    rank = {task.id: i for i, task in enumerate(tasks)}
    return Schedule(rows=tuple(sorted(rows, key=lambda row: (row.start_s, row.end_s, rank[row.task.id]))), shortest=search.complete)


def sharing_pairs(tasks: Sequence[Task]) -> list[tuple[int, int]]:
    """Pairs that need one machine and take time there."""
    return [
        (i, j)
        for i, j in combinations(range(len(tasks)), 2)
        if tasks[i].resource == tasks[j].resource
        and tasks[i].resource not in UNLIMITED
        and (tasks[i].duration_s or tasks[i].stretches)
        and (tasks[j].duration_s or tasks[j].stretches)
    ]


def _clashes(tasks: Sequence[Task], windows: Sequence[Window], lag: NDArray[np.int64], pairs: Sequence[tuple[int, int]]) -> tuple[Clash, ...]:
    """Pairs of which neither order is left by the windows alone, with the smaller of the two shifts that would help."""
    found = []
    for i, j in pairs:
        si, ei, sj, ej = moment(i, end=False), moment(i, end=True), moment(j, end=False), moment(j, end=True)
        if lag[sj, ei] > 0 and lag[si, ej] > 0:
            a, b = (i, j) if lag[sj, ei] <= lag[si, ej] else (j, i)
            end_a, start_b = moment(a, end=True), moment(b, end=False)
            found.append(
                Clash(
                    first=tasks[a], second=tasks[b], first_until_s=int(lag[0, end_a]), second_from_s=int(lag[0, end_a] - lag[start_b, end_a]),
                    short_s=int(lag[start_b, end_a]),
                )
            )  # fmt: skip
    return tuple(found)
