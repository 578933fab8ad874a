"""One well at one time: how much of which stocks, as a small mixed-integer programme, then whole pipetting steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from ..volumes import STEP_NL, to_step

# Where small volumes are preferred: not below this, if the stocks allow, so that half a step is at most 2.5 %.
PRECISE_NL = 20 * STEP_NL


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What a mixture must be.

    Attributes:
        targets: controlled component → concentration at the final volume; a component that is absent must stay absent.
        strengths: stock → component → concentration, of the stocks that may be used, the diluent among them.
        controlled: the components that count.
        diluent: the stock that fills up to `total_nl`; None where nothing fills up (an addition).
        total_nl: the volume that this stage must give; None where it is whatever the stocks need.
        final_nl: the volume that the targets refer to.
        fixed: stocks whose volume is set beforehand (cells), nanolitres.
        smallest_nl: the least that can be pipetted; each volume is 0 or at least this.
        most_nl: the most that this stage may add.
        prefer: `large` volumes, which rounding hurts least; or `small` ones, which dilute a growing culture least.
    """

    targets: Mapping[str, float]
    strengths: Mapping[str, Mapping[str, float]]
    controlled: frozenset[str]
    diluent: str | None
    total_nl: int | None
    final_nl: int
    fixed: Mapping[str, int]
    smallest_nl: int
    most_nl: int
    prefer: Literal["large", "small"] = "large"


def usable_stocks(recipe: Recipe) -> list[str]:
    """The stocks that bring something wanted and nothing unwanted; the diluent always."""
    wanted = {name for name, amount in recipe.targets.items() if amount > 0}
    return [
        stock
        for stock, brings in recipe.strengths.items()
        if stock not in recipe.fixed
        and (stock == recipe.diluent or (wanted & set(brings) and not (set(brings) & recipe.controlled) - wanted))
    ]


def mix(recipe: Recipe) -> dict[str, int] | None:
    """Stock → nanolitres (multiples of the pipetting step, no zeros), or None where no volumes reach the targets.

    The fewest stocks win, and among those the largest (or smallest) volumes. Diluent makes up the rest to the step, so the
    total is exact; every other volume is off by half a step at most.

    Source: semi-continuous volumes by a binary for each stock; solved by HiGHS (scipy.optimize.milp).
    """
    if recipe.prefer == "small" and recipe.smallest_nl < PRECISE_NL:
        precise = mix(replace(recipe, smallest_nl=PRECISE_NL))
        if precise is not None:
            return precise
    stocks = usable_stocks(recipe)
    fixed_nl = sum(recipe.fixed.values())
    room_nl = (recipe.total_nl if recipe.total_nl is not None else recipe.most_nl) - fixed_nl
    if room_nl < 0:
        return None
    if not stocks:
        return dict(recipe.fixed) if not any(recipe.targets.values()) and recipe.total_nl in (None, fixed_nl) else None
    volumes_ul = _solve(recipe, stocks, room_nl)
    return None if volumes_ul is None else _in_steps(recipe, dict(zip(stocks, volumes_ul, strict=True)), room_nl)


def _solve(recipe: Recipe, stocks: list[str], room_nl: int) -> list[float] | None:
    import numpy as np
    from scipy.optimize import Bounds, LinearConstraint, milp

    n, room_ul = len(stocks), room_nl / 1000
    # half a step of rounding for each stock may land on the diluent: keep it pipettable afterwards
    slack_ul = STEP_NL / 2000 * n
    least = [recipe.smallest_nl / 1000 + (slack_ul if stock == recipe.diluent else 0.0) for stock in stocks]
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


def _in_steps(recipe: Recipe, volumes_ul: dict[str, float], room_nl: int) -> dict[str, int] | None:
    steps = {stock: to_step(volume) for stock, volume in volumes_ul.items() if to_step(volume) > 0}
    if recipe.total_nl is not None:
        rest = room_nl - sum(volume for stock, volume in steps.items() if stock != recipe.diluent)
        if recipe.diluent in steps:
            steps[recipe.diluent] = rest
        elif rest != 0:
            # no diluent to take up the rounding: the largest volume does, where it weighs least
            largest = max(steps, key=lambda stock: (steps[stock], stock))
            steps[largest] += rest
    if any(volume < recipe.smallest_nl for volume in steps.values()):
        return None
    return {**steps, **{stock: volume for stock, volume in recipe.fixed.items() if volume > 0}}
