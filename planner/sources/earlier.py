"""Earlier data as the planner takes them: rows of the campaign's factors and measurements, read under other conditions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from world_model.terms.factors import Categorical
from world_model.terms.readings import Dataset
from world_model.terms.space import SearchSpace

# covariate: rows join with the number that differs as an input; same: nothing differs, rows join as they are; task: rows join with a
# random effect of the source, an offset and a function of the factors of its own; off: rows are left out
Route = Literal["covariate", "same", "task", "off"]


@dataclass(frozen=True)
class Earlier:
    """One source.

    Attributes:
        data: on the campaign's times and variables; `settings` hold the source's own values, also of factors that the campaign keeps
            at one value. Levels that the campaign does not know are left out beforehand.
        unlike: names of what differs in no number (the cell line), or that nobody can compare (a simulator): such a source joins as a
            task alone.
        cost: of one row where an experiment of the campaign costs 1; 0 for what is there already.
    """

    name: str
    data: Dataset
    unlike: tuple[str, ...] = ()
    cost: float = 0.0

    def routes(self, space: SearchSpace) -> tuple[Route, ...]:
        """How it may join, the one that is believed before there is evidence first."""
        if self.unlike:
            return ("task",)
        return ("covariate" if covariates(space, self.data) else "same", "task")


def fixed_numbers(space: SearchSpace) -> dict[str, float]:
    """Numeric factors that the campaign keeps at one value."""
    told = {}
    for factor in space.factors:
        if isinstance(factor, Categorical):
            continue
        low, high = factor.bounds
        if space.candidates is not None:
            column = space.candidates.columns[factor.name]
            low, high = float(column.min()), float(column.max())
        if high <= low:
            told[factor.name] = float(low)
    return told


def covariates(space: SearchSpace, data: Dataset) -> dict[str, np.ndarray]:
    """Fixed factor → `n` differences of the rows from the campaign's value, in the factor's unit; only those where some row differs."""
    told = {name: np.asarray(data.settings[name], dtype=float) - value for name, value in fixed_numbers(space).items()}
    return {name: away for name, away in told.items() if np.abs(away).max(initial=0.0) > 1e-9}


def described(space: SearchSpace, one: Earlier, route: Route) -> str:
    """The route in words."""
    match route:
        case "covariate":
            return f"joined by {', '.join(covariates(space, one.data))} itself"
        case "same":
            return "joined as it is"
        case "task":
            return "joined as a related task"
        case "off":
            return "switched off"


def names_of(sources: Sequence[Earlier]) -> list[str]:
    """In order."""
    return [one.name for one in sources]
