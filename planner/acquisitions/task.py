"""What is wanted of a batch, as the planner sees it."""

from __future__ import annotations

from dataclasses import dataclass

from world_model.terms.goals import Goal


@dataclass(frozen=True)
class Task:
    """What a batch is judged by, the same for every way to choose one.

    Attributes:
        goals: as the model reads them, at least one.
    """

    goals: tuple[Goal, ...]

    @property
    def readouts(self) -> tuple[Goal, ...]:
        """Everything that is read out of a trajectory to judge it, goals first."""
        return self.goals
