"""Dilutions that nextwell plans itself, where every stock of a component is too strong to be pipetted."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..device import Device
from .demands import Demand
from .mixture import precise_nl
from .strengths import Strengths

# Factors that a person can check at a glance.
FACTORS = (2, 4, 5, 10, 20, 25, 50, 100)
# A dilution of a dilution of a dilution: beyond that its error is no longer worth the name.
MOST_LEVELS = 3
# Of the room in a well one component's dilution may take so much: the others need room too.
MOST_SHARE = 0.1


@dataclass(frozen=True, kw_only=True)
class DilutionRecipe:
    """One part of `parent` in `factor` parts. `level` counts the dilutions between it and a stock."""

    name: str
    parent: str
    factor: int
    level: int


@dataclass(frozen=True, kw_only=True)
class Widened:
    """Strengths with dilutions among them, and how each is made, weakest last."""

    strengths: Strengths
    recipes: tuple[DilutionRecipe, ...]


def widen(
    strengths: Strengths, demands: Iterable[Demand], *, devices: Mapping[str, Device], making: Device, diluent: str, final_nl: int, room_nl: int
) -> Widened:
    """Add the dilutions that bring every demand's components into the pipettes' range.

    Args:
        demands: of experiments that could not be mixed from the stocks.
        devices: stock → what dispenses it. `making`: what makes dilutions, and dispenses from them.
        diluent: the stock that dilutes.
        room_nl: what a well has beside what is fixed.
    """
    targets: dict[str, set[float]] = {}
    for demand in demands:
        for minute in (0, *demand.minutes):
            for component, target in demand.target(minute).items():
                if target > 0:
                    targets.setdefault(component, set()).add(target)
    of = {name: dict(brings) for name, brings in strengths.of.items()}
    recipes: dict[str, DilutionRecipe] = {}
    thin = of.get(diluent, {})
    for component, wanted in sorted(targets.items()):
        if component in thin:
            continue
        own = {name: brings[component] for name, brings in strengths.of.items() if set(brings) & strengths.controlled == {component}}
        least_nl = precise_nl(making, final_nl)
        reached: dict[str, float] = {}
        for target in sorted(wanted, reverse=True):
            volumes = {stock: target * final_nl / strength for stock, strength in own.items()}
            too_strong = [stock for stock, volume in volumes.items() if volume < devices[stock].least_nl]
            if len(too_strong) < len([stock for stock, volume in volumes.items() if volume <= room_nl]) or not too_strong:
                continue
            parent = max(too_strong, key=lambda stock: (volumes[stock], stock))
            if target * final_nl >= reached.get(parent, float("inf")) * least_nl:
                continue
            # as strong as the largest target still allows, so that the smaller ones below it are reached too
            total = _factor(least_nl / volumes[parent], most=MOST_SHARE * room_nl / volumes[parent])
            chain = _from_another(parent, total, recipes.values()) or _chain(parent, total)
            if chain is None:
                continue
            for recipe in chain:
                if recipe.name not in recipes:
                    recipes[recipe.name] = recipe
                    brings = of[recipe.parent]
                    of[recipe.name] = {
                        name: brings.get(name, 0.0) / recipe.factor + thin.get(name, 0.0) * (1 - 1 / recipe.factor) for name in {**brings, **thin}
                    }
            reached[parent] = of[chain[-1].name][component]
    ordered = sorted(recipes.values(), key=lambda recipe: recipe.level)
    return Widened(strengths=Strengths(of=of, units=strengths.units, scale=strengths.scale, controlled=strengths.controlled, findings=strengths.findings), recipes=tuple(ordered))


def _factor(least: float, *, most: float) -> float:
    """A dilution factor between what the pipette needs and what the well has room for, nearer to the latter: one dilution then
    reaches many targets."""
    return max(least, min(most, least * 10))


def _from_another(stock: str, total: float, made: Iterable[DilutionRecipe]) -> tuple[DilutionRecipe, ...] | None:
    """One more step from a dilution of the same stock that is made anyway, where one step from the stock is too far."""
    if total <= FACTORS[-1]:
        return None
    for before in made:
        reached = int(before.name.rpartition(":")[2])
        if before.name == _named(stock, reached) and before.level < MOST_LEVELS and total <= reached * FACTORS[-1]:
            factor = next(factor for factor in FACTORS if factor * reached >= total * (1 - 1e-9))
            return (DilutionRecipe(name=_named(stock, reached * factor), parent=before.name, factor=factor, level=before.level + 1),)
    return None


def _named(stock: str, total: int) -> str:
    # a colon can't be part of a stock's name
    return f"{stock} 1:{total}"


def _chain(parent: str, total: float) -> tuple[DilutionRecipe, ...] | None:
    """Factors whose product is at least `total`, as few as can be; None beyond the levels allowed."""
    for levels in range(1, MOST_LEVELS + 1):
        each = total ** (1 / levels)
        if each > FACTORS[-1] * (1 + 1e-9):
            continue
        factors: list[int] = []
        for left in range(levels, 0, -1):
            needed = total / math.prod(factors)
            factors.append(next(factor for factor in FACTORS if factor >= needed ** (1 / left) * (1 - 1e-9)))
        chain: list[DilutionRecipe] = []
        for level, factor in enumerate(factors, start=1):
            name = _named(parent, math.prod(factors[:level]))
            chain.append(DilutionRecipe(name=name, parent=chain[-1].name if chain else parent, factor=factor, level=level))
        return tuple(chain)
    return None
