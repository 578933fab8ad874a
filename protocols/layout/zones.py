"""Columns that share conditions: which value of the zone factors holds in which zone, and how many experiments fit there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from world_model.terms.errors import ProtocolError
from world_model.terms.lab_profile import LabProfile
from world_model.terms.proposal import ProposedExperiment

from ..finding import Finding
from ..labware import labware
from ..quiet_milp import milp
from .ground import Ground, ground_of
from .seeds import child_seed

Values = tuple[tuple[str, float | str], ...]


@dataclass(frozen=True, kw_only=True)
class ZoneValues:
    """Zone → factor → the value that holds in it; zones that nothing needs are left out. `findings` say why, where no
    assignment exists (`of` is empty then)."""

    of: dict[str, dict[str, float | str]]
    findings: tuple[Finding, ...] = ()

    def zones_for(self, settings: Values) -> tuple[str, ...]:
        """The zones in which these values of the zone factors hold."""
        return tuple(zone for zone, values in self.of.items() if tuple(values.items()) == settings)


def zone_settings(experiment: ProposedExperiment, factors: Sequence[str]) -> Values | None:
    """An experiment's values of the zone factors; None where it has none of them (a blank), and may stand anywhere."""
    told = tuple((name, experiment.settings[name]) for name in factors if name in experiment.settings)
    return told or None


def zone_values(experiments: Sequence[ProposedExperiment], lab: LabProfile, *, seed: int, plate: str) -> ZoneValues:
    """Give each distinct value of the zone factors zones with room enough, by chance where several fit.

    A value with many experiments may take more than one zone. Without zones in the lab file nothing is found and nothing
    assigned.
    """
    factors = lab.plate.zone_factors
    if not factors:
        return ZoneValues(of={})
    try:
        ground = ground_of(lab.plate, labware(lab.plate.labware).format)
    except ProtocolError:
        return ZoneValues(of={})  # the labware rule names it
    room = {zone: int((ground.zone == number).sum()) for number, zone in enumerate(ground.zones)}
    used = [experiment for experiment in experiments if experiment.role != "unused"]
    wanted: dict[Values, int] = {}
    for experiment in used:
        values = zone_settings(experiment, factors)
        if values is not None:
            wanted[values] = wanted.get(values, 0) + 1
    lacking = tuple(
        _error(
            f"{experiment.id}", f"no value for {', '.join(name for name in factors if name not in experiment.settings)}",
            f"a value for each zone factor ({', '.join(factors)})", "Give it a value, for each zone has one.",
        )
        for experiment in used
        if (values := zone_settings(experiment, factors)) is not None and len(values) < len(factors)
    )  # fmt: skip
    findings = lacking or _reasons(wanted, room, factors, len(used))
    if findings:
        return ZoneValues(of={}, findings=findings)
    taken = _assign(list(wanted.values()), list(room.values()), np.random.default_rng(child_seed(seed, "zones", plate)))
    if taken is None:
        counts = ", ".join(f"{_shown(values)}: {count}" for values, count in wanted.items())
        told = ", ".join(f"{zone}: {wells}" for zone, wells in room.items())
        return ZoneValues(of={}, findings=(_error("the plate", f"experiments by value ({counts})", f"zones with room for them (wells: {told})", "Even out the counts, ask for fewer experiments, or make the zones wider."),))
    zones, values_of = list(room), list(wanted)
    return ZoneValues(of={zones[z]: dict(values_of[v]) for z, v in sorted(taken.items())})


def zone_of_experiments(experiments: Sequence[ProposedExperiment], ground: Ground, values: ZoneValues, factors: Sequence[str]) -> list[tuple[int, ...]]:
    """The zones, as positions, where each experiment may stand; empty where it may stand anywhere."""
    number = {zone: i for i, zone in enumerate(ground.zones)}
    allowed = []
    for experiment in experiments:
        settings = zone_settings(experiment, factors) if ground.zones else None
        allowed.append(() if settings is None else tuple(number[zone] for zone in values.zones_for(settings)))
    return allowed


def _reasons(wanted: dict[Values, int], room: dict[str, int], factors: Sequence[str], count: int) -> tuple[Finding, ...]:
    names, total = ", ".join(factors), sum(room.values())
    found = []
    if len(wanted) > len(room):
        shown = ", ".join(_shown(values) for values in list(wanted)[:6]) + (" …" if len(wanted) > 6 else "")
        found.append(
            _error(
                f"factor {names}", f"{len(wanted)} values: {shown}", f"at most {len(room)} values on a plate of {len(room)} zones",
                f"Give {names} a few values (kind = 'discrete'), or take the values of a round from fewer of them.",
            )
        )  # fmt: skip
    if count > total:
        found.append(_error("the plate", f"{count} experiments", f"at most {total}, the usable wells of its zones", "Ask for fewer experiments, or make the zones wider."))
    return tuple(found)


def _assign(counts: Sequence[int], room: Sequence[int], chance: np.random.Generator) -> dict[int, int] | None:
    """Zone → value, so that each value's zones hold its experiments; None where that can't be.

    A small integer programme: `taken[z, v]` is 1 where zone z serves value v; as few zones as possible, ties by chance.
    """
    from scipy.optimize import Bounds, LinearConstraint

    z, v = len(room), len(counts)
    if not v:
        return {}
    each_once = np.kron(np.eye(z), np.ones((1, v)))
    holds = np.kron(np.asarray(room, dtype=float).reshape(1, z), np.eye(v))
    answer = milp(
        1.0 + chance.random(z * v) / (2 * z * v), integrality=np.ones(z * v), bounds=Bounds(0, 1),
        constraints=[LinearConstraint(each_once, ub=np.ones(z)), LinearConstraint(holds, lb=np.asarray(counts, dtype=float))],
    )  # fmt: skip
    if answer.x is None:
        return None
    taken = np.round(answer.x).reshape(z, v)
    return {int(zone): int(np.argmax(row)) for zone, row in enumerate(taken) if row.sum() > 0.5}


def _shown(values: Values) -> str:
    return " and ".join(f"{value:g}" if isinstance(value, float | int) else value for _, value in values)


def _error(where: str, observed: str, limit: str, mend: str) -> Finding:
    return Finding(rule="zones", severity="error", where=where, observed=observed, limit=limit, mend=mend)
