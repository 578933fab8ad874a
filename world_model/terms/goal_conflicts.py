"""Goals and outcome constraints against each other and against what is measured: what can't be wanted at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from world_model.terms.errors import nearest
from world_model.terms.functionals import Functional
from world_model.terms.goals import Goal, Measurement
from world_model.terms.outcome_constraint import OutcomeConstraint

Join = Literal["pareto", "desirability", "mean desirability"]
ALONE = ("hits", "level set", "information", "discriminate")
_BEST = {"max": "large", "min": "small"}


@dataclass(frozen=True, kw_only=True)
class Conflict:
    """What can't be wanted: `place` is the list and the position in it, `key` the key of the entry that says so (empty: all of it)."""

    place: tuple[Literal["goals", "outcome_constraints"], int]
    key: str
    expected: str
    found: str
    mend: str = ""

    def __str__(self) -> str:
        where = f"{self.place[0]}[{self.place[1]}]" + (f".{self.key}" if self.key else "")
        return f"{where}: expected {self.expected}, found {self.found}" + (f". {self.mend}" if self.mend else "")


def goal_conflicts(
    goals: Sequence[tuple[int, Goal]], constraints: Sequence[tuple[int, OutcomeConstraint]], *, join: Join, measurements: Sequence[Measurement],
    controls: Collection[str],
) -> Iterator[Conflict]:  # fmt: skip
    """Every conflict, in the order of the file.

    Args:
        goals, constraints: those that are whole, with their places in the file.
        measurements: those that are whole; a readout of another one is somebody else's mistake.
        controls: their names.
    """
    whole = {measurement.name: measurement for measurement in measurements}
    for i, goal in goals:
        yield from _times("goals", i, goal, whole)
        yield from _joined(i, goal, join, several=len(goals) > 1)
        yield from _alone(i, goal, join, others=[other for j, other in goals if j != i], constraints=[constraint for _, constraint in constraints])
    for i, constraint in constraints:
        yield from _times("outcome_constraints", i, constraint, whole)
        if constraint.relative_to is not None and constraint.relative_to not in controls:
            mend = nearest(constraint.relative_to, controls) or "Declare it under [[controls]]."
            yield Conflict(place=("outcome_constraints", i), key="relative_to", expected="a control's name", found=repr(constraint.relative_to), mend=mend)
    for (i, one), (j, other) in combinations(goals, 2):
        if one.functional == other.functional:
            yield _against(j, one, other, i)
    for (i, first), (j, second) in combinations(constraints, 2):
        if first.functional == second.functional and first.relative_to == second.relative_to and (broken := _excluded(first, second)):
            room = f"a bound that outcome_constraints[{i}] leaves room for ({first})"
            yield Conflict(place=("outcome_constraints", j), key=broken, expected=room, found=f"{second}", mend="Loosen one of the two.")
    for i, constraint in constraints:
        for j, goal in goals:
            if constraint.functional == goal.functional and constraint.relative_to is None:
                yield from _excludes(i, constraint, j, goal)


def _times(where: Literal["goals", "outcome_constraints"], i: int, read: Functional, whole: dict[str, Measurement]) -> Iterator[Conflict]:
    """Readouts of curves need a curve, and times lie within it."""
    if read.readout not in whole:
        return
    times = whole[read.readout].at_h
    if read.at_h is not None and times and not times[0] <= read.at_h <= times[-1]:
        yield Conflict(place=(where, i), key="at_h", expected=f"a time from {times[0]:g} to {times[-1]:g} h", found=f"{read.at_h:g} h")
    if read.take not in ("end", "peak") and len(times) < 2:
        what = "an area" if read.take == "area" else read.take
        mend = "Give the measurement at_h = [ … ], or take = 'end'."
        yield Conflict(place=(where, i), key="take", expected=f"{what} only of a measurement with at least two times", found=str(len(times)), mend=mend)
    elif read.take == "rate":
        start, end = read.from_h if read.from_h is not None else times[0], read.to_h if read.to_h is not None else times[-1]
        inside = [time for time in times if start <= time <= end]
        if len(inside) < 2:
            key = "to_h" if read.from_h is None else "from_h"
            yield Conflict(place=(where, i), key=key, expected="a window with at least two readings in it", found=f"{len(inside)} from {start:g} to {end:g} h", mend=f"Readings are at {', '.join(f'{time:g}' for time in times)} h.")


