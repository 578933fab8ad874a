"""What is wrong with constraints and derived factors among a space's factors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from world_model.terms.cardinality import Cardinality
from world_model.terms.constraint import Constraint, Fault
from world_model.terms.custom import IN_A_PROGRAM, Custom
from world_model.terms.derived import Derived
from world_model.terms.factors import Continuous, Factor
from world_model.terms.mixture import Mixture


def constraint_faults(factors: Sequence[Factor], constraints: Sequence[Constraint], derived: Sequence[Derived]) -> Iterator[str]:
    """Each fault as a sentence."""
    known: dict[str, Factor] = {factor.name: factor for factor in factors}
    for i, word in enumerate(derived):
        if word.name in known or word.name in [other.name for other in derived[:i]]:
            yield f"Expected a derived factor with a name of its own, found {word.name!r} again. Rename one."
            return
        if (fault := word.fault(known)) is not None:
            yield f"Derived {word.name!r}: {fault}"
            return
    for constraint in constraints:
        if isinstance(constraint, Custom) and constraint.told_only:
            yield f"Expected the function of constraint {constraint.name!r}, found only its name. {IN_A_PROGRAM}"
        for told in faults_of(constraint, known, derived):
            yield f"Constraint {constraint}: {told}"


def faults_of(constraint: Constraint, known: Mapping[str, Factor], derived: Sequence[Derived]) -> Iterator[Fault]:
    """The faults of one constraint; parts and mixtures are made of factors alone, the others may name derived ones too."""
    return constraint.faults(known if isinstance(constraint, Cardinality | Mixture) else {**known, **derived_views(known, derived)})


def derived_views(factors: Mapping[str, Factor], derived: Sequence[Derived]) -> dict[str, Factor]:
    """Derived factors as continuous ones between their bounds, for whoever asks what kind they are."""
    views: dict[str, Factor] = {}
    for word in derived:
        low, high = word.bounds(factors)
        views[word.name] = Continuous(name=word.name, low=low, high=high if high > low else low + 1.0, acts="set")
    return views
