"""From when two plans differ: the hour of the first act that is not the same. Before it they are one experiment."""

from __future__ import annotations

import math

from .terms.errors import DesignError
from .terms.interventions import Dose, Hold, Intervention, Ramp
from .terms.space import SearchSpace, Settings


def departs_h(space: SearchSpace, settings: Settings, other: Settings) -> float:
    """The hour from which two settings do different things; -inf where they begin differently, +inf where they are the same.

    A reading at that very hour is taken before the act, so it is still common to both.
    """
    mine, others = (_acts(space, told) for told in (settings, other))
    hours = [_begins_h(act, others) for act in mine if act not in others] + [_begins_h(act, mine) for act in others if act not in mine]
    return min(hours, default=math.inf)


def plan_from(space: SearchSpace, done: Settings, plan: Settings, *, now_h: float, name: str = "the plan") -> dict[str, float | str]:
    """A plan for an experiment under way: the settings as done, with what the plan changes.

    Args:
        plan: all factors, or those that change.
        now_h: below zero for an experiment that has not begun: nothing has happened yet.

    Raises:
        DesignError: the plan is not of the space, or changes what has happened already.
    """
    whole = {**done, **plan}
    reasons = space.reasons_against({name: whole[name] for name in whole})
    if reasons:
        raise DesignError(f"Expected settings of this space in {name}, found {'; '.join(reasons)}.")
    departs = departs_h(space, done, whole)
    if now_h >= 0 and departs < now_h - 1e-9:
        changed = [factor for factor in space.names if factor in plan and plan[factor] != done[factor]]
        when = "at the start" if departs == -math.inf else f"at {departs:g} h"
        raise DesignError(
            f"Expected {name} to change only what acts from now ({now_h:g} h) on, found {', '.join(changed)}: it acts {when}, which has "
            f"passed. Change later doses alone, or ask at an earlier hour."
        )
    return whole


def _acts(space: SearchSpace, settings: Settings) -> tuple[Intervention, ...]:
    # a dose of nothing is no act, whenever it is
    return tuple(act for act in space.interventions(settings) if not (isinstance(act, Dose) and act.amount == 0))


def _begins_h(act: Intervention, others: tuple[Intervention, ...]) -> float:
    match act:
        case Dose():
            return act.at_h
        case Hold():
            # the same hold, ended at another hour, differs from the earlier end on
            ends = [other.to_h for other in others if isinstance(other, Hold) and other.model_copy(update={"to_h": act.to_h}) == act]
            return min(act.to_h, *ends) if ends else act.from_h
        case Ramp():
            return act.from_h
        case _:
            return -math.inf
