"""From a factor's value to what is forced on the system, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from world_model.terms.act_words import Hour
from world_model.terms.errors import SpaceError, nearest
from world_model.terms.factors import Categorical, Factor
from world_model.terms.interventions import Dose, Edit, Hold, Intervention, Ramp, Set, Start

Settings = Mapping[str, float | str]
_SAME_H = 1e-9  # hours nearer than this are one


def forced_by(factor: Factor, settings: Settings) -> Intervention | None:
    """What one factor forces; None for a time, which belongs to the factors that name it.

    Raises:
        ValidationError: a hold or a ramp that ends before it begins. A `SearchSpace` has no such settings.
    """
    value = settings[factor.name]
    if isinstance(factor, Categorical):
        if factor.action == "edit":
            # the level that leaves the genes alone is an edit of strength 0, so that the settings can be told from the interventions
            return Edit(target=str(value), mode=factor.mode, strength=0.0 if value == factor.no_edit else 1.0)
        return Set(variable=factor.name, value=value)
    match factor.action:
        case "start":
            return Start(variable=factor.name, value=float(value))
        case "set":
            return Set(variable=factor.name, value=value)
        case "dose":
            return Dose(variable=factor.acts_on, at_h=_hour(factor.at, settings), amount=float(value))
        case "hold":
            return Hold(variable=factor.acts_on, from_h=_hour(factor.from_h, settings), to_h=_hour(factor.to_h, settings), value=float(value))
        case "ramp":
            return Ramp(
                variable=factor.acts_on, from_h=_hour(factor.from_h, settings), to_h=_hour(factor.to_h, settings),
                from_value=float(factor.from_value or 0.0), to_value=float(value),
            )  # fmt: skip
        case "edit":
            return Edit(target=factor.acts_on, mode=factor.mode, strength=float(value))
        case "time":
            return None


def settings_behind(forced: Sequence[Intervention], factors: Sequence[Factor]) -> dict[str, float | str]:
    """The values of factors that would force these interventions, for the factors that are told of.

    Each intervention belongs to the first factor, in order, that makes such ones and has no value yet.

    Raises:
        SpaceError: an intervention that no factor makes.
    """
    values: dict[str, float | str] = {}
    for one in forced:
        for factor in factors:
            told = None if factor.name in values else _told(one, factor)
            if told is not None and all(key not in values or abs(float(values[key]) - float(value)) <= _SAME_H for key, value in told.items()):
                values |= told
                break
        else:
            named = one.target if isinstance(one, Edit) else one.variable
            on = [factor.acts_on for factor in factors] + [level for f in factors if isinstance(f, Categorical) and f.action == "edit" for level in f.levels]
            raise SpaceError(f"Expected an intervention that a factor of this space makes, found {one.kind} of {named!r}. {nearest(named, on)}".rstrip())
    return values


def _told(one: Intervention, factor: Factor) -> dict[str, float | str] | None:
    """The values that an intervention gives a factor and its times; None where the factor makes no such intervention."""
    if isinstance(one, Start | Set):
        return {factor.name: one.value} if one.variable == factor.name and factor.action in ("start", "set") else None
    if isinstance(factor, Categorical):
        edits = isinstance(one, Edit) and factor.action == "edit" and one.mode == factor.mode and one.target in factor.levels
        return {factor.name: one.target} if edits else None  # type: ignore[union-attr]
    if one.kind != factor.action:
        return None
    if isinstance(one, Edit):
        return {factor.name: one.strength} if one.target == factor.acts_on and one.mode == factor.mode else None
    if one.variable != factor.acts_on:
        return None
    if isinstance(one, Dose):
        hours = [(factor.at, one.at_h)]
    else:
        hours = [(factor.from_h, one.from_h), (factor.to_h, one.to_h)]
        if isinstance(one, Ramp) and one.from_value != factor.from_value:
            return None
    told: dict[str, float | str] = {factor.name: one.amount if isinstance(one, Dose) else one.to_value if isinstance(one, Ramp) else one.value}
    for asked, hour in hours:
        if isinstance(asked, str):
            told[asked] = hour
        elif asked is None or abs(asked - hour) > _SAME_H:
            return None
    return told


def _hour(asked: Hour | None, settings: Settings) -> float:
    return float(settings[asked]) if isinstance(asked, str) else float(asked or 0.0)
