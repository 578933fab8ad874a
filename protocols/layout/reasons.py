"""Why a layout can't be drawn, or a user's own one can't be used: told before anything is placed, with numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from world_model.terms.errors import ProtocolError, nearest
from world_model.terms.lab_profile import LabProfile, PlateProfile
from world_model.terms.plates import PlateFormat
from world_model.terms.proposal import ProposedExperiment

from ..finding import Finding
from ..labware import labware
from .confounding import check_confounding
from .ground import ground_of, lines_of, usable_wells
from .sets import replicate_sets
from .zones import zone_of_experiments, zone_settings, zone_values


@dataclass(frozen=True, kw_only=True)
class PlateFault:
    """A mistake of the lab file's plate. `key` is below `plate`: ("blocks",) or ("zones", 1, "columns")."""

    key: tuple[str | int, ...]
    expected: str
    found: str
    mend: str


def plate_faults(plate: PlateProfile, layout: PlateFormat) -> list[PlateFault]:
    """Blocks and zones against the plate's columns: each column exists, is in one zone, and none that is used is left out."""
    columns = sorted({lines_of(well)[1] + 1 for well in usable_wells(plate, layout)})
    found = []
    if plate.blocks > len(columns):
        found.append(PlateFault(key=("blocks",), expected=f"at most {len(columns)} blocks, one for each usable column", found=str(plate.blocks), mend="Take fewer blocks."))
    if bool(plate.zones) != bool(plate.zone_factors):
        lacking_key = "zone_factors" if plate.zones else "zones"
        found.append(
            PlateFault(key=(lacking_key,), expected="zones and zone_factors, or neither", found=f"no {lacking_key}", mend=f"Add {lacking_key}, or leave the other one out.")
        )
    owner: dict[int, str] = {}
    for i, zone in enumerate(plate.zones):
        key: tuple[str | int, ...] = ("zones", i, "columns")
        for column in zone.columns:
            if not 1 <= column <= layout.columns:
                found.append(PlateFault(key=key, expected=f"columns from 1 to {layout.columns}", found=str(column), mend="Write the plate's own column numbers."))
            elif column in owner:
                found.append(PlateFault(key=key, expected="each column in one zone", found=f"column {column} in {owner[column]!r} too", mend="Leave it out of one of them."))
            else:
                owner[column] = zone.name
    twice = sorted({zone.name for zone in plate.zones if [other.name for other in plate.zones].count(zone.name) > 1})
    if twice:
        found.append(PlateFault(key=("zones",), expected="each zone's name once", found=f"{', '.join(twice)} twice", mend="Rename one of them."))
    lacking = [column for column in columns if column not in owner]
    if plate.zones and lacking and not found:
        shown = ", ".join(map(str, lacking))
        found.append(PlateFault(key=("zones",), expected="every usable column in a zone", found=f"none for column{'s' if len(lacking) > 1 else ''} {shown}", mend="Add the column to a zone."))
    return found


def layout_reasons(
    experiments: Sequence[ProposedExperiment], lab: LabProfile, *, seed: int, plate: str, own: Mapping[str, str] | None = None
) -> list[Finding]:
    """Every reason against a layout, drawn or given. Where none is found, `lay_out` finds one."""
    try:
        size = labware(lab.plate.labware).format
    except ProtocolError:
        return []  # the labware rule names it
    used = [experiment for experiment in experiments if experiment.role != "unused"]
    faults = [_error("layout", "plate." + ".".join(map(str, fault.key)), fault.found, fault.expected, fault.mend) for fault in plate_faults(lab.plate, size)]
    if faults or not used or not usable_wells(lab.plate, size):
        return faults
    if own is not None:
        return own_reasons(used, lab, size, own)
    values = zone_values(used, lab, seed=seed, plate=plate)
    if values.findings:
        return list(values.findings)
    ground = ground_of(lab.plate, size)
    zones = dict(zip((one.id for one in used), zone_of_experiments(used, ground, values, lab.plate.zone_factors), strict=True))
    found = []
    for name, ids in replicate_sets(used).items():
        allowed = set().union(*({ground.zones[zone] for zone in zones[one]} or {""} for one in ids))
        here = np.isin(ground.zone, [ground.zones.index(zone) for zone in allowed]) if "" not in allowed else np.ones(len(ground.wells), dtype=bool)
        rows, columns = len(np.unique(ground.row[here])), len(np.unique(ground.column[here]))
        if min(rows, columns) < 2:
            where = f"zone {', '.join(sorted(allowed))}" if "" not in allowed else f"{lab.plate.labware}, plate.use = {lab.plate.use!r}"
            found.append(
                _error(
                    "layout", name, f"{len(ids)} repeats and {rows} × {columns} wells for them ({where})", "wells in at least two rows and two columns, so that repeats lie apart",
                    "Give the zone a second column." if "" not in allowed else "Take a plate with more rows and columns, or plate.use = 'all'.",
                )
            )  # fmt: skip
    return found


def own_reasons(experiments: Sequence[ProposedExperiment], lab: LabProfile, size: PlateFormat, own: Mapping[str, str]) -> list[Finding]:
    """A user's layout: known wells, each experiment once, zones of one value each, and nothing confounded."""
    ground = ground_of(lab.plate, size)
    ids = {experiment.id: experiment for experiment in experiments}
    found = []
    for well, name in own.items():
        if well not in ground.wells:
            which = "an inner well" if lab.plate.use == "inner" else "a well"
            found.append(_error("layout", f"the layout's {well}", repr(well), f"{which} of {lab.plate.labware}", nearest(well, ground.wells)))
        if name not in ids:
            found.append(_error("layout", f"the layout's {well}", repr(name), "an experiment of the design", nearest(name, ids)))
    placed = [name for name in own.values() if name in ids]
    found += [_error("layout", name, f"{placed.count(name)} wells", "one well", "Give each experiment one well.") for name in ids if placed.count(name) != 1]
    if found:
        return found
    return [*zones_broken(own, experiments, lab, size), *check_confounding(own, experiments, ground, without=set(lab.plate.zone_factors))]


def zones_broken(layout: Mapping[str, str], experiments: Sequence[ProposedExperiment], lab: LabProfile, size: PlateFormat) -> list[Finding]:
    """Zones in which a layout asks for more than one value of the zone factors."""
    ground, ids = ground_of(lab.plate, size), {experiment.id: experiment for experiment in experiments}
    held: dict[str, dict[tuple[tuple[str, float | str], ...], list[str]]] = {}
    for well, name in layout.items():
        values = zone_settings(ids[name], lab.plate.zone_factors) if name in ids and ground.zones and well in ground.wells else None
        if values is not None:
            held.setdefault(ground.zones[ground.zone[ground.at(well)]], {}).setdefault(values, []).append(well)
    return [
        _error(
            "zones", f"zone {zone!r}", "; ".join(f"{', '.join(f'{k} {v}' for k, v in told)} in {', '.join(wells[:4])}" for told, wells in values.items()),
            "one value in each zone", "Move the experiments to the zone of their value.",
        )
        for zone, values in held.items() if len(values) > 1
    ]  # fmt: skip


def _error(rule: str, where: str, observed: str, limit: str, mend: str) -> Finding:
    return Finding(rule=rule, severity="error", where=where, observed=observed, limit=limit, mend=mend)
