"""From an experiment's settings to what is done to a mechanism: values at the start, and changes in the order of time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, assert_never

from world_model.terms.errors import MechanismError, nearest
from world_model.terms.mechanism_doc import DoseTarget, HoldTarget, How, InitialTarget, ParameterTarget, Quantity, RampTarget, Target
from world_model.terms.space import Settings


@dataclass(frozen=True, kw_only=True)
class Start:
    """A value before the run: of a constant, or of a species where `quantity` says as what."""

    target: str
    value: float
    how: How
    quantity: Quantity | None = None

    def on(self, before: float) -> float:
        """The new value, in place of one."""
        match self.how:
            case "set":
                return self.value
            case "multiply":
                return before * self.value
            case "inhibit":
                return before * (1.0 - self.value)
            case _:
                assert_never(self.how)


@dataclass(frozen=True, kw_only=True)
class Change:
    """Something done at one time.

    Attributes:
        does: `add` to a species; `set` a value; `to`: move linearly from now on, so that `value` is reached at `until_h`;
            `hold` a value until `restore`, which brings back what was before.
    """

    at_h: float
    target: str
    does: Literal["add", "set", "hold", "restore", "to"]
    value: float = 0.0
    until_h: float = 0.0
    quantity: Quantity = "concentration"


@dataclass(frozen=True)
class Doings:
    """All that is done in one experiment; `changes` are in the order of time."""

    starts: tuple[Start, ...]
    changes: tuple[Change, ...]


def doings(targets: Mapping[str, Target], settings: Settings) -> Doings:
    """What these settings do.

    Raises:
        MechanismError: a factor without a value, or with one that its target can't take.
    """
    starts: list[Start] = []
    changes: list[Change] = []
    for factor, target in targets.items():
        value = _value(factor, target, settings)
        match target:
            case ParameterTarget():
                starts.append(Start(target=target.target, value=value, how=target.how))
            case InitialTarget():
                starts.append(Start(target=target.target, value=value, how=target.how, quantity=target.quantity))
            case DoseTarget():
                at_h = _hour(target.at_h, settings)
                changes.append(Change(at_h=at_h, target=target.target, does="add", value=value, quantity=target.quantity))
            case HoldTarget():
                from_h, to_h = _span(factor, target, settings)
                changes.append(Change(at_h=from_h, target=target.target, does="hold", value=value))
                changes.append(Change(at_h=to_h, target=target.target, does="restore"))
            case RampTarget():
                from_h, to_h = _span(factor, target, settings)
                if target.from_value is not None:
                    changes.append(Change(at_h=from_h, target=target.target, does="set", value=target.from_value * target.scale))
                changes.append(Change(at_h=from_h, target=target.target, does="to", value=value, until_h=to_h))
                changes.append(Change(at_h=to_h, target=target.target, does="set", value=value))
            case _:
                assert_never(target)
    return Doings(starts=tuple(starts), changes=tuple(sorted(changes, key=lambda change: change.at_h)))


def _value(factor: str, target: Target, settings: Settings) -> float:
    given = _given(factor, settings)
    if isinstance(given, str):
        if given not in target.levels:
            raise MechanismError(
                f"Expected a value for level {given!r} of {factor!r} in the mechanism (levels), found none. {nearest(given, target.levels)}"
            )
        return target.value(target.levels[given])
    return target.value(float(given))


def _given(factor: str, settings: Settings) -> float | str:
    if factor not in settings:
        raise MechanismError(f"Expected a setting of {factor!r}, which the mechanism takes, found none. {nearest(factor, settings)}")
    return settings[factor]


def _hour(when: float | str, settings: Settings) -> float:
    return float(_given(when, settings)) if isinstance(when, str) else when


def _span(factor: str, target: HoldTarget | RampTarget, settings: Settings) -> tuple[float, float]:
    from_h, to_h = _hour(target.from_h, settings), _hour(target.to_h, settings)
    if to_h <= from_h:
        raise MechanismError(f"Expected {factor!r} to end after it begins at {from_h:g} h, found {to_h:g} h.")
    return from_h, to_h
