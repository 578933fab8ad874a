"""Where experiments stand: each on one usable well, zones of one value, and nothing confounded with the plate."""

from __future__ import annotations

from collections.abc import Sequence

from world_model.terms.lab_profile import LabProfile
from world_model.terms.proposal import ProposedExperiment

from ..finding import Finding
from ..labware import labware
from ..layout.confounding import check_confounding
from ..layout.ground import ground_of
from ..layout.reasons import zones_broken
from ..plan import PhysicalPlan


def check_layout(plan: PhysicalPlan, lab: LabProfile, experiments: Sequence[ProposedExperiment]) -> list[Finding]:
    """Every experiment once, on usable wells, in the zone of its values; repeats apart; no factor along a line of the plate."""
    found = []
    size = labware(plan.plate_labware).format
    ground = ground_of(lab.plate, size)
    placed: dict[str, list[str]] = {}
    for well in plan.wells:
        if well.experiment_id:
            placed.setdefault(well.experiment_id, []).append(well.well)
            if well.well not in ground.wells:
                where = "an edge well" if lab.plate.use == "inner" else "a well in no zone"
                found.append(_error(well.well, f"{well.experiment_id} in {where}", "usable wells only", "Move it."))
    for experiment in experiments:
        if len(placed.get(experiment.id, ())) != 1:
            found.append(_error(experiment.id, f"{len(placed.get(experiment.id, ()))} wells", "one well", "Give each experiment one well."))
    if found:
        return found
    layout = {wells[0]: name for name, wells in placed.items()}
    by_id = {experiment.id: experiment for experiment in experiments}
    standing = [by_id[name] for name in layout.values() if name in by_id]
    layout = {well: name for well, name in layout.items() if name in by_id}
    return [*_between_zones(standing, lab), *zones_broken(layout, standing, lab, size), *check_confounding(layout, standing, ground, without=set(lab.plate.zone_factors))]


def _between_zones(experiments: Sequence[ProposedExperiment], lab: LabProfile) -> list[Finding]:
    """A factor that differs between zones differs between columns: no layout can part the two on one plate."""
    varied = [name for name in lab.plate.zone_factors if len({e.settings[name] for e in experiments if name in e.settings}) > 1]
    return [
        Finding(
            rule="zones", severity="note", where=f"factor {name!r}", observed="one value in each zone", limit="values spread over the columns, which a zone can't have",
            mend="On one plate its effect can't be told from the columns'. Zones are given their values anew on each plate.",
        )
        for name in varied
    ]  # fmt: skip


def _error(where: str, observed: str, limit: str, mend: str) -> Finding:
    return Finding(rule="layout", severity="error", where=where, observed=observed, limit=limit, mend=mend)
