"""What a campaign wants, in words: its goals, how they are joined, what outcomes must keep to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from world_model.terms.goal_conflicts import Join
    from world_model.terms.goals import Goal
    from world_model.terms.outcome_constraint import OutcomeConstraint

_JOINED: dict[Join, str] = {
    "pareto": "nobody has weighed these goals: the planner widens the front of what is beaten in all of them by nothing",
    "desirability": "joined to one desirability, the weighted geometric mean: a goal that is not met at all is made up for by nothing",
    "mean desirability": "joined to one desirability, the weighted mean: one goal may make up for another",
}


def told_goals(goals: Sequence[Goal], join: Join, constraints: Sequence[OutcomeConstraint]) -> list[str]:
    """A line each."""
    lines = [f"goal: {goal.in_full}" for goal in goals]
    if len(goals) > 1 or join != "pareto":
        lines.append(_JOINED[join])
    return lines + [f"must hold: {constraint}" for constraint in constraints]
