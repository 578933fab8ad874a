"""What is wanted of a batch, as the planner sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from world_model.terms.functionals import Functional
from world_model.terms.goal_conflicts import Join
from world_model.terms.goals import Goal
from world_model.terms.outcome_constraint import OutcomeConstraint
from world_model.terms.space import Settings

from ..beliefs.beliefs import Beliefs


@dataclass(frozen=True)
class Task:
    """What a batch is judged by, the same for every way to choose one.

    Attributes:
        goals: as the model reads them, at least one.
        constraints: what outcomes must keep to, as the model reads them.
        join: how several goals are weighed against each other.
        controls: name → settings of the controls that constraints are relative to.
        beliefs: where experiments may fail and where the best is thought to be; None where nothing is believed.
    """

    goals: tuple[Goal, ...]
    constraints: tuple[OutcomeConstraint, ...] = ()
    join: Join = "pareto"
    controls: Mapping[str, Settings] = field(default_factory=dict)
    beliefs: Beliefs | None = None

    @property
    def readouts(self) -> tuple[Functional, ...]:
        """Everything that is read out of a trajectory to judge it, goals first."""
        return (*self.goals, *self.constraints)

    @property
    def is_front(self) -> bool:
        """True where no one number is maximised: several goals that nobody has weighed."""
        return self.join == "pareto" and len(self.goals) > 1

    @property
    def chances(self) -> tuple[OutcomeConstraint, ...]:
        """The constraints that a proposal must keep with a stated probability."""
        return tuple(one for one in self.constraints if one.probability is not None)
