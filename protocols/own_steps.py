"""Which of the woven steps is which of the user's own [[steps]]."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from world_model.terms.steps import PlateStep

from .intent import Step

# What weaving changes where it cuts a step in two.
_CUT = {"duration": True, "start": True, "until": True}
_MAY_BE_CUT = ("incubate", "read")


def own_numbers(woven: Sequence[Step], own: Sequence[PlateStep]) -> Mapping[int, int]:
    """Position in `woven`, from 0 → number among the user's steps, from 1. What nextwell added is absent.

    A step that was cut keeps its number in each part. Of steps that are alike, the first that is not yet found is meant.
    """
    found: dict[int, int] = {}
    used: set[int] = set()
    last: int | None = None
    for position, step in enumerate(woven):
        told = step.model_dump(exclude=_CUT if step.kind in _MAY_BE_CUT else None)
        alike = [number for number, one in enumerate(own, start=1) if one.kind == step.kind and one.model_dump(exclude=_CUT if one.kind in _MAY_BE_CUT else None) == told]
        fresh = next((number for number in alike if number not in used), None)
        # a part of a step that was cut follows what interrupted it: no step of the user's lies between
        number = last if step.kind in _MAY_BE_CUT and last in alike else fresh if fresh is not None else alike[-1] if alike else None
        if number is not None:
            found[position] = number
            used.add(number)
            if step.kind in _MAY_BE_CUT or not _has_own_time(own[number - 1]):
                last = number
    return found


def _has_own_time(step: PlateStep) -> bool:
    """Samples, and pauses at an hour, stand where their time is and not where the user wrote them."""
    return step.kind == "sample" or (step.kind == "pause" and step.at is not None)
