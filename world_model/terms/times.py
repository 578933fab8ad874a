"""Hours of doses, holds and ramps: which factors they name, and whether every hold ends after it begins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from world_model.terms.act_words import Hour
from world_model.terms.constraints import Linear
from world_model.terms.factors import NUMERIC_KINDS, Categorical, Factor

if TYPE_CHECKING:
    from world_model.terms.space import SearchSpace


@dataclass(frozen=True, kw_only=True)
class Span:
    """A hold or a ramp in time: what it acts on, and from when to when."""

    factor: str
    variable: str
    start: Hour
    end: Hour


def hours_named(factor: Factor) -> Iterator[tuple[str, Hour]]:
    """Each key of a factor that holds an hour, with what it holds."""
    for key in ("at", "from_h", "to_h"):
        value = getattr(factor, key, None)
        if value is not None:
            yield key, value


def only_ends(factors: Sequence[Factor]) -> frozenset[str]:
    """The times that end holds and ramps, and begin nothing."""
    named = [(key, hour) for factor in factors for key, hour in hours_named(factor) if isinstance(hour, str)]
    return frozenset({hour for key, hour in named if key == "to_h"} - {hour for key, hour in named if key != "to_h"})


def spans(factors: Sequence[Factor]) -> list[Span]:
    """The holds and ramps among factors."""
    return [
        Span(factor=factor.name, variable=factor.acts_on, start=factor.from_h, end=factor.to_h)
        for factor in factors
        if not isinstance(factor, Categorical) and factor.from_h is not None and factor.to_h is not None
    ]


def span_faults(space: SearchSpace) -> list[str]:
    """Every hold or ramp that may end before it begins, and every two on one variable that may overlap, with how to mend it."""
    found: list[str] = []
    known = spans(space.factors)
    for span in known:
        if _most(space, span.start, span.end) >= 0:
            found.append(
                f"Expected from_h before to_h of {span.factor!r} for every setting, found times that may cross ({_shown(span.start)} and "
                f"{_shown(span.end)}). Move the bounds of the times apart, or add a constraint such as {_apart(span.end, span.start)}."
            )
    for one, other in combinations(known, 2):
        if one.variable == other.variable and _most(space, one.end, other.start) > 0 and _most(space, other.end, one.start) > 0:
            found.append(
                f"Expected {one.factor!r} and {other.factor!r} to act on {one.variable!r} one after the other, found times that may overlap "
                f"({_shown(one.start)} to {_shown(one.end)}, {_shown(other.start)} to {_shown(other.end)}). Move them apart."
            )
    return found


def _most(space: SearchSpace, first: Hour, second: Hour) -> float:
    """The largest value of `first - second`, in hours, that any settings of the space give."""
    constant, weights = 0.0, dict[str, float]()
    for hour, sign in ((first, 1.0), (second, -1.0)):
        if isinstance(hour, str):
            weights[hour] = weights.get(hour, 0.0) + sign
        else:
            constant += sign * hour
    weights = {name: weight for name, weight in weights.items() if weight}
    if space.candidates is not None and weights:
        import numpy as np

        return constant + float(np.max(sum(weight * space.candidates.columns[name] for name, weight in weights.items())))
    linear = [c for c in space.constraints if isinstance(c, Linear) and set(c.terms) <= set(space.names)]
    if any(set(c.terms) & set(weights) for c in linear):
        return constant + _by_programme(space, weights, linear)
    bounds = {factor.name: factor.bounds for factor in space.factors if isinstance(factor, NUMERIC_KINDS)}
    return constant + sum(max(weight * bounds[name][0], weight * bounds[name][1]) for name, weight in weights.items())


def _by_programme(space: SearchSpace, weights: dict[str, float], constraints: Sequence[Linear]) -> float:
    import numpy as np
    from scipy.optimize import linprog

    numeric = [factor for factor in space.factors if isinstance(factor, NUMERIC_KINDS)]
    place = {factor.name: i for i, factor in enumerate(numeric)}

    def row(terms: dict[str, float], sign: float) -> np.ndarray:
        cells = np.zeros(len(numeric))
        for name, weight in terms.items():
            cells[place[name]] = sign * weight
        return cells

    upper = [(row(c.terms, 1.0), c.at_most) for c in constraints if c.at_most is not None]
    upper += [(row(c.terms, -1.0), -c.at_least) for c in constraints if c.at_least is not None]
    equal = [(row(c.terms, 1.0), c.equals) for c in constraints if c.equals is not None]
    answer = linprog(
        row(weights, -1.0), A_ub=[cells for cells, _ in upper] or None, b_ub=[bound for _, bound in upper] or None,
        A_eq=[cells for cells, _ in equal] or None, b_eq=[bound for _, bound in equal] or None,
        bounds=[factor.bounds for factor in numeric], method="highs",
    )  # fmt: skip
    return -float(answer.fun)


def _shown(hour: Hour) -> str:
    return repr(hour) if isinstance(hour, str) else f"{hour:g} h"


def _apart(later: Hour, earlier: Hour) -> str:
    terms = {hour: weight for hour, weight in ((later, 1.0), (earlier, -1.0)) if isinstance(hour, str)}
    shown = ", ".join(f"{name!r} = {weight:g}" for name, weight in terms.items())
    rest = (earlier if not isinstance(earlier, str) else 0.0) - (later if not isinstance(later, str) else 0.0)
    return f"terms = {{ {shown} }}, at_least = {rest + 0.1:g}"
