"""Those who choose rows in a back-test: nextwell through its public door, chance, distance, and two plain models on BoTorch.

Each is told which rows were measured and what they gave (bigger is better), and names rows that were not measured yet.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Protocol

import numpy as np

from world_model.terms.errors import NextwellError, nearest
from world_model.terms.goals import Goal
from world_model.terms.space import SearchSpace

from .planner_problem import Problem

ALWAYS = ("random", "space-filling")  # run along in every back-test


class Rival(Protocol):
    """A planner of rows. `observe` is called with what it proposed, and once before with the initial rows."""

    def observe(self, rows: Sequence[int], y: np.ndarray) -> None: ...

    def propose(self, n: int) -> Sequence[int]:
        """`n` distinct rows that were not observed."""


class Told:
    """What a rival knows: the problem without its answers, and the rows that were read."""

    def __init__(self, problem: Problem, seed: int) -> None:
        self.problem, self.seed = problem, seed
        self.rows: list[int] = []
        self.y: list[float] = []

    def observe(self, rows: Sequence[int], y: np.ndarray) -> None:
        self.rows += map(int, rows)
        self.y += map(float, y)

    @property
    def free(self) -> np.ndarray:
        """Rows that were not observed, in order."""
        left = np.ones(len(self.problem), dtype=bool)
        left[self.rows] = False
        return np.flatnonzero(left)


class Chance(Told):
    """Rows at random."""

    def __init__(self, problem: Problem, seed: int) -> None:
        super().__init__(problem, seed)
        self._rng = np.random.default_rng(seed + 10_000)

    def propose(self, n: int) -> Sequence[int]:
        return [int(row) for row in self._rng.choice(self.free, n, replace=False)]


class Distance(Told):
    """The row that is farthest from every measured one, again and again: it never looks at an answer.

    Source: farthest-point design, Kennard & Stone (1969).
    """

    def propose(self, n: int) -> Sequence[int]:
        unit = self.problem.unit
        gap = np.full(len(unit), np.inf)
        for row in self.rows:
            gap = np.minimum(gap, np.square(unit - unit[row]).sum(axis=1))
        gap[self.rows] = -1.0
        chosen: list[int] = []
        while len(chosen) < n:
            chosen.append(int(gap.argmax()))
            gap = np.minimum(gap, np.square(unit - unit[chosen[-1]]).sum(axis=1))
            gap[chosen] = -1.0
        return chosen


class PlainBoTorch(Told):
    """BoTorch's defaults, see `planner.plain.improvement`."""

    def propose(self, n: int) -> Sequence[int]:
        from planner.plain.improvement import best_rows

        return best_rows(self.problem.unit, self.rows, self.y, n=n, seed=self.seed * 1_000 + len(self.rows))


class Edbo(Told):
    """EDBO's kernel, priors and acquisition, see `planner.plain.edbo`."""

    def propose(self, n: int) -> Sequence[int]:
        from planner.plain.edbo import believed_rows

        return believed_rows(self.problem.unit, self.rows, self.y, n=n, described=bool(self.problem.descriptors))


class Nextwell(Told):
    """nextwell as a notebook uses it: the table as candidates, descriptors where the problem has them, its defaults."""

    def __init__(self, problem: Problem, seed: int) -> None:
        super().__init__(problem, seed)
        from ..campaign import Campaign  # what `nextwell.Campaign` is

        space = SearchSpace.from_table(problem.table, descriptors=problem.descriptors)
        goal = Goal(**{"readout": problem.target, "direction": problem.direction, **problem.goal})
        self._sign = 1.0 if problem.direction == "max" else -1.0
        self._campaign = Campaign(space=space, goals=[goal], seed=seed)

    def observe(self, rows: Sequence[int], y: np.ndarray) -> None:
        super().observe(rows, y)
        self._campaign.record(self.problem.table.iloc[list(rows)].assign(candidate=list(map(int, rows)), **{self.problem.target: self._sign * y}))

    def propose(self, n: int) -> Sequence[int]:
        return [int(row) for row in self._campaign.propose(n)["candidate"]]


OWN: dict[str, Callable[[Problem, int], Rival]] = {
    "nextwell": Nextwell, "random": Chance, "space-filling": Distance, "botorch": PlainBoTorch, "edbo": Edbo,
}  # fmt: skip
PEERS = {"baybe": "planner_baybe", "ax": "planner_ax", "bofire": "planner_bofire"}
PACKAGES = {"baybe": "baybe", "ax": "ax", "bofire": "bofire"}


def open_rival(name: str, problem: Problem, seed: int) -> Rival:
    """A rival at the start of one run."""
    if name in OWN:
        return OWN[name](problem, seed)
    factory: Callable[[Problem, int], Rival] = import_module(f".{PEERS[name]}", __package__).Peer
    return factory(problem, seed)


def rivals_that_run(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """The planners of a run, nextwell first and chance always among them; and who was asked for and is not installed.

    Raises:
        NextwellError: an unknown name.
    """
    for name in names:
        if name not in OWN and name not in PEERS:
            raise NextwellError(f"Expected planners to compare with, found {name!r}. {nearest(name, [*OWN, *PEERS])}")
    asked = list(dict.fromkeys(["nextwell", *ALWAYS, *names]))
    absent = [name for name in asked if name in PEERS and find_spec(PACKAGES[name]) is None]
    return [name for name in asked if name not in absent], [f"{name} is not installed here, and is left out" for name in absent]
