"""Tecan worklists by robotools, which writes the same text from the same steps and keeps a ledger, and by plateo, which reads them."""

from __future__ import annotations

import io
import re
from functools import cache
from importlib import import_module
from typing import Any

from protocols.emitters.tecan import label, rack_label, rack_type
from protocols.labware import labware
from protocols.plan import PhysicalPlan
from protocols.targets import Emitted
from world_model.terms.lab_profile import LabProfile

from .plateo_plates import contents_of, filled_plates
from .protocol_parsers import Contents, differences, started

# plateo reads rows of ten fields; a record has eleven
_PLATEO_FIELDS = 10


@cache
def _padded(well: str) -> str:
    """robotools calls A1 A01."""
    match = re.fullmatch(r"([A-Z]+)([0-9]+)", well)
    assert match is not None
    return f"{match[1]}{int(match[2]):02d}"


def _racks(lab: LabProfile, plan: PhysicalPlan) -> dict[str, Any]:
    """robotools' labware, filled as the plan says; its least volume is what can't be drawn."""
    robotools = import_module("robotools")
    load_names = {holder.name: holder.labware for holder in lab.holders} | dict(plan.dilution_plates) | {plan.plate: plan.plate_labware}
    dead = {stock.holder: stock.dead_nl for stock in plan.stocks} | {dilution.plate: dilution.dead_nl for dilution in plan.dilutions}
    held = started(plan)
    racks = {}
    for name, load_name in load_names.items():
        item = labware(load_name)
        rows = max(len(column) for column in item.columns)
        first = {well: contents for (rack, well), contents in held.items() if rack == name}
        # it sums floats: one part in 10⁹ is given to rounding
        racks[name] = robotools.Labware(
            name, rows, len(item.columns), min_volume=max(dead.get(name, 0) / 1000 - 1e-6, 0.0), max_volume=max(shape.capacity_nl for shape in item.wells.values()) / 1000 * (1 + 1e-9),
            initial_volumes=[[sum(first.get(column[row], {}).values()) / 1000 for column in item.columns] for row in range(rows)],
            component_names={_padded(well): next(iter(contents)) for well, contents in first.items()},
        )  # fmt: skip
    return racks


def by_robotools(lab: LabProfile, emitted: Emitted, plan: PhysicalPlan) -> list[str]:
    """The text that robotools writes from the same steps, line by line; and the compositions of its ledger, fed with our text's records."""
    robotools = import_module("robotools")
    racks = _racks(lab, plan)
    names = {rack_label(name, plan): name for name in racks}
    kind = robotools.FluentWorklist if lab.robot.model == "Tecan Fluent" else robotools.EvoWorklist
    told: list[str] = []
    for text, stage in zip(emitted.files, emitted.work, strict=True):
        written = kind(max_volume=float(plan.device.most_nl) / 1000, diti_mode=lab.robot.tips == "disposable")
        for step in stage.steps:
            for write, (rack, well) in ((written.aspirate_well, step.source), (written.dispense_well, step.target)):
                write(
                    rack_label(rack, plan), written._get_well_position(racks[rack], _padded(well)), step.volume_nl / 1000,
                    liquid_class=label(lab.robot.liquid_class), rack_type=label(rack_type(rack, plan, lab)),
                )  # fmt: skip
            written.wash()
        ours = [line for line in text.split("\r\n") if line and line[:2] not in ("C;", "B;")]
        if plan.device.step_nl % 10 == 0 and ours != list(written):
            wrong = next((pair for pair in zip(ours, written, strict=False) if pair[0] != pair[1]), (f"{len(ours)} lines", f"{len(written)} lines"))
            told.append(f"robotools: {wrong[0]!r} where it writes {wrong[1]!r}")
        try:
            _feed(ours, racks, names)
        except Exception as fault:  # its own over- and underflow errors, told in its own words
            told.append(f"robotools: {type(fault).__name__}: {fault}")
    return told + differences(_contents(racks), plan, by="robotools")


def _feed(lines: list[str], racks: dict[str, Any], names: dict[str, str]) -> None:
    drawn: dict[str, float] = {}
    wells = {told: racks[name].wells.flatten("F").tolist() for told, name in names.items()}
    for line in lines:
        parts = line.split(";")
        if parts[0] not in ("A", "D"):
            continue
        rack = racks[names[parts[1]]]
        well, volume = wells[parts[1]][int(parts[4]) - 1], float(parts[6])
        if parts[0] == "A":
            drawn = rack.get_well_composition(well)
            rack.remove(well, volume)
        else:
            rack.add(well, volume, compositions=[drawn])
        # its ledger keeps a copy of every plate at every step
        rack._history.clear()
        rack._labels.clear()


def _contents(racks: dict[str, Any]) -> Contents:
    found: Contents = {}
    for name, rack in racks.items():
        for padded, index in rack.indices.items():
            volume = float(rack.volumes[index]) if rack._volumes[index] > 0 else 0.0
            if volume > 0:
                well = f"{padded[0]}{int(padded[1:])}"
                found[name, well] = {stock: float(share) * volume * 1000 for stock, share in rack.get_well_composition(padded).items()}
    return found


def by_plateo(lab: LabProfile, emitted: Emitted, plan: PhysicalPlan) -> list[str]:
    """Aspirates and dispenses cut to the ten fields that plateo reads, with its own positions, simulated by it."""
    read = import_module("plateo.parsers").picklist_from_tecan_evo_picklist_file
    plates = filled_plates(lab, plan, unit=1e-3, named="by position")
    by_label = {rack_label(name, plan): plate for name, plate in plates.items()}
    told = []
    for text in emitted.files:
        lines = [";".join(line.split(";")[:_PLATEO_FIELDS]) for line in text.split("\r\n") if line[:2] in ("A;", "D;")]
        if not lines:
            continue
        picks = read(io.StringIO("\n".join(lines)), by_label)
        for transfer in picks.transfers_list:
            if transfer.source_well is transfer.destination_well:
                continue
            try:
                transfer.apply()
            except ValueError as fault:
                told.append(f"plateo: {fault}")
    return told + differences(contents_of(plates, lab, plan, unit=1e-3, named="by position"), plan, by="plateo")
