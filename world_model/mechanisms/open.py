"""The mechanism that a campaign file names."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from world_model.terms.errors import MechanismError, nearest
from world_model.terms.factors import Categorical, Factor
from world_model.terms.goals import Measurement
from world_model.terms.mechanism_doc import (  # fmt: skip
    DoseTarget,
    HoldTarget,
    InitialTarget,
    MechanismDoc,
    Observed,
    ParameterTarget,
    RampTarget,
    Target,
)

if TYPE_CHECKING:
    from .sbml import SbmlMechanism
    from .sbml_model import SbmlModel


def open_mechanism(
    doc: MechanismDoc | None, *, base: Path, factors: Iterable[Factor], measurements: Iterable[Measurement]
) -> SbmlMechanism | None:
    """The mechanism of a `[mechanism]` table, or None where there is none.

    A factor or measurement that the table leaves out goes by its own name in the model. What a factor does there follows from how it
    acts, unless the table says it.

    Raises:
        MechanismError: a file that is no SBML, or a name that the model or the campaign does not know.
    """
    if doc is None:
        return None
    from .sbml import SbmlMechanism, SbmlSpec, hours_in
    from .sbml_model import read_model

    source = base / doc.file
    known, measured = list(factors), list(measurements)
    for what, told, names in (("factor", doc.factors, [f.name for f in known]), ("measurement", doc.observables, [m.name for m in measured])):
        for name in told:
            if name not in names:
                raise MechanismError(f"mechanism.{what}s.{name}: expected a {what}'s name, found {name!r}. {nearest(name, names)}")
    model = read_model(source, initial_assignments=doc.initial_assignments)
    targets = {factor.name: target for factor in known if (target := target_of(factor, doc.factors.get(factor.name, factor.acts_on), model)) is not None}
    return SbmlMechanism(
        source,
        SbmlSpec(
            factors=targets, observables={one.name: _observed(one.name, doc.observables.get(one.name, one.name)) for one in measured},
            hours=hours_in(doc.time_unit), end_h=doc.end_h if doc.end_h is not None else max((t for one in measured for t in one.at_h), default=None),
            estimable=() if not doc.estimate else doc.parameters or None, log_sd=doc.log_sd, initial_assignments=doc.initial_assignments,
        ),
    )  # fmt: skip


def target_of(factor: Factor, told: str | Target, model: SbmlModel) -> Target | None:
    """What a factor does in a model; None for a time, which belongs to the factors that name it.

    Raises:
        MechanismError: it can't be told from the factor alone.
    """
    if not isinstance(told, str):
        return told
    if factor.action == "time":
        return None
    if isinstance(factor, Categorical):
        raise MechanismError(f"mechanism.factors.{factor.name}: expected a table with target and levels for a categorical factor, found {told!r}.")
    species = told in (*model.floating, *model.boundary)
    match factor.action:
        case "start" | "set":
            return InitialTarget(target=told) if species else ParameterTarget(target=told)
        case "dose":
            return DoseTarget(target=told, at_h=factor.at if factor.at is not None else 0.0)
        case "hold":
            return HoldTarget(target=told, from_h=factor.from_h or 0.0, to_h=factor.to_h or 0.0)
        case "ramp":
            return RampTarget(target=told, from_h=factor.from_h or 0.0, to_h=factor.to_h or 0.0, from_value=factor.from_value)
        case "edit":
            if factor.mode not in ("knock_out", "inhibit"):
                raise MechanismError(
                    f"mechanism.factors.{factor.name}: expected a table that says what {factor.mode!r} does to a constant (how = 'multiply'), found {told!r}."
                )
            return InitialTarget(target=told, how="inhibit") if species else ParameterTarget(target=told, how="inhibit")
    raise MechanismError(f"mechanism.factors.{factor.name}: expected a factor that acts on the model, found {factor.action!r}.")


def _observed(name: str, told: str | Observed) -> Observed:
    return told if isinstance(told, Observed) else Observed(of=told)
