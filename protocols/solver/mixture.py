"""One well at one time: how much of which liquids. Enumerated where each brings one component, else a small mixed-integer programme."""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from ..device import Device
from ..quiet_milp import milp
from ..volumes import to_step

# Where small volumes are preferred: not below this many steps, if the stocks allow, so that half a step is at most 2.5 %.
PRECISE_STEPS = 20
# Choices of one liquid a component that are looked at one by one; more are left to the mixed-integer programme.
MOST_CHOICES = 4096


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What a mixture must be.

    Attributes:
        targets: controlled component → concentration at the final volume; a component that is absent must stay absent.
        strengths: liquid → component → concentration, of the liquids that may be used, the diluent among them.
        controlled: the components that count.
        diluent: the liquid that fills up to `total_nl`; None where nothing fills up (an addition).
        total_nl: the volume that this stage must give; None where it is whatever the liquids need.
        final_nl: the volume that the targets refer to.
        fixed: liquids whose volume is set beforehand (cells), nanolitres.
        devices: liquid → what moves it: each volume is 0 or at least its least, in its steps.
        most_nl: the most that this stage may add.
        prefer: `large` volumes, which rounding hurts least; or `small` ones, which dilute a growing culture least.
        precise: whether small volumes keep a distance from the device's least: if the liquids allow, at all costs, or not.
        solvents: liquid → solvent → volume fraction, for the solvents that are limited.
        solvent_room_nl: solvent → what this stage may bring of it, nanolitres. `solvent_caps`: % (v/v) of it in the whole well.
    """

    targets: Mapping[str, float]
    strengths: Mapping[str, Mapping[str, float]]
    controlled: frozenset[str]
    diluent: str | None
    total_nl: int | None
    final_nl: int
    fixed: Mapping[str, int]
    devices: Mapping[str, Device]
    most_nl: int
    prefer: Literal["large", "small"] = "large"
    solvents: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    solvent_room_nl: Mapping[str, float] = field(default_factory=dict)
    solvent_caps: Mapping[str, float] = field(default_factory=dict)
    precise: Literal["try", "must", "no"] = "try"

    def least_nl(self, liquid: str) -> int:
        device = self.devices[liquid]
        return precise_nl(device, self.final_nl) if self.precise == "must" else device.least_nl

    @property
    def room_nl(self) -> int:
        """What is left beside the fixed liquids."""
        return (self.total_nl if self.total_nl is not None else self.most_nl) - sum(self.fixed.values())

    def brings(self, liquid: str) -> set[str]:
        """The controlled components of a liquid."""
        return {component for component in self.strengths[liquid] if component in self.controlled}


def precise_nl(device: Device, final_nl: int) -> int:
    """The least volume that is measured well: twenty steps, but no more than a twentieth of the well."""
    return max(device.least_nl, min(PRECISE_STEPS * device.step_nl, final_nl // 20))


def usable_stocks(recipe: Recipe) -> list[str]:
    """The liquids that bring something wanted and nothing unwanted; the diluent always."""
    wanted = {name for name, amount in recipe.targets.items() if amount > 0}
    return [
        stock
        for stock, brings in recipe.strengths.items()
        if stock not in recipe.fixed
        and (stock == recipe.diluent or (wanted & set(brings) and not (set(brings) & recipe.controlled) - wanted))
    ]


def mix(recipe: Recipe) -> dict[str, int] | None:
    """Liquid → nanolitres (multiples of its device's step, no zeros), or None where no volumes reach the targets.

    The fewest liquids win, and among those the largest (or smallest) volumes. Diluent makes up the rest to the step, so the
    total is exact; every other volume is off by half a step at most.

    Source: semi-continuous volumes by a binary for each liquid; solved by HiGHS (scipy.optimize.milp). Where each liquid
    brings one controlled component, one liquid a component is the fewest, and the best choice of them is enumerated.
    """
    if recipe.prefer == "small" and recipe.precise == "try":
        precise = mix(replace(recipe, precise="must"))
        if precise is not None:
            return precise
    stocks = usable_stocks(recipe)
    if recipe.room_nl < 0:
        return None
    if not stocks:
        empty = not any(recipe.targets.values()) and recipe.total_nl in (None, sum(recipe.fixed.values()))
        return dict(recipe.fixed) if empty else None
    if _one_each(recipe, stocks):
        chosen = _choose(recipe, stocks)
        if chosen is not None:
            return _in_steps(recipe, chosen)
        if _hopeless(recipe, stocks):
            return None
    volumes_ul = _solve(recipe, stocks)
    return None if volumes_ul is None else _in_steps(recipe, dict(zip(stocks, volumes_ul, strict=True)))


def _one_each(recipe: Recipe, stocks: Sequence[str]) -> bool:
    """Whether every liquid brings one controlled component, the diluent and the fixed ones none."""
    return all(len(recipe.brings(stock)) == (stock != recipe.diluent) for stock in stocks) and not any(
        recipe.brings(stock) for stock in recipe.fixed
    )


def _choose(recipe: Recipe, stocks: Sequence[str]) -> dict[str, float] | None:
    """The best choice of one liquid a component, µL; None where no such choice fits, or there are too many."""
    options: list[list[_Option]] = []
    for component, target in recipe.targets.items():
        if target <= 0:
            continue
        holding = [_option(recipe, stock, target * recipe.final_nl / recipe.strengths[stock][component]) for stock in stocks if component in recipe.brings(stock)]
        able = [option for option in holding if option.exact >= recipe.least_nl(option.liquid) * (1 - 1e-12)]
        if not able:
            return None
        options.append(sorted(able, key=lambda option: option.exact, reverse=recipe.prefer == "large"))
    best: Choice | None = tuple(able[0] for able in options)
    if not _fits(recipe, tuple(able[0] for able in options)):
        if recipe.prefer == "small":
            # each is as small as can be, and still they do not fit
            return None
        best = _every(recipe, options) if recipe.solvent_room_nl else _halves(recipe, options)
    if best is None:
        return None
    rest = _rest(recipe, best) or 0
    return {option.liquid: option.exact / 1000 for option in best} | ({recipe.diluent: rest / 1000} if rest and recipe.diluent else {})


@dataclass(frozen=True)
class _Option:
    """A liquid for a component: the volume that is due, and as the device's steps have it, nanolitres."""

    liquid: str
    exact: float
    rounded: int


Choice = tuple[_Option, ...]


def _option(recipe: Recipe, liquid: str, exact: float) -> _Option:
    return _Option(liquid, exact, to_step(exact / 1000, recipe.devices[liquid].step_nl))


def _fits(recipe: Recipe, choice: Choice) -> bool:
    rest = _rest(recipe, choice)
    return rest is not None and not _over_solvent(recipe, choice, rest)


def _every(recipe: Recipe, options: Sequence[Sequence[_Option]]) -> Choice | None:
    """The largest choice that fits, by trying each."""
    if math.prod(len(able) for able in options) > MOST_CHOICES:
        return None
    fitting = (choice for choice in itertools.product(*options) if _fits(recipe, choice))
    return max(fitting, key=lambda choice: sum(option.exact for option in choice), default=None)


def _halves(recipe: Recipe, options: Sequence[Sequence[_Option]]) -> Choice | None:
    """The largest choice that fits: for each choice of one half of the components the largest of the other half that leaves
    room (meeting in the middle; a multiple-choice knapsack)."""
    ordered = sorted(options, key=len)
    halves = ordered[::2], ordered[1::2]
    if max(math.prod(len(able) for able in half) for half in halves) > MOST_CHOICES:
        return None
    one, other = ([(sum(option.rounded for option in choice), choice) for choice in itertools.product(*half)] for half in halves)
    other.sort(key=lambda entry: entry[0])
    totals = [total for total, _ in other]
    # without diluent a mixture must fill the room exactly, or leave what the diluent needs
    limits = {recipe.room_nl, recipe.room_nl - (recipe.least_nl(recipe.diluent) if recipe.diluent is not None else 0)}
    best: tuple[int, Choice] | None = None
    for total, choice in one:
        for limit in limits:
            at = bisect.bisect_right(totals, limit - total) - 1
            if at >= 0 and (best is None or total + totals[at] > best[0]) and _rest(recipe, (*choice, *other[at][1])) is not None:
                best = total + totals[at], (*choice, *other[at][1])
    return None if best is None else best[1]


def _hopeless(recipe: Recipe, stocks: Sequence[str]) -> bool:
    """Whether no two liquids of one component could help either: one lacks, is too strong in every liquid, or the strongest
    do not fit; or every component has one liquid only."""
    holding = {
        component: {stock: target * recipe.final_nl / recipe.strengths[stock][component] for stock in stocks if component in recipe.brings(stock)}
        for component, target in recipe.targets.items()
        if target > 0
    }
    if all(len(volumes) <= 1 for volumes in holding.values()):
        return True
    if any(all(volume < recipe.least_nl(stock) * (1 - 1e-12) for stock, volume in volumes.items()) for volumes in holding.values()):
        return True
    return sum(min(volumes.values()) for volumes in holding.values()) > recipe.room_nl + 1e-6


def _rest(recipe: Recipe, choice: Choice) -> int | None:
    """What the diluent takes up, in whole steps; None where the liquids do not fit, or leave too little for it."""
    rest = recipe.room_nl - sum(option.rounded for option in choice)
    if recipe.total_nl is None:
        return 0 if rest >= 0 else None
    if abs(recipe.room_nl - sum(option.exact for option in choice)) < 1e-6:
        return 0
    if recipe.diluent is None or rest < recipe.least_nl(recipe.diluent):
        return None
    return rest


def _over_solvent(recipe: Recipe, choice: Choice, rest: int) -> bool:
    volumes: dict[str, float] = {**recipe.fixed, **{option.liquid: option.exact for option in choice}}
    if recipe.diluent is not None:
        volumes[recipe.diluent] = volumes.get(recipe.diluent, 0.0) + rest
    return any(
        sum(volume * recipe.solvents.get(stock, {}).get(solvent, 0.0) for stock, volume in volumes.items()) > room * (1 + 1e-9)
        for solvent, room in recipe.solvent_room_nl.items()
    )


def _solve(recipe: Recipe, stocks: list[str]) -> list[float] | None:
    import numpy as np
    from scipy.optimize import Bounds, LinearConstraint

    n, room_ul = len(stocks), recipe.room_nl / 1000
    # half a step of rounding for each liquid may land on the diluent: keep it pipettable afterwards
    slack_ul = max(recipe.devices[stock].step_nl for stock in stocks) / 2000 * n
    least = [recipe.least_nl(stock) / 1000 + (slack_ul if stock == recipe.diluent else 0.0) for stock in stocks]
    rows, low, high = [], [], []
    for component in sorted(recipe.controlled):
        brought = np.array([recipe.strengths[stock].get(component, 0.0) for stock in stocks])
        ready = sum(recipe.strengths[stock].get(component, 0.0) * volume / 1000 for stock, volume in recipe.fixed.items())
        due = recipe.targets.get(component, 0.0) * recipe.final_nl / 1000 - ready
        size = max(brought.max(initial=0.0), 1e-300)
        if not brought.any():
            if abs(due) > 1e-12 * max(1.0, recipe.targets.get(component, 0.0) * recipe.final_nl / 1000):
                return None
            continue
        rows.append(np.r_[brought / size, np.zeros(n)])
        low.append(due / size)
        high.append(due / size)
    for solvent, room_nl in recipe.solvent_room_nl.items():
        fractions = np.array([recipe.solvents.get(stock, {}).get(solvent, 0.0) for stock in stocks])
        taken = sum(recipe.solvents.get(stock, {}).get(solvent, 0.0) * volume for stock, volume in recipe.fixed.items())
        rows.append(np.r_[fractions, np.zeros(n)])
        low.append(-np.inf)
        high.append((room_nl - taken) / 1000)
    total = np.r_[np.ones(n), np.zeros(n)]
    rows.append(total)
    low.append(room_ul if recipe.total_nl is not None else 0.0)
    high.append(room_ul)
    for i in range(n):
        for side, limit in ((1.0, -least[i]), (-1.0, max(room_ul, least[i]))):  # v - least·z >= 0 and most·z - v >= 0
            row = np.zeros(2 * n)
            row[i], row[n + i] = side, limit
            rows.append(row)
            low.append(0.0)
            high.append(np.inf)
    # a transfer costs more than any volume gains; the diluent's volume is no gain
    sign = -1.0 if recipe.prefer == "large" else 1.0
    gain = [0.0 if stock == recipe.diluent else sign / max(room_ul, 1e-9) for stock in stocks]
    answer = milp(
        np.r_[gain, np.full(n, 2.0 * n)], integrality=np.r_[np.zeros(n), np.ones(n)],
        bounds=Bounds(np.zeros(2 * n), np.r_[np.full(n, room_ul), np.ones(n)]),
        constraints=LinearConstraint(np.array(rows), np.array(low), np.array(high)),
    )  # fmt: skip
    if answer.x is None:
        return None
    used = np.round(answer.x[n:]) > 0
    return [float(volume) if used[i] else 0.0 for i, volume in enumerate(answer.x[:n])]


def _in_steps(recipe: Recipe, volumes_ul: dict[str, float]) -> dict[str, int] | None:
    """Whole steps; what rounding leaves over goes into the diluent, else into the largest volume, where it weighs least."""
    rounded = {stock: to_step(volume, recipe.devices[stock].step_nl) for stock, volume in volumes_ul.items()}
    steps = {stock: volume for stock, volume in rounded.items() if volume > 0}
    if recipe.total_nl is not None:
        rest = recipe.room_nl - sum(volume for stock, volume in steps.items() if stock != recipe.diluent)
        if recipe.diluent in steps:
            steps[recipe.diluent] = rest
        elif rest != 0:
            if not steps:
                return None
            largest = max(steps, key=lambda stock: (steps[stock], stock))
            steps[largest] += rest
    if any(volume < recipe.least_nl(stock) or volume % recipe.devices[stock].step_nl for stock, volume in steps.items()):
        return None
    return {**steps, **{stock: volume for stock, volume in recipe.fixed.items() if volume > 0}}
