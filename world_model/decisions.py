"""When each factor of an experiment is decided: at the earliest hour at which it may act."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .terms.factors import Categorical, Factor
from .terms.space import SearchSpace


@dataclass(frozen=True)
class Decision:
    """`factors` are decided at `at_h`."""

    at_h: float
    factors: tuple[str, ...]


def decisions(space: SearchSpace, *, end_h: float) -> tuple[Decision, ...]:
    """What is decided when, in the order of time; what would act at the end or later is decided at the last hour before that.

    Starts, settings and edits are decided at 0 h; a dose, a hold or a ramp when it may first act, together with the time that it
    names.
    """
    hours = {factor.name: _earliest_h(factor, space) for factor in space.factors}
    early = [hour for hour in hours.values() if hour < end_h] or [0.0]
    at = {name: hour if hour < end_h else max(early) for name, hour in hours.items()}
    return tuple(Decision(at_h=hour, factors=tuple(name for name in space.names if at[name] == hour)) for hour in sorted(set(at.values())))


def undecided(space: SearchSpace) -> dict[str, float | str]:
    """What stands for a factor that is not decided yet: the value nearest to doing nothing."""
    return {factor.name: _nothing(factor) for factor in space.factors}


def _nothing(factor: Factor) -> float | str:
    if isinstance(factor, Categorical):
        none: str | None = factor.no_edit
        return none if none is not None else factor.levels[0]
    low, high = factor.bounds
    if factor.action == "time":
        return high
    if factor.kind == "discrete":
        return min(factor.values, key=abs)
    return min(max(0.0, low), high)


def _earliest_h(factor: Factor, space: SearchSpace) -> float:
    if isinstance(factor, Categorical):
        return 0.0
    begins: Mapping[str, float | str | None] = {"dose": factor.at, "hold": factor.from_h, "ramp": factor.from_h}
    told = begins.get(factor.action)
    if factor.action == "time":
        return factor.bounds[0]
    if isinstance(told, str):
        named = space[told]
        return 0.0 if isinstance(named, Categorical) else named.bounds[0]
    return float(told) if told is not None else 0.0
