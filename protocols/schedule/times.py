"""A simple temporal network: every bound is `time of b - time of a ≥ weight`; longest paths say what the bounds together ask.

Source: Dechter, Meiri, Pearl, "Temporal constraint networks", Artificial Intelligence 49:61 (1991). A set of such bounds can
be kept if and only if no circle of them has a positive sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .tasks import Task, Window

# Far below any sum of bounds, and far above what would run over when two are added.
NEVER = np.int64(-(2**60))


@dataclass(frozen=True, kw_only=True)
class Bound:
    """time(after) - time(before) ≥ weight_s; moments are numbers, 0 is the zero. `why` is told when it can't be kept."""

    before: int
    after: int
    weight_s: int
    why: str


def moment(task: int, *, end: bool) -> int:
    """The number of a task's start or end; 0 is the schedule's zero."""
    return 1 + 2 * task + int(end)


def bounds_of(tasks: Sequence[Task], windows: Sequence[Window]) -> list[Bound]:
    """All that tasks and windows ask, but for machines that are busy."""
    number = {task.id: i for i, task in enumerate(tasks)}
    told: list[Bound] = []
    for i, task in enumerate(tasks):
        start, end = moment(i, end=False), moment(i, end=True)
        takes = f"{task.what} takes {clock(task.duration_s)}"
        told.append(Bound(before=start, after=end, weight_s=task.duration_s, why=takes))
        if not task.stretches:
            told.append(Bound(before=end, after=start, weight_s=-task.duration_s, why=takes))
        told.append(Bound(before=0, after=start, weight_s=task.earliest_s or 0, why=f"{task.what} from {clock(task.earliest_s or 0)} on"))
        if task.latest_s is not None:
            told.append(Bound(before=start, after=0, weight_s=-task.latest_s, why=f"{task.what} at {clock(task.latest_s)} at the latest"))
    for window in windows:
        first = moment(number[window.before], end=window.of_before == "end")
        second = moment(number[window.after], end=window.of_after == "end")
        names = f"{tasks[number[window.before]].what} → {tasks[number[window.after]].what}"
        told.append(Bound(before=first, after=second, weight_s=window.at_least_s, why=f"{window.why or names}: at least {clock(window.at_least_s)}"))
        if window.at_most_s is not None:
            told.append(Bound(before=second, after=first, weight_s=-window.at_most_s, why=f"{window.why or names}: at most {clock(window.at_most_s)}"))
    return told


@dataclass(frozen=True, kw_only=True)
class Conflict:
    """Bounds that can't all be kept: together they ask for `short_s` more than there is."""

    bounds: tuple[Bound, ...]
    short_s: int

    @property
    def reasons(self) -> tuple[str, ...]:
        """The bounds in words, each once; those that only say that time runs forward left out."""
        return tuple(dict.fromkeys(bound.why for bound in self.bounds if bound.weight_s != 0 or len(self.bounds) <= 2))


def find_conflict(n_moments: int, bounds: Sequence[Bound]) -> Conflict | None:
    """A circle of bounds with a positive sum (Bellman-Ford); None where all can be kept."""
    time = np.zeros(n_moments, dtype=np.int64)
    came: list[Bound | None] = [None] * n_moments
    last = -1
    for _ in range(n_moments):
        last = -1
        for bound in bounds:
            if time[bound.before] + bound.weight_s > time[bound.after]:
                time[bound.after] = time[bound.before] + bound.weight_s
                came[bound.after] = bound
                last = bound.after
        if last < 0:
            return None
    at = last
    for _ in range(n_moments):  # back into the circle
        step = came[at]
        assert step is not None
        at = step.before
    circle: list[Bound] = []
    while True:
        step = came[at]
        assert step is not None
        circle.append(step)
        at = step.before
        if at == circle[0].after:
            break
    circle.reverse()
    return Conflict(bounds=tuple(circle), short_s=sum(bound.weight_s for bound in circle))


def longest(n_moments: int, bounds: Sequence[Bound]) -> NDArray[np.int64]:
    """`m x m`: how long after moment a moment b is at least; NEVER where nothing binds them. The bounds must be free of conflict."""
    lag = np.full((n_moments, n_moments), NEVER, dtype=np.int64)
    np.fill_diagonal(lag, 0)
    for bound in bounds:
        lag[bound.before, bound.after] = max(lag[bound.before, bound.after], bound.weight_s)
    for middle in range(n_moments):
        np.maximum(lag, lag[:, middle, None] + lag[None, middle, :], out=lag)
    lag[lag < NEVER // 2] = NEVER
    return lag


def tightened(lag: NDArray[np.int64], before: int, after: int, weight_s: int) -> NDArray[np.int64] | None:
    """The longest paths with one more bound; None where it can't be kept."""
    if lag[after, before] + weight_s > 0:
        return None
    if lag[before, after] >= weight_s:
        return lag
    via = lag[:, before, None] + weight_s + lag[None, after, :]
    tight = np.maximum(lag, via)
    tight[tight < NEVER // 2] = NEVER
    return tight


def clock(seconds: int) -> str:
    """`45 s`, `6 min`, `2 h 03 min`, as a person says it."""
    sign, left = ("-" if seconds < 0 else ""), abs(int(seconds))
    hours, left = divmod(left, 3600)
    minutes, rest = divmod(left, 60)
    if hours:
        return f"{sign}{hours} h" + (f" {minutes:02d} min" if minutes or rest else "") + (f" {rest:02d} s" if rest else "")
    if minutes:
        return f"{sign}{minutes} min" + (f" {rest:02d} s" if rest else "")
    return f"{sign}{rest} s"
