"""Factors that exist only where others have certain values: when they are absent, and in which order to ask."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from world_model.terms.constraint import Columns, Fault, Levels
from world_model.terms.errors import nearest
from world_model.terms.factors import Categorical, Factor

if TYPE_CHECKING:
    import numpy as np


def presence_faults(factors: Sequence[Factor]) -> Iterator[tuple[str, Fault]]:
    """What is wrong with each `only_if`, with the factor's name: names, levels, and circles."""
    known = {factor.name: factor for factor in factors}
    for factor in factors:
        for name, condition in (factor.only_if or {}).items():
            others = [other for other in known if other != factor.name]
            if name not in others:
                yield factor.name, Fault(keys=("only_if", name), expected="another factor's name", found=repr(name), mend=nearest(name, others))
            elif (said := condition.fault(known[name])) is not None:
                expected, _, found = said.removeprefix("expected ").partition(", found ")
                yield factor.name, Fault(keys=("only_if", name), expected=expected, found=found.rstrip("."))
    for factor in factors:
        if factor.only_if and factor.name in _above(factor.name, known):
            yield factor.name, Fault(
                keys=("only_if",), expected="conditions that do not go in a circle", found=f"{factor.name!r} needing itself", mend="Take one of them out."
            )  # fmt: skip


def conditional(factors: Sequence[Factor]) -> tuple[Factor, ...]:
    """The factors that may be absent, each after those that it needs."""
    known = {factor.name: factor for factor in factors}
    return tuple(sorted((factor for factor in factors if factor.only_if), key=lambda factor: len(_above(factor.name, known))))


def absences(factors: Sequence[Factor], columns: Columns, levels: Levels) -> dict[str, np.ndarray]:
    """For each factor that may be absent, `n` flags where it is: a condition fails, or what it needs is absent itself.

    Args:
        columns: `n` numbers, level names or codes of the factors that are needed.
    """
    import numpy as np

    told: dict[str, np.ndarray] = {}
    for factor in conditional(factors):
        assert factor.only_if is not None
        fails = [~condition.holds(columns[name], levels.get(name)) | told.get(name, False) for name, condition in factor.only_if.items()]
        told[factor.name] = np.logical_or.reduce(fails)
    return told


def absent_names(factors: Sequence[Factor], settings: Mapping[str, float | str]) -> frozenset[str]:
    """The factors that do not exist under these settings; a needed factor that is missing counts as its stand-in."""
    if not any(factor.only_if for factor in factors):
        return frozenset()
    import numpy as np

    columns = {factor.name: np.array([settings.get(factor.name, factor.stand_in)]) for factor in factors}
    levels = {factor.name: factor.levels for factor in factors if isinstance(factor, Categorical)}
    return frozenset(name for name, flags in absences(factors, columns, levels).items() if flags[0])


def _above(name: str, known: Mapping[str, Factor]) -> set[str]:
    """Every factor that a factor needs, directly or not."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        factor = known.get(waiting.pop())
        for needed in (factor.only_if or {}) if factor is not None else ():
            if needed not in found:
                found.add(needed)
                waiting.append(needed)
    return found
