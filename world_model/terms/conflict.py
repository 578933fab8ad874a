"""Which constraints can't be met together: a smallest set of them, and what would mend it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import TYPE_CHECKING, Any

from world_model.terms.constraint import Constraint
from world_model.terms.constraints import Linear
from world_model.terms.custom import Custom
from world_model.terms.derived import Derived
from world_model.terms.factors import Categorical, Continuous, Factor
from world_model.terms.mixture import Mixture
from world_model.terms.presence import absences
from world_model.terms.programme import Programme, plain
from world_model.terms.steps_of import places_of

if TYPE_CHECKING:
    import numpy as np

_TRIED = 256  # random points that are tried before anything is proven
_MOST_PAIRS = 24  # constraints whose pairs are tried before the deletion filter
_MOST_LISTED = 50_000  # points of the factors concerned that are looked at one and all where a programme can't say everything
_MOST_ASKED = 5_000  # of these where a function of the user's own has to answer for each

Feasible = Callable[[Sequence[Constraint]], bool]
Violation = Callable[[Constraint, "dict[str, np.ndarray]"], "np.ndarray"]


@dataclass(frozen=True)
class Conflict:
    """Constraints of which every part can be met, but not the whole. `mend` says how one of them could be loosened, where that is known."""

    constraints: tuple[Constraint, ...]
    mend: str = ""


def smallest_conflict(constraints: Sequence[Constraint], feasible: Feasible) -> tuple[Constraint, ...]:
    """A conflicting set that is irreducible, and smallest where it holds one or two.

    Args:
        constraints: what can't be met as a whole.

    Source: the deletion filter of Chinneck & Dravnieks (1991), after single constraints and pairs.
    """
    for one in constraints:
        if not feasible([one]):
            return (one,)
    if len(constraints) <= _MOST_PAIRS:
        for pair in combinations(constraints, 2):
            if not feasible(pair):
                return pair
    kept = list(constraints)
    for one in constraints:
        without = [other for other in kept if other is not one]
        if without and not feasible(without):
            kept = without
    return tuple(kept)


def conflict_of(factors: Sequence[Factor], constraints: Sequence[Constraint], *, derived: Sequence[Derived], violation: Violation) -> Conflict | None:
    """The conflict of a product space; None where its constraints can be met, or where nothing is proven."""
    if _is_met_by_some(factors, constraints, violation=violation):
        return None

    def feasible(some: Sequence[Constraint]) -> bool:
        programme = Programme(factors, some, derived=derived)
        answer = programme.solve()
        if answer.values is None and answer.proven:
            return False
        if programme.is_whole:
            return True
        return _is_listed_feasible(factors, some, derived=derived, violation=violation)

    if feasible(constraints):
        return None
    found = smallest_conflict(constraints, feasible)
    return Conflict(constraints=found, mend=_mend(factors, found, derived=derived))


def conflict_of_rows(constraints: Sequence[Constraint], met: Mapping[int, np.ndarray]) -> tuple[Constraint, ...]:
    """A smallest set of constraints that no row of a table meets as a whole.

    Args:
        met: by the constraint's identity, `n` flags of rows that meet it.
    """
    import numpy as np

    return smallest_conflict(constraints, lambda some: bool(np.logical_and.reduce([met[id(one)] for one in some]).any()))


def _is_met_by_some(factors: Sequence[Factor], constraints: Sequence[Constraint], *, violation: Violation) -> bool:
    """Whether one of a few random points meets them all: then there is nothing to prove."""
    import numpy as np

    random = np.random.default_rng(0)
    columns: dict[str, np.ndarray] = {}
    for factor in factors:
        if isinstance(factor, Categorical):
            columns[factor.name] = random.integers(len(factor.levels), size=_TRIED)
        elif isinstance(factor, Continuous):
            drawn = random.uniform(factor.low, factor.high, _TRIED)
            columns[factor.name] = np.where(drawn < (factor.zero_or_at_least or -np.inf), 0.0, drawn)
        else:
            places = places_of(factor)
            columns[factor.name] = places.low + random.integers(places.count, size=_TRIED) * places.step if places.step else random.choice(places.listed, _TRIED)
    levels = {factor.name: factor.levels for factor in factors if isinstance(factor, Categorical)}
    for name, flags in absences(factors, columns, levels).items():
        absent = next(factor for factor in factors if factor.name == name)
        columns[name] = np.where(flags, absent.codes[absent.stand_in] if isinstance(absent, Categorical) else absent.stand_in, columns[name])
    # functions of the user's own last, and only for points that everything else allows
    for constraint in sorted(constraints, key=lambda one: isinstance(one, Custom)):
        met = violation(constraint, columns) == 0
        columns = {name: column[met] for name, column in columns.items()}
        if not met.any():
            return False
    return True


def _is_listed_feasible(factors: Sequence[Factor], constraints: Sequence[Constraint], *, derived: Sequence[Derived], violation: Violation) -> bool:
    """Whether any point of the factors concerned meets them; True where they are too many to look at."""
    import numpy as np

    formulas = {word.name: word for word in derived}
    concerned = {name for constraint in constraints for name in constraint.names}
    concerned |= {name for word in formulas.values() if word.name in concerned for name in word.of}
    for factor in factors:  # what a conditional factor needs
        if factor.name in concerned:
            concerned |= set(factor.only_if or {})
    own = [factor for factor in factors if factor.name in concerned]
    if any(isinstance(factor, Continuous) for factor in own):
        return True
    lists: list[Sequence[Any]] = [range(len(f.levels)) if isinstance(f, Categorical) else places_of(f).values() for f in own]
    most = _MOST_ASKED if any(isinstance(constraint, Custom) for constraint in constraints) else _MOST_LISTED
    if math.prod(len(values) for values in lists) > most:
        return True
    points = list(zip(*product(*lists), strict=True))
    columns = {factor.name: np.array(column) for factor, column in zip(own, points, strict=True)}
    columns |= {f.name: np.zeros(len(points[0]), dtype=int) if isinstance(f, Categorical) else np.full(len(points[0]), f.bounds[0]) for f in factors if f not in own}
    levels = {factor.name: factor.levels for factor in factors if isinstance(factor, Categorical)}
    for name, flags in absences(factors, columns, levels).items():
        absent = next(factor for factor in factors if factor.name == name)
        columns[name] = np.where(flags, absent.codes[absent.stand_in] if isinstance(absent, Categorical) else absent.stand_in, columns[name])
    return bool(np.logical_and.reduce([violation(constraint, columns) == 0 for constraint in constraints]).any())


def _mend(factors: Sequence[Factor], conflict: Sequence[Constraint], *, derived: Sequence[Derived]) -> str:
    """How far the bound of one of them would have to move, the others kept."""
    known = {factor.name: factor for factor in factors}
    for constraint in reversed(conflict):
        linear = constraint.whole if isinstance(constraint, Mixture) else constraint
        if not isinstance(linear, Linear) or (told := plain(linear, {word.name: word for word in derived}, known)) is None or told.bound != linear.bound:
            continue
        others = [other for other in conflict if other is not constraint]
        if isinstance(constraint, Mixture) and constraint.parts is not None:
            others.append(constraint.parts)
        kept = [*others, Linear(terms=told.terms, at_least=-1e300)]
        ends = [_extreme(factors, kept, told, sign, derived=derived) for sign in (1.0, -1.0)]
        if ends[0] is None or ends[1] is None:
            continue
        which = "" if len(conflict) == 1 else f" while {'the other holds' if len(conflict) == 2 else 'the others hold'}"
        form = " + ".join(name if weight == 1 else f"{weight:g}·{name}" for name, weight in told.terms.items())
        if ends[0] < told.bound < ends[1]:
            below = _extreme(factors, [*others, Linear(terms=told.terms, at_most=told.bound)], told, -1.0, derived=derived)
            above = _extreme(factors, [*others, Linear(terms=told.terms, at_least=told.bound)], told, 1.0, derived=derived)
            if below is not None and above is not None:
                return f"{form} reaches {below:.6g} and {above:.6g}{which}, nothing between: take one of these for {constraint}, or finer steps."
            continue
        return f"{form} reaches {ends[0]:.6g} to {ends[1]:.6g}{which}: move the bound of {constraint} there, or widen a factor."
    return "Loosen or leave out one of them, or widen a factor."


def _extreme(factors: Sequence[Factor], kept: Sequence[Constraint], told: Linear, sign: float, *, derived: Sequence[Derived]) -> float | None:
    """The least (sign 1) or largest (sign -1) sum that the kept constraints allow."""
    answer = Programme(factors, kept, derived=derived).solve(along={name: sign * weight for name, weight in told.terms.items()})
    return None if answer.values is None else sum(weight * answer.values[name] for name, weight in told.terms.items())
