"""What each well must hold in the end, by stage and component; read from the design, never from volumes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from world_model.terms.lab_profile import LabProfile
from world_model.terms.proposal import ProposedExperiment
from world_model.terms.units import conversion_factor

from ..finding import Finding
from ..intent import Binding
from ..template import MOST_ADDITIONS, addition_minute
from .strengths import Strengths


@dataclass(frozen=True, kw_only=True)
class Share:
    """One factor's part of a component's amount: `asked` in the component's unit, at the final volume."""

    factor: str
    minute: int
    component: str
    asked: float


@dataclass(frozen=True, kw_only=True)
class Demand:
    """One experiment's wishes. `base[component]` in the component's unit; `cells`: whether it gets cells."""

    experiment_id: str
    shares: tuple[Share, ...]
    base: dict[str, float]
    cells: bool

    @property
    def minutes(self) -> tuple[int, ...]:
        """The additions after the set-up, in order."""
        return tuple(sorted({share.minute for share in self.shares if share.minute > 0 and share.asked > 0}))

    def target(self, minute: int) -> dict[str, float]:
        """Component → amount due at one time, in its unit at the final volume."""
        due = dict(self.base) if minute == 0 else {}
        for share in self.shares:
            if share.minute == minute and share.asked > 0:
                due[share.component] = due.get(share.component, 0.0) + share.asked
        return due

    def key(self) -> tuple[object, ...]:
        """Equal for experiments that are pipetted alike."""
        return self.shares, self.cells


def read_demands(
    experiments: Sequence[ProposedExperiment], *, bindings: Sequence[Binding], strengths: Strengths, lab: LabProfile
) -> tuple[tuple[Demand, ...], tuple[Finding, ...]]:
    """One demand an experiment; what is missing or impossible in its settings is found, not guessed."""
    findings: list[Finding] = []
    base: dict[str, float] = {}
    for name, amount in lab.medium.base.items():
        base[name] = amount.concentration * conversion_factor(
            amount.unit, strengths.units[name], molar_mass_g_per_mol=lab.molar_masses.get(name), of=name
        )
    demands = []
    for experiment in experiments:
        blank = experiment.role == "blank"
        given = experiment.settings
        shares = []
        for binding in bindings:
            wanted = given.get(binding.factor, 0.0 if blank else None)
            if (fault := _fault(wanted)) is not None:
                findings.append(_bad(experiment.id, binding.factor, f"a concentration of at least 0 {binding.unit}".rstrip(), fault))
                continue
            if binding.time_factor is not None and binding.time_factor not in given and not blank:
                findings.append(_bad(experiment.id, binding.time_factor, "an hour", "nothing"))
                continue
            asked = float(wanted) * strengths.scale[binding.factor]  # type: ignore[arg-type]
            minute = 0 if asked == 0 else addition_minute(binding, given)
            shares.append(Share(factor=binding.factor, minute=minute, component=binding.component, asked=asked))
        demands.append(Demand(experiment_id=experiment.id, shares=tuple(shares), base=base, cells=lab.cells is not None and not blank))
    return tuple(demands), tuple(findings)


def check_additions(demands: Sequence[Demand]) -> list[Finding]:
    """A plate leaves the reader only so often."""
    minutes = sorted({minute for demand in demands for minute in demand.minutes})
    if len(minutes) <= MOST_ADDITIONS:
        return []
    shown = ", ".join(f"{minute / 60:.3g}" for minute in minutes[:4])
    return [
        Finding(
            rule="additions", severity="error", where="the plate", observed=f"additions at {len(minutes)} times after the start ({shown} h …)",
            limit=f"at most {MOST_ADDITIONS} times at which the plate leaves the reader", mend="Give the time a few values: kind = 'discrete', values = [0, 2, 4].",
        )
    ]  # fmt: skip


def shared_conditions(experiments: Sequence[ProposedExperiment], names: Sequence[str]) -> tuple[Mapping[str, float | str], tuple[Finding, ...]]:
    """Factors that are no liquid (a temperature, a strain): one plate has one value of each."""
    found: dict[str, float | str] = {}
    findings = []
    for name in names:
        values = list(dict.fromkeys(e.settings[name] for e in experiments if e.role != "blank" and name in e.settings))
        if len(values) > 1:
            shown = ", ".join(str(value) for value in values[:4]) + (" …" if len(values) > 4 else "")
            findings.append(
                Finding(
                    rule="component", severity="error", where=f"factor {name!r}", observed=f"{len(values)} values: {shown}",
                    limit="one value on the plate, for no stock holds it as a component",
                    mend=f"Give a component for it ([components] {name} = …), or one plate for each value.",
                )
            )  # fmt: skip
        elif values:
            found[name] = values[0]
    return found, tuple(findings)


def _fault(wanted: object) -> str | None:
    if wanted is None:
        return "nothing"
    if isinstance(wanted, bool) or not isinstance(wanted, int | float):
        return repr(wanted)
    return None if math.isfinite(wanted) and wanted >= 0 else f"{wanted:g}"


def _bad(experiment_id: str, factor: str, limit: str, observed: str) -> Finding:
    return Finding(rule="settings", severity="error", where=f"{experiment_id}, {factor}", observed=observed, limit=limit, mend="Give a value for each factor.")
