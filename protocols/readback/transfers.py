"""`transfers.csv` and `plate_map.csv`, read strictly and held against the plan."""

from __future__ import annotations

from ..plan import PhysicalPlan
from .acts import Act, Bench, Parsed
from .numbers import microlitres, whole
from .table import read_table

TRANSFER_COLUMNS = ("stage", "at_h", "source_plate", "source_well", "dest_plate", "dest_well", "volume_ul", "reagent", "step", "lot")
MAP_COLUMNS = ("plate", "well", "experiment_id", "role", "volume_ul")
# `planned` is written with twelve digits
_DIGITS = 1e-9


def parse_transfers(text: str, bench: Bench) -> dict[str, Parsed]:
    """Stage → acts, one tip a row. Faults of the table as a whole stand under the empty stage."""
    table = read_table(text, TRANSFER_COLUMNS)
    acts: dict[str, list[Act]] = {}
    faults: dict[str, list[str]] = {"": list(table.faults)} if table.faults else {}
    steps: dict[str, int] = {}
    for line, (stage, _, source, source_well, target, target_well, volume, _, step, _) in table.rows:
        here = acts.setdefault(stage, [])
        nanolitres = microlitres(volume)
        known = source_well in bench.racks.get(source, ()) and target_well in bench.racks.get(target, ())
        steps[stage] = steps.get(stage, 0) + 1
        if nanolitres is None or nanolitres == 0 or not known or whole(step) != steps[stage]:
            faults.setdefault(stage, []).append(f"line {line}: {volume!r} µL from {source_well!r} of {source!r} into {target_well!r} of {target!r}, step {step!r}")
            continue
        here += [
            Act("aspirate", (source, source_well), nanolitres, line), Act("dispense", (target, target_well), nanolitres, line), Act("change", ("", ""), 0, line),
        ]  # fmt: skip
    return {stage: Parsed(acts=tuple(acts.get(stage, ())), faults=tuple(faults.get(stage, ()))) for stage in [*faults.keys() - acts.keys(), *acts]}


def plate_map_faults(text: str, plan: PhysicalPlan) -> list[str]:
    """Where a plate map and the plan differ: wells, experiments, roles, volumes, concentrations."""
    columns = list(dict.fromkeys((reached.component, reached.unit) for well in plan.wells for reached in well.reached))
    table = read_table(text, [*MAP_COLUMNS, *(f"{name} ({unit})" if unit else name for name, unit in columns)])
    if table.faults:
        return list(table.faults)
    found = []
    told = {row[1]: (line, row) for line, row in table.rows}
    for well in plan.wells:
        line, row = told.pop(well.well, (0, []))
        if not row or tuple(row[:4]) != (plan.plate, well.well, well.experiment_id, well.role) or microlitres(row[4]) != well.volume_nl:
            found.append(f"line {line}: {row[:5]} instead of {well.well}, {well.experiment_id!r}, {well.volume_nl} nL")
            continue
        planned = {(reached.component, reached.unit): reached.planned for reached in well.reached}
        for column, cell in zip(columns, row[5:], strict=True):
            if abs(float(cell) - planned.get(column, 0.0)) > _DIGITS * max(abs(planned.get(column, 0.0)), 1.0):
                found.append(f"line {line}: {column[0]} {cell} in {well.well} instead of {planned.get(column, 0.0):g}")
    return found + [f"line {line}: {well}, which the plan does not use" for well, (line, _) in told.items()]
