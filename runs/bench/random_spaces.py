"""Random spaces with random constraints: whatever is proposed meets them, and what can't be met is refused with a smallest conflict.

Meanings are spelled out here once more, point by point, so that the words' own arithmetic is not judged by itself.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np

from world_model.terms.campaign_doc import Batch
from world_model.terms.cardinality import Cardinality, minimum_of
from world_model.terms.conflict import conflict_of
from world_model.terms.constraint import Constraint
from world_model.terms.constraints import Linear
from world_model.terms.custom import Custom
from world_model.terms.derived import Derived
from world_model.terms.errors import DesignError, SpaceError
from world_model.terms.exclusion import Exclude
from world_model.terms.factors import Categorical, Continuous, Discrete, Factor, Integer, Ordinal
from world_model.terms.goals import Goal, Measurement
from world_model.terms.mixture import Mixture
from world_model.terms.product import Product
from world_model.terms.readings import Dataset
from world_model.terms.space import SearchSpace
from world_model.terms.steps_of import places_of

MOST_LISTED = 4096
Row = Mapping[str, Any]


@dataclass
class Tally:
    """What was found among `spaces` random ones.

    Attributes:
        violations: proposed rows that break their space.
        wrongly_refused: spaces refused although some point meets all constraints (only listed ones can be told).
        wrongly_taken: listed spaces taken although no point does.
        unfound: spaces with feasible points of which none was found.
        reducible: named conflicts that are none, or that hold a constraint too many.
        told: a line for each of these.
    """

    spaces: int = 0
    listed: int = 0
    refused: int = 0
    proposals: int = 0
    violations: int = 0
    wrongly_refused: int = 0
    wrongly_taken: int = 0
    unfound: int = 0
    reducible: int = 0
    told: list[str] = field(default_factory=list)


def try_spaces(seeds: Sequence[int], *, with_model: bool = False) -> Tally:
    """Draw a space a seed, have it refused or propose in it, and check every row."""
    tally = Tally()
    for seed in seeds:
        _try(seed, tally, with_model=with_model)
    return tally


def _try(seed: int, tally: Tally, *, with_model: bool) -> None:
    from planner.propose import propose

    factors, constraints, derived = draw_space(np.random.default_rng(seed))
    rows = listed_rows(factors)
    tally.spaces += 1
    tally.listed += rows is not None
    met = None if rows is None else [[keeps(one, row, derived) for one in constraints] for row in rows]
    some = None if met is None else any(all(flags) for flags in met)
    try:
        space = SearchSpace(factors=factors, constraints=constraints, derived=derived)
    except SpaceError as fault:
        tally.refused += 1
        if some:
            tally.wrongly_refused += 1
            tally.told.append(f"seed {seed}: refused though it can be met: {fault}")
        elif met is not None:
            _check_conflict(seed, factors, constraints, derived, met, tally)
        return
    if some is False:
        tally.wrongly_taken += 1
        tally.told.append(f"seed {seed}: taken though nothing meets {'; '.join(map(str, constraints))}")
    n = 3
    # a space-filling start looks at a whole pool: a third of the spaces shows it as well
    for strategy in ("random", "auto") if with_model or seed % 3 == 0 else ("random",):
        data = _measured(space, seed) if with_model and strategy == "auto" else _nothing(space)
        if data is None:
            continue
        try:
            batch = propose(
                space=space, goals=[Goal(readout="y")], measurements=[Measurement(name="y")], data=data, pending=[], batch=Batch(), controls=[],
                round=1, n=n, seed=seed, strategy=strategy,
            )  # fmt: skip
        except DesignError as fault:
            few = some is not None and met is not None and len({tuple(row.items()) for row, flags in zip(rows or (), met, strict=True) if all(flags)}) < n
            # of a function of the user's own nothing can be proven where the points are no list
            unknown = some is None and any(isinstance(one, Custom) for one in constraints)
            if "found none" in str(fault) and not few and not unknown and some is not False:
                tally.unfound += 1
                tally.told.append(f"seed {seed}: {strategy} found no point: {fault}")
            continue
        for row in batch.experiments:
            tally.proposals += 1
            broken = [str(one) for one in constraints if not keeps(one, row.settings, derived)]
            broken += [factor.name for factor in factors if not _exists(factor, row.settings, factors) and row.settings[factor.name] != factor.stand_in]
            broken += [f.name for f in factors if _exists(f, row.settings, factors) and f.reason_against(row.settings[f.name]) is not None]
            if broken:
                tally.violations += 1
                tally.told.append(f"seed {seed}: {strategy} proposed {row.settings}, which breaks {'; '.join(broken)}")


def _check_conflict(
    seed: int, factors: tuple[Factor, ...], constraints: tuple[Constraint, ...], derived: tuple[Derived, ...], met: list[list[bool]], tally: Tally
) -> None:
    def beyond(constraint: Constraint, columns: Any) -> np.ndarray:
        levels = {factor.name: factor.levels for factor in factors if isinstance(factor, Categorical)}
        return constraint.violation({**columns, **{word.name: word.value(columns) for word in derived if word.name in constraint.names}}, levels)

    found = conflict_of(factors, constraints, derived=derived, violation=beyond)
    named = [i for i, one in enumerate(constraints) if found is not None and any(one is other for other in found.constraints)]
    can = {which: any(all(flags[i] for i in which) for flags in met) for which in [tuple(named), *(tuple(i for i in named if i != j) for j in named)]}
    if not named or can[tuple(named)] or not all(can[tuple(i for i in named if i != j)] for j in named if len(named) > 1):
        tally.reducible += 1
        tally.told.append(f"seed {seed}: named {[str(constraints[i]) for i in named]} of {[str(one) for one in constraints]}")


def draw_space(random: np.random.Generator) -> tuple[tuple[Factor, ...], tuple[Constraint, ...], tuple[Derived, ...]]:
    """Two to six factors, one to four constraints, now and then a derived factor."""
    small = random.random() < 0.6
    factors: list[Factor] = []
    for i in range(int(random.integers(2, 5 if small else 7))):
        factors.append(_factor(f"x{i}", random, small=small))
    for i, factor in enumerate(factors):
        parents = [other for other in factors[:i] if isinstance(other, Categorical) and len(other.levels) > 1]
        if parents and random.random() < 0.25:
            parent = parents[int(random.integers(len(parents)))]
            chosen = random.choice(parent.levels, int(random.integers(1, len(parent.levels))), replace=False)
            factors[i] = type(factor).model_validate({**factor.model_dump(), "only_if": {parent.name: [str(level) for level in chosen]}})
    numeric = [factor for factor in factors if not isinstance(factor, Categorical)]
    derived: tuple[Derived, ...] = ()
    if len(numeric) >= 2 and random.random() < 0.2:
        of = [str(name) for name in random.choice([factor.name for factor in numeric], 2, replace=False)]
        word = Derived(name="d", formula=str(random.choice(["sum", "mean", "product"])), of=tuple(of))
        derived = (word,) if word.fault({factor.name: factor for factor in factors}) is None else ()
    constraints = [one for _ in range(int(random.integers(1, 5))) if (one := _constraint(factors, derived, random)) is not None]
    return tuple(factors), tuple(constraints), derived


def _factor(name: str, random: np.random.Generator, *, small: bool) -> Factor:
    kind = random.choice(["discrete", "integer", "categorical", "ordinal"] if small else ["continuous", "continuous", "semi", "discrete", "integer", "categorical"])
    levels = tuple("abcdefg"[: int(random.integers(2, 5))])
    match str(kind):
        case "continuous":
            low = float(random.choice([0, 0, 0.5, 1]))
            return Continuous(name=name, low=low, high=low + float(random.choice([1, 5, 100])), scale="log" if low > 0 and random.random() < 0.2 else "linear")
        case "semi":
            return Continuous(name=name, low=0, high=10, zero_or_at_least=float(random.choice([1, 3])))
        case "discrete" if random.random() < 0.5:
            return Discrete(name=name, low=0, high=float(random.choice([1, 2, 4])), step=0.5)
        case "discrete":
            return Discrete(name=name, values=tuple(sorted({float(v) for v in random.choice([0, 1, 2, 3, 5, 8, 13], 4)})))
        case "integer":
            low_int = int(random.choice([0, 0, 1]))
            return Integer(name=name, low=low_int, high=low_int + int(random.integers(1, 5 if small else 50)))
        case "ordinal":
            return Ordinal(name=name, levels=levels)
        case _:
            return Categorical(name=name, levels=levels)


def _constraint(factors: list[Factor], derived: tuple[Derived, ...], random: np.random.Generator) -> Constraint | None:
    numeric = [factor for factor in factors if not isinstance(factor, Categorical)]
    kind = str(random.choice(["linear", "linear", "exclude", "exclude", "product", "cardinality", "mixture", "custom"]))
    made: Constraint | None = None
    if kind in ("linear", "product") and numeric:
        some = [numeric[int(i)] for i in random.permutation(len(numeric))[: int(random.integers(1, 4))]]
        middle = {factor.name: factor.bounds[0] + float(random.random()) * (factor.bounds[1] - factor.bounds[0]) for factor in some}
        side = str(random.choice(["at_most", "at_least", "equals"], p=[0.45, 0.4, 0.15]))
        if kind == "linear":
            terms = {name: float(random.choice([1, 1, 2, -1])) for name in middle}
            if derived and random.random() < 0.5:
                terms, middle = {"d": 1.0}, {"d": float(random.random() * 6)}
            made = Linear(terms=terms, **{side: round(sum(terms[name] * middle[name] for name in terms) * float(random.choice([1, 1, 1.7])), 1)})
        else:
            powers = {name: float(random.choice([1, 1, 2])) for name in middle}
            bound = math.prod(max(middle[name], 0.2) ** power for name, power in powers.items())
            made = Product(powers=powers, **{side: float(f"{bound:.2g}")})
    elif kind == "exclude":
        when: dict[str, Any] = {}
        for i in random.permutation(len(factors))[: int(random.integers(1, 4))]:
            factor = factors[int(i)]
            if isinstance(factor, Categorical):
                when[factor.name] = [str(level) for level in random.choice(factor.levels, int(random.integers(1, len(factor.levels))), replace=False)]
            else:
                low, high = factor.bounds
                when[factor.name] = {str(random.choice(["above", "at_least", "below", "at_most"])): round(low + float(random.random()) * (high - low), 1)}
        made = Exclude(when=when)
    elif kind in ("cardinality", "mixture") and len(numeric) >= 2:
        of = tuple(factor.name for factor in numeric if factor.bounds[0] == 0 and factor.reason_against(0.0) is None)
        if len(of) >= 2:
            most = int(random.integers(1, len(of) + 1))
            minimum = float(random.choice([0.5, 1.0])) if random.random() < 0.4 else None
            if kind == "cardinality":
                made = Cardinality(of=of, at_most=most, at_least=int(random.integers(0, most + 1)) or None, minimum=minimum)
            else:
                made = Mixture(of=of, total=float(random.choice([1, 2, 5])), at_most=most if random.random() < 0.6 else None, minimum=minimum)
    elif kind == "custom" and numeric:
        name, bound = numeric[0].name, float(np.mean(numeric[0].bounds))
        made = Custom(name="below the middle", of=(name,), allows=lambda values: values[name] <= bound)
    known: dict[str, Any] = {factor.name: factor for factor in factors}
    from world_model.terms.constraint_faults import faults_of

    return made if made is not None and not list(faults_of(made, known, derived)) else None


def listed_rows(factors: Sequence[Factor]) -> list[dict[str, Any]] | None:
    """Every point of a space of levels and steps, absent factors at their stand-ins; None where it is no small list."""
    if any(isinstance(factor, Continuous) for factor in factors):
        return None
    lists: list[Sequence[Any]] = [factor.levels if isinstance(factor, Categorical) else places_of(factor).values() for factor in factors]
    if math.prod(len(values) for values in lists) > MOST_LISTED:
        return None
    rows = []
    for cells in product(*lists):
        row = dict(zip((factor.name for factor in factors), cells, strict=True))
        rows.append({factor.name: row[factor.name] if _exists(factor, row, factors) else factor.stand_in for factor in factors})
    return rows


def _exists(factor: Factor, row: Row, factors: Sequence[Factor]) -> bool:
    known = {other.name: other for other in factors}
    return all(row[name] in condition.levels and _exists(known[name], row, factors) for name, condition in (factor.only_if or {}).items())


def keeps(constraint: Constraint, row: Row, derived: Sequence[Derived]) -> bool:
    """Whether a row meets a constraint, by its definition."""
    values = {**row}
    for word in derived:
        cells = [float(row[name]) for name in word.of]
        values[word.name] = {"sum": sum(cells), "mean": sum(cells) / len(cells), "product": math.prod(cells)}[word.formula]
    match constraint:
        case Linear():
            return _side(constraint, sum(weight * float(values[name]) for name, weight in constraint.terms.items()), size=constraint.size)
        case Product():
            return _side(constraint, math.prod(float(values[name]) ** power for name, power in constraint.powers.items()), size=constraint.bound)
        case Mixture():
            whole = abs(sum(float(values[name]) for name in constraint.of) - constraint.total) <= 2e-7 * max(constraint.total, 1.0)
            return whole and _counted(constraint, values)
        case Cardinality():
            return _counted(constraint, values)
        case Custom():
            assert constraint.allows is not None
            return constraint.allows({name: values[name] for name in constraint.of})
        case Exclude():
            return not all(_holds(condition, values[name]) for name, condition in constraint.when.items())
        case _:
            raise AssertionError(constraint)


def _side(word: Linear | Product, value: float, *, size: float) -> bool:
    slack = 2e-7 * size
    if word.at_most is not None:
        return value <= word.at_most + slack
    if word.at_least is not None:
        return value >= word.at_least - slack
    assert word.equals is not None
    return abs(value - word.equals) <= slack


def _counted(word: Mixture | Cardinality, values: Row) -> bool:
    present = [name for name in word.of if abs(float(values[name])) > 1e-9]
    if word.at_most is not None and len(present) > word.at_most:
        return False
    if word.at_least is not None and len(present) < word.at_least:
        return False
    return all(float(values[name]) >= minimum_of(word.minimum, name) * (1 - 2e-7) for name in present)


def _holds(condition: Any, value: Any) -> bool:
    if condition.levels:
        return value in condition.levels
    fine = True
    if condition.above is not None:
        fine &= value > condition.above * (1 + 1e-9)
    if condition.at_least is not None:
        fine &= value >= condition.at_least * (1 - 1e-9)
    if condition.below is not None:
        fine &= value < condition.below * (1 - 1e-9)
    if condition.at_most is not None:
        fine &= value <= condition.at_most * (1 + 1e-9)
    return fine


def _nothing(space: SearchSpace) -> Dataset:
    return Dataset(
        ids=(), settings={name: np.zeros(0) for name in space.names}, roles=(), blocks=(), times_h=np.array([np.nan]), variables=("y",),
        values=np.zeros((0, 1, 1)), flags=np.zeros((0, 1, 1), int),
    )  # fmt: skip


def _measured(space: SearchSpace, seed: int) -> Dataset | None:
    """Ten points with readings; None where there are not so many."""
    import torch

    from planner.pool import build_pool
    from world_model.encoding import Encoder

    encoder = Encoder(space)
    try:
        design = build_pool(encoder, taken=torch.empty(0, len(space.factors), dtype=torch.double), seed=seed, size=64).design[:10]
    except DesignError:
        return None
    if len(design) < 10:
        return None
    rows = encoder.settings(design)
    y = np.sin(3 * design.numpy()).sum(axis=1) + 0.05 * np.random.default_rng(seed).normal(size=10)
    return Dataset(
        ids=tuple(map(str, range(10))), settings={name: np.array([row[name] for row in rows]) for name in space.names}, roles=("candidate",) * 10,
        blocks=("1",) * 10, times_h=np.array([np.nan]), variables=("y",), values=y[:, None, None], flags=np.zeros((10, 1, 1), int),
    )  # fmt: skip
