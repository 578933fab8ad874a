"""Constraints, derived and conditional factors of a campaign file: names that resolve, and points that meet them all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from world_model.terms.conflict import conflict_of
from world_model.terms.constraint import Columns, Constraint
from world_model.terms.constraint_faults import faults_of
from world_model.terms.constraints import Linear
from world_model.terms.derived import Derived
from world_model.terms.errors import nearest
from world_model.terms.factors import NUMERIC_KINDS, Categorical, Factor
from world_model.terms.presence import presence_faults
from world_model.terms.space import describe_factor

from .complaints import take_apart
from .draft import Draft, Part


def check_presence(draft: Draft) -> None:
    """Conditional factors need others that exist, at values that these can have, and not in a circle."""
    known = {part.name for part in draft.of("factors")}
    for name, fault in presence_faults(tuple(draft.sure("factors").values())):
        part = next(part for part in draft.of("factors") if part.name == name)
        named = fault.found.strip("'")
        if named in known and named not in draft.sure("factors"):
            continue  # it stands there, with a mistake of its own
        draft.mistake((*part.path, *fault.keys), expected=fault.expected, found=fault.found, mend=fault.mend)


def check_constraints(draft: Draft, *, factors: Iterable[Any], known: Iterable[str]) -> None:
    """Constraints join factors that suit them, and some point meets them all.

    Args:
        factors: the factors that are whole; from a table, its columns.
        known: every factor's name, broken ones too.
    """
    whole, names, tabled = {factor.name: factor for factor in factors}, set(known), "candidates" in draft.data
    derived = _derived(draft, whole, names)
    told = {part.name for part in draft.of("derived")}
    numeric = [name for name, factor in whole.items() if isinstance(factor, NUMERIC_KINDS)]
    sound: list[Constraint] = []
    for part in draft.of("constraints"):
        terms = part.raw.get("terms") if isinstance(part.raw, dict) else None
        ready = part.word is not None
        for name in terms if isinstance(terms, dict) else ():
            if name in numeric or name in told:
                continue
            ready = False
            if name in whole:
                draft.mistake((*part.path, "terms", name), expected="a numeric factor", found=f"the categorical factor {name!r}", mend=nearest(name, numeric))
            elif name not in names and (tabled or draft.unknown("factors", name)):
                draft.mistake((*part.path, "terms", name), expected="a numeric factor's name", found=repr(name), mend=nearest(name, names))
        if part.word is not None and not isinstance(part.word, Linear):
            for fault in faults_of(part.word, whole, derived):
                ready = False
                named = fault.found.strip("'")
                if (named not in (names | told) - set(whole) and (tabled or named not in names)) or named in whole or " " in named:
                    draft.mistake((*part.path, *fault.keys), expected=fault.expected, found=fault.found, mend=fault.mend)
        if ready and all(name in whole or name in {word.name for word in derived} for name in part.word.names):
            sound.append(part.word)
            if isinstance(part.word, Linear) and all(name in whole for name in part.word.terms):
                _refuse_unmeetable(draft, part, [whole[name] for name in part.word.terms])
    if sound and not any(noted.where.startswith("constraints") for noted in draft.mistakes):
        _refuse_jointly(draft, sound, tuple(whole.values()), derived)


def breaks(constraint: Constraint, settings: Mapping[str, Any], *, factors: Mapping[str, Factor], derived: Sequence[Derived]) -> bool:
    """Whether settings break a constraint; False where they lack a factor that it is about."""
    import numpy as np

    columns: dict[str, Any] = {name: np.array([value]) for name, value in settings.items()}
    formulas = {word.name: word for word in derived}
    needed = {part for name in constraint.names for part in (formulas[name].of if name in formulas else (name,))}
    if not needed <= set(columns) or any(word.fault(factors) is not None for word in derived if word.name in constraint.names):
        return False
    return bool(_beyond(constraint, columns, factors=factors, derived=derived)[0] > 0)


def _beyond(constraint: Constraint, columns: Columns, *, factors: Mapping[str, Factor], derived: Sequence[Derived]) -> Any:
    levels = {name: factor.levels for name, factor in factors.items() if isinstance(factor, Categorical)}
    own = {word.name: word.value(columns) for word in derived if word.name in constraint.names}
    return constraint.violation({**columns, **own}, levels)


def _derived(draft: Draft, whole: Mapping[str, Factor], names: set[str]) -> tuple[Derived, ...]:
    """The derived factors that can be computed."""
    good: list[Derived] = []
    measured = draft.names("measurements")
    for part in draft.of("derived"):
        word: Derived | None = part.word
        if word is None:
            continue
        if word.name in names or word.name in measured or word.name in [other.name for other in good]:
            draft.mistake((*part.path, "name"), expected="a name of its own", found=repr(word.name), mend="Rename it.")
        elif all(name in whole or name not in names for name in word.of):
            if (fault := word.fault(whole)) is None:
                good.append(word)
            else:
                said = take_apart(fault)
                draft.mistake((*part.path, "of"), expected=said.expected, found=said.found, mend=said.mend)
    return tuple(good)


def _refuse_unmeetable(draft: Draft, part: Part, factors: list[Any]) -> None:
    """One constraint against the bounds of its own factors."""
    constraint: Linear = part.word
    ends = [sorted((constraint.terms[factor.name] * factor.bounds[0], constraint.terms[factor.name] * factor.bounds[1])) for factor in factors if not factor.only_if]
    if len(ends) < len(factors):
        return  # an absent factor counts as its stand-in
    least, most = sum(low for low, _ in ends), sum(high for _, high in ends)
    slack = 1e-9 * max(abs(least), abs(most), 1.0)
    for side, bound, fails in (
        ("at_most", constraint.at_most, lambda bound: least > bound + slack),
        ("at_least", constraint.at_least, lambda bound: most < bound - slack),
        ("equals", constraint.equals, lambda bound: not least - slack <= bound <= most + slack),
    ):
        if bound is not None and fails(bound):
            draft.mistake(
                (*part.path, side), expected=f"a bound that the factors can meet (their sum is {least:g} to {most:g})", found=f"{bound:g}",
                mend="Widen a factor or loosen the constraint.",
            )  # fmt: skip


def _refuse_jointly(draft: Draft, sound: list[Constraint], factors: tuple[Factor, ...], derived: tuple[Derived, ...]) -> None:
    """All constraints together, where each alone can be met: a smallest set of those that can't."""
    if any(True for _ in presence_faults(factors)):
        return
    known = {factor.name: factor for factor in factors}
    found = conflict_of(factors, sound, derived=derived, violation=lambda constraint, columns: _beyond(constraint, columns, factors=known, derived=derived))
    if found is None:
        return
    about = "; ".join(describe_factor(factor) for factor in factors if any(factor.name in one.names for one in found.constraints))
    what = "none within the factors' bounds" if len(found.constraints) == 1 else f"{len(found.constraints)} that conflict"
    draft.mistake(
        ("constraints",), expected="constraints that some point meets", found=f"{what}: {'; '.join(map(str, found.constraints))} ({about[:300]})",
        mend=found.mend,
    )  # fmt: skip