def _joined(i: int, goal: Goal, join: Join, *, several: bool) -> Iterator[Conflict]:
    """Ramps and weights belong to goals that are joined to one desirability, worst values to those that are not."""
    place: tuple[Literal["goals"], int] = ("goals", i)
    if join != "pareto":
        if goal.low is None:
            ends = "worth nothing and worth 1"
            yield Conflict(place=place, key="", expected=f"low and high of each goal with join = {join!r}", found="none", mend=f"They are the values that are {ends}, in the readout's unit.")
        if goal.worst is not None:
            yield Conflict(place=place, key="worst", expected="worst only with join = 'pareto'", found=f"join = {join!r}", mend="The ramp's bad end says it here: low (high, where less is better).")
        return
    if goal.weight != 1.0:
        mend = "Join them: join = 'desirability', with low and high of each goal. A Pareto front weighs nothing." if several else "One goal needs none."
        yield Conflict(place=place, key="weight", expected="a weight only where goals are joined to one number", found=f"weight = {goal.weight:g} with join = 'pareto'", mend=mend)
    if goal.low is not None and goal.direction != "range":
        mend = "Join them: join = 'desirability'. " if several else ""
        yield Conflict(place=place, key="low", expected="low and high with direction = 'range', or where goals are joined to one desirability", found=f"direction = {goal.direction!r} with join = 'pareto'", mend=f"{mend}A bound that must be kept is an [[outcome_constraints]].")
    if goal.worst is not None and not several:
        yield Conflict(place=place, key="worst", expected="worst only where there are several goals", found="one goal", mend="A bound that must be kept is an [[outcome_constraints]].")


def _alone(i: int, goal: Goal, join: Join, *, others: Sequence[Goal], constraints: Sequence[OutcomeConstraint]) -> Iterator[Conflict]:
    """What is no one best experiment can't be weighed against one."""
    if goal.direction not in ALONE:
        return
    place: tuple[Literal["goals"], int] = ("goals", i)
    if others:
        mend = "Plan a campaign for each of them; a later one may take the data of an earlier one."
        yield Conflict(place=place, key="direction", expected=f"a goal with direction = {goal.direction!r} to be the only one", found=f"{len(others) + 1} goals", mend=mend)
    elif join != "pareto":
        yield Conflict(place=place, key="direction", expected="one number to be joined to a desirability", found=f"direction = {goal.direction!r} with join = {join!r}", mend="Leave join out.")
    if goal.direction in ("hits", "discriminate") and constraints:
        yield Conflict(place=place, key="direction", expected=f"no outcome constraints beside direction = {goal.direction!r}", found=f"{len(constraints)}", mend="Keep the factors within safe bounds, or leave unsafe candidates out of the table.")


def _against(j: int, one: Goal, other: Goal, i: int) -> Conflict:
    if one.direction == other.direction and one.target == other.target and (one.low, one.high) == (other.low, other.high):
        found, mend = f"goals[{i}] again", "Leave one out."
    elif {one.direction, other.direction} == {"max", "min"}:
        found, mend = f"{str(other)!r} beside {str(one)!r}", "Both can't be: whatever is measured is best in one of them. Say which, or match a target."
    else:
        found, mend = f"{str(other)!r} beside {str(one)!r}", "One number can be wanted in one way. A bound that must be kept is an [[outcome_constraints]]."
    return Conflict(place=("goals", j), key="direction", expected="each number wanted in one way", found=found, mend=mend)


def _excluded(one: OutcomeConstraint, other: OutcomeConstraint) -> str:
    """The key of the second that leaves nothing together with the first; empty where both can hold."""
    if other.at_most is not None and one.at_least is not None and other.at_most <= one.at_least:
        return "at_most"
    if other.at_least is not None and one.at_most is not None and other.at_least >= one.at_most:
        return "at_least"
    return ""


def _excludes(i: int, constraint: OutcomeConstraint, j: int, goal: Goal) -> Iterator[Conflict]:
    """A bound that forbids what a goal wants of the same number."""
    low, high = (float("-inf") if constraint.at_least is None else constraint.at_least), (float("inf") if constraint.at_most is None else constraint.at_most)
    wanted: tuple[str, bool] | None = None
    if goal.target is not None:
        wanted = (f"its target {goal.target:g}", not low <= goal.target <= high)
    elif goal.direction == "range" and goal.low is not None and goal.high is not None:
        wanted = (f"its range {goal.low:g} to {goal.high:g}", goal.high < low or goal.low > high)
    else:
        # what is worth anything begins here
        floor = goal.worst if goal.worst is not None else goal.low if goal.direction == "max" else goal.high
        if floor is not None:
            wanted = (f"what is worth anything, from {floor:g} on", high <= floor if goal.direction == "max" else low >= floor)
    if wanted is not None and wanted[1]:
        key = "at_most" if constraint.at_most is not None else "at_least"
        yield Conflict(place=("outcome_constraints", i), key=key, expected=f"a bound that goals[{j}] can meet ({goal})", found=f"{constraint}, which excludes {wanted[0]}", mend="Loosen the bound, or change the goal.")
