"""What several goals have come to: the conditions that are beaten in all of them by nothing, and the hypervolume under them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from world_model.pareto import hypervolume, not_dominated, reference_of, scores
from world_model.terms.goals import Goal
from world_model.terms.readings import Dataset

from .best import Compared, compared
from .campaign_state import CampaignState


@dataclass(frozen=True, kw_only=True)
class FrontPoint:
    """One condition; `values` in the goals' order and units, each the mean over its wells."""

    experiment_id: str
    settings: dict[str, float | str]
    values: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Front:
    """Attributes:
    points: the front, by the first goal.
    hypervolume: what the front beats and the reference does not, each goal divided by its span from the reference to its best.
    reference: in the goals' units: `worst` where it is given, else a tenth of the front's range below it.
    compared: conditions that were read for every goal and keep the outcome constraints.
    """

    points: tuple[FrontPoint, ...]
    hypervolume: float
    reference: tuple[float, ...]
    compared: int


def front_of(state: CampaignState, data: Dataset) -> Front | None:
    """The front of a campaign with several goals that nobody has weighed; None of any other, and before anything was read."""
    goals = state.charter.goals
    if len(goals) < 2 or state.charter.join != "pareto":
        return None
    told = compared(state, data)
    usable = comparable(told)
    if not len(usable):
        return None
    values = told.values[usable]
    turned = scores(goals, values)
    reference = reference_of(goals, turned)
    on = np.flatnonzero(not_dominated(turned))
    ordered = on[np.argsort(values[on, 0], kind="stable")]
    points = tuple(
        FrontPoint(
            experiment_id=data.ids[told.rows[usable[i]]], values=tuple(float(number) for number in values[i]),
            settings={name: _plain(column[told.rows[usable[i]]]) for name, column in data.settings.items()},
        ) for i in ordered
    )  # fmt: skip
    span = np.maximum(turned.max(axis=0) - reference, 1e-300)
    volume = hypervolume((turned - reference) / span, np.zeros(len(goals)))
    return Front(points=points, hypervolume=volume, reference=_in_units(goals, reference), compared=len(usable))


def comparable(told: Compared) -> np.ndarray:
    """Positions of the conditions that were read for every goal and keep the outcome constraints."""
    return np.flatnonzero(told.kept & np.isfinite(told.values).all(axis=1))


def _in_units(goals: tuple[Goal, ...], reference: np.ndarray) -> tuple[float, ...]:
    """Scores back to readouts; a goal that matches is told by its distance, as its score is."""
    return tuple(float(-told if goal.direction != "max" else told) for goal, told in zip(goals, reference.tolist(), strict=True))


def _plain(cell: object) -> float | str:
    return cell if isinstance(cell, str) else float(cell)  # type: ignore[arg-type]
