"""The template: from factors, lab and design to an intent. No number is invented; defaults are named as such."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from world_model.terms.errors import nearest
from world_model.terms.factors import Categorical, Factor
from world_model.terms.lab_profile import LabProfile
from world_model.terms.proposal import ProposedExperiment
from world_model.terms.space import SearchSpace

from .finding import Finding
from .intent import Add, Binding, Dispense, Fill, Inoculate, ProtocolIntent, Quantity, Read, Step
from .weaving import shake_in_reader, weave

# A plate that leaves the reader more often than this is no time course any more; a continuous time of addition would ask
# for one robot file per well.
MOST_ADDITIONS = 6


@dataclass(frozen=True, kw_only=True)
class Bound:
    """Factors tied to components, the factors that are times or conditions, and what could not be tied."""

    bindings: tuple[Binding, ...]
    conditions: tuple[str, ...]
    findings: tuple[Finding, ...]


def bind_factors(space: SearchSpace, lab: LabProfile) -> Bound:
    """Tie each factor that is a liquid to a component of the lab's stocks."""
    made = {component for stock in lab.stocks for component in stock.components}
    bindings: list[Binding] = []
    conditions: list[str] = []
    findings: list[Finding] = []
    for factor in space.factors:
        if factor.action == "time":
            continue
        if (reason := _beyond_any_bench(factor)) is not None:
            findings.append(reason)
            continue
        component = lab.components.get(factor.name, factor.acts_on)
        if isinstance(factor, Categorical) or (factor.action == "set" and component not in made):
            conditions.append(factor.name)
        elif component not in made:
            findings.append(
                Finding(
                    rule="component", severity="error", where=f"factor {factor.name!r}", limit="a component that some stock holds",
                    observed=f"no stock with {component!r}",
                    mend=f"Add a stock with it, or say which component it is: [components] {factor.name} = … {nearest(component, made)}",
                )
            )  # fmt: skip
        else:
            at = factor.at if factor.action == "dose" else 0.0
            timed = isinstance(at, str)
            bindings.append(
                Binding(
                    factor=factor.name, component=component, unit=factor.unit,
                    minute=None if timed else minute_of(float(at or 0.0)), time_factor=at if timed else None,
                )
            )  # fmt: skip
    findings += [
        Finding(
            rule="component", severity="error", where=f"factor {binding.factor!r}", observed="the same component in medium.base",
            limit=f"{binding.component!r} either as a factor or in the base medium", mend=f"Take {binding.component!r} out of [medium.base].",
        )
        for binding in bindings
        if binding.component in lab.medium.base
    ]  # fmt: skip
    return Bound(bindings=tuple(bindings), conditions=tuple(conditions), findings=tuple(findings))


# What no step can do, and what a person may do instead.
_NO_STEP = {
    "hold": ("a value that is kept in a well for hours", "Nothing is taken out of a closed well. Let it act as 'dose' at an hour, or as 'set' for the whole plate."),
    "ramp": ("a value that moves in a well for hours", "Nothing is taken out of a closed well. Let it act as 'dose' at an hour, or as 'set' for the whole plate."),
    "edit": ("a change of a gene", "Make the strains beforehand and let a categorical factor act as 'set', or add the inhibitor as a 'dose'."),
}  # fmt: skip


def _beyond_any_bench(factor: Factor) -> Finding | None:
    if factor.action not in _NO_STEP:
        return None
    observed, mend = _NO_STEP[factor.action]
    return Finding(
        rule="act", severity="error", where=f"factor {factor.name!r}", observed=f"{observed} (acts = {factor.action!r})",
        limit="what pipetting can do: acts = 'start', 'dose' or 'set'", mend=f"{mend} A simulated lab may answer it without a lab file.",
    )  # fmt: skip


def minute_of(hours: float) -> int:
    """Hours to whole minutes: what a person at a bench keeps."""
    return round(hours * 60)


def addition_minute(binding: Binding, settings: Mapping[str, float | str]) -> int:
    """When an experiment gets a factor, in minutes after the zero; 0 is the set-up."""
    if binding.time_factor is not None:
        return max(minute_of(float(settings[binding.time_factor])), 0)
    return int(binding.minute or 0)


def stage_name(minute: int, times: Sequence[str]) -> str:
    """`induce_2h` where the time belongs to an induction, else `add_2h`; `add_1h30` for an hour and a half."""
    verb = "induce" if any("induc" in name.lower() for name in times) else "add"
    hours, rest = divmod(minute, 60)
    return f"{verb}_{hours}h{rest:02d}" if rest else f"{verb}_{hours}h"


def draft_intent(
    *, plate: str, experiments: Sequence[ProposedExperiment], bindings: Sequence[Binding], conditions: Mapping[str, float | str],
    space: SearchSpace, lab: LabProfile, inoculum_od600: float | None, system: str,
) -> ProtocolIntent:  # fmt: skip
    """The intent of one plate. Every experiment must have a value for each factor that is a liquid or a time (blanks apart)."""
    due: dict[int, dict[str, None]] = {}
    for experiment in experiments:
        for binding in bindings:
            amount = experiment.settings.get(binding.factor)
            if isinstance(amount, int | float) and amount > 0 and (minute := addition_minute(binding, experiment.settings)) > 0:
                due.setdefault(minute, {})[binding.factor] = None
    steps: list[Step] = []
    volume = Quantity(value=lab.plate.volume_ul, unit="µL", source="catalogue")
    if lab.plate.edge_fill is not None:
        steps.append(Fill(stock=lab.plate.edge_fill, volume=volume))
    if lab.medium.base:
        steps.append(Dispense(what="base medium"))
    if bindings:
        steps.append(Dispense(what="factors", to="cultures"))
    steps.append(Dispense(what="diluent"))
    if lab.cells is not None:
        measured = inoculum_od600 is not None
        steps.append(
            Inoculate(
                stock=lab.cells.stock, final=Quantity(value=lab.cells.final_od600, unit="OD600", source="catalogue"),
                inoculum=Quantity(
                    value=inoculum_od600 if inoculum_od600 is not None else lab.cells.expected_od600, unit="OD600",
                    source="user_text" if measured else "catalogue", quote="OD600 of the inoculum, measured that morning" if measured else "",
                ),
            )
        )  # fmt: skip
    additions = []
    for minute in sorted(due):
        timed = [
            name for name in (next(b.time_factor for b in bindings if b.factor == factor) for factor in due[minute]) if name is not None
        ]
        at = Quantity(value=minute / 60, unit="h", source="design")
        additions.append(Add(stage=stage_name(minute, [*timed, *due[minute]]), at=at, factors=tuple(due[minute])))
    steps += weave(lab.steps or (shake_in_reader(), Read()), additions, onto="the bench" if lab.robot.model == "hands" else "the robot's deck")
    named = ", ".join(space.names)
    return ProtocolIntent(
        objective=f"{len(experiments)} experiments on {system or 'the system'}, varying {named}",
        plate=plate, volume=volume, bindings=tuple(bindings), conditions=dict(conditions),
        units={factor.name: factor.unit for factor in space.factors if factor.unit}, steps=tuple(steps),
    )  # fmt: skip
