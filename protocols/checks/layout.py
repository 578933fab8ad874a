"""The layout: each experiment in one well, edge wells as the lab file says, repeats not all in one row or column."""

from __future__ import annotations

from collections.abc import Sequence

from world_model.terms.lab_profile import LabProfile
from world_model.terms.proposal import ProposedExperiment

from ..finding import Finding
from ..labware import labware
from ..layout import usable_wells
from ..plan import PhysicalPlan


def check_layout(plan: PhysicalPlan, lab: LabProfile, experiments: Sequence[ProposedExperiment]) -> list[Finding]:
    """Every experiment once, only in usable wells; repeats in one line are confounded with it."""
    found = []
    usable = set(usable_wells(lab.plate, labware(plan.plate_labware).format))
    placed: dict[str, list[str]] = {}
    for well in plan.wells:
        if well.experiment_id:
            placed.setdefault(well.experiment_id, []).append(well.well)
            if well.well not in usable:
                found.append(
                    Finding(
                        rule="layout",
                        severity="error",
                        where=well.well,
                        observed=f"{well.experiment_id} in an edge well",
                        limit="inner wells only",
                    )
                )
    for experiment in experiments:
        if len(placed.get(experiment.id, ())) != 1:
            found.append(
                Finding(
                    rule="layout",
                    severity="error",
                    where=experiment.id,
                    observed=f"{len(placed.get(experiment.id, ()))} wells",
                    limit="one well",
                )
            )
    groups: dict[str, list[str]] = {}
    for experiment in experiments:
        groups.setdefault(experiment.repeat_of or experiment.id, []).extend(placed.get(experiment.id, ()))
    for name, wells in groups.items():
        rows, columns = {well.rstrip("0123456789") for well in wells}, {well.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ") for well in wells}
        if len(wells) > 1 and 1 in (len(rows), len(columns)):
            line = f"row {rows.pop()}" if len(rows) == 1 else f"column {columns.pop()}"
            found.append(
                Finding(
                    rule="layout", severity="warning", where=f"{name} and its repeats", observed=f"all {len(wells)} wells in {line}",
                    limit="repeats in more than one row and column", mend="Use more wells of the plate, or fewer repeats.",
                )
            )  # fmt: skip
    return found
