"""plateo's plates with what the plan says stands in them.

A worklist names wells by position, and plateo makes of a position the well of a 96- or 384-well plate, whatever the labware is:
there, racks of another shape are stood in for by one of those, position by position.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any, Literal

from protocols.labware import labware
from protocols.plan import PhysicalPlan
from world_model.terms.lab_profile import LabProfile

from .protocol_parsers import Contents, started

Named = Literal["by well", "by position"]


@cache
def _plate_class(rows: int, columns: int) -> Any:
    return type(f"Plate{rows}x{columns}", (import_module("plateo").Plate,), {"num_rows": rows, "num_columns": columns})


def _load_names(lab: LabProfile, plan: PhysicalPlan) -> dict[str, str]:
    return {holder.name: holder.labware for holder in lab.holders} | dict(plan.dilution_plates) | {plan.plate: plan.plate_labware}


@cache
def _names(load_name: str, named: Named) -> tuple[tuple[int, int], dict[str, str]]:
    """Rows and columns of the plateo plate, and our well → its well."""
    item = labware(load_name)
    if named == "by well":
        return (max(len(column) for column in item.columns), len(item.columns)), {well: well for well in item.wells}
    index_to_wellname = import_module("plateo.containers.helper_functions").index_to_wellname
    rows, columns = (8, 12) if len(item.wells) <= 96 else (16, 24)
    return (rows, columns), {well: index_to_wellname(i, num_wells=rows * columns, direction="column") for i, well in enumerate(item.wells, start=1)}


def filled_plates(lab: LabProfile, plan: PhysicalPlan, *, unit: float, named: Named) -> dict[str, Any]:
    """Name → plateo plate. `unit`: a nanolitre in the unit that the format's volumes are in."""
    load_names = _load_names(lab, plan)
    plates = {name: _plate_class(*_names(load_name, named)[0])(name=name) for name, load_name in load_names.items()}
    for (rack, well), contents in started(plan).items():
        place = plates[rack].wells[_names(load_names[rack], named)[1][well]]
        place.content.volume = sum(contents.values()) * unit
        place.content.quantities = {stock: held * unit for stock, held in contents.items()}
    return plates


def contents_of(plates: dict[str, Any], lab: LabProfile, plan: PhysicalPlan, *, unit: float, named: Named) -> Contents:
    """What every well holds, in nanolitres."""
    load_names = _load_names(lab, plan)
    return {
        (name, well): {stock: held / unit for stock, held in plate.wells[theirs].content.quantities.items()}
        for name, plate in plates.items()
        for well, theirs in _names(load_names[name], named)[1].items()
        if plate.wells[theirs].content.quantities
    }
