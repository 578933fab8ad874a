"""Emitted files, read by software that others wrote: each well's composition as they see it must be the plan's.

For benches and tests alone: robotools is AGPL, kithairon EUPL, so neither is a dependency. What is not installed is named, never
passed over in silence.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from protocols.emitters.tables import transfers_csv
from protocols.labware import labware
from protocols.plan import PhysicalPlan
from protocols.targets import Emitted
from world_model.terms.lab_profile import LabProfile
from world_model.terms.robots import ECHO, OPENTRONS, TECAN

Place = tuple[str, str]
Contents = dict[Place, dict[str, float]]
TOLERANCE_NL = 0.01
PEERS = {"robotools": "Tecan worklists", "plateo": "Tecan worklists and transfers.csv", "kithairon": "Echo pick lists", "pylabrobot": "STARlet scripts"}


@cache
def missing_peers() -> tuple[str, ...]:
    """Which of the parsers are not installed, or can't be loaded: plateo wants a system library (Pango) for its reports."""
    return tuple(name for name in PEERS if not _loads(name))


def _loads(name: str) -> bool:
    if find_spec(name) is None:
        return False
    try:
        import_module(name)
    except (ImportError, OSError):
        return False
    return True


def third_party(lab: LabProfile, emitted: Emitted, plan: PhysicalPlan) -> list[str]:
    """Where what others read from the files of `lab.robot` differs from the plan; empty where all agrees.

    Raises:
        ImportError: the parser of this target is not installed.
    """
    model = lab.robot.model
    if model in TECAN:
        from .tecan_parsers import by_plateo, by_robotools

        return [*by_robotools(lab, emitted, plan), *by_plateo(lab, emitted, plan)]
    if model in ECHO:
        return by_kithairon(lab, emitted, plan)
    if model == "Hamilton STARlet":
        from .starlet_run import by_pylabrobot

        return by_pylabrobot(lab, emitted, plan)
    if model in OPENTRONS:
        raise ValueError(f"expected a text target, found {model}: Opentrons' engine judges it (protocols.verify)")
    return transfers_by_plateo(lab, plan)


def started(plan: PhysicalPlan) -> Contents:
    """What stands on the bench before the first stage, in nanolitres."""
    return {(stock.holder, well): {stock.name: float(held)} for stock in plan.stocks for well, held in stock.start_nl.items() if held}


def due(plan: PhysicalPlan) -> Contents:
    """What the plate and the dilutions must hold in the end."""
    held: Contents = {(plan.plate, well): dict(contents) for well, contents in plan.composition().items()}
    for dilution in plan.dilutions:
        drawn = dict.fromkeys(dilution.wells, 0)
        for stage in plan.stages:
            for transfer in stage.transfers:
                if transfer.stock == dilution.name:
                    drawn[transfer.source_well] += transfer.volume_nl
        for well, made in dilution.wells.items():
            held[dilution.plate, well] = {stock: (made - drawn[well]) * part for stock, part in plan.made_of(dilution.name).items()}
    return held


def differences(found: Mapping[Place, Mapping[str, float]], plan: PhysicalPlan, *, by: str, tolerance_nl: float = TOLERANCE_NL) -> list[str]:
    """Wells of the plate and the dilutions that hold something else."""
    wanted, made = due(plan), {plan.plate, *plan.dilution_plates}
    told = []
    for place in sorted(wanted.keys() | {place for place in found if place[0] in made}):
        for stock in sorted(wanted.get(place, {}).keys() | found.get(place, {}).keys()):
            here, there = found.get(place, {}).get(stock, 0.0), wanted.get(place, {}).get(stock, 0.0)
            if abs(here - there) > tolerance_nl:
                told.append(f"{by}: {here:.3f} nL of {stock} in {place[1]} of {place[0]} instead of {there:.3f} nL")
    return told


def pour(held: Contents, transfers: Iterable[tuple[Place, Place, float]]) -> Contents:
    """Carry transfers out: what leaves a well has its composition at that moment."""
    for source, target, volume in transfers:
        contents = held.get(source, {})
        total = sum(contents.values())
        if source == target or total <= 0:
            continue
        into = held.setdefault(target, {})
        for stock, amount in list(contents.items()):
            part = amount * min(volume / total, 1.0)
            contents[stock] = amount - part
            into[stock] = into.get(stock, 0.0) + part
    return held


def transfers_by_plateo(lab: LabProfile, plan: PhysicalPlan) -> list[str]:
    """`transfers.csv`, read and simulated by plateo, which takes 96 or 384 wells a plate."""
    from .plateo_plates import contents_of, filled_plates

    text = transfers_csv(plan)
    plates = filled_plates(lab, plan, unit=1e-9, named="by well")
    columns = {"source_plate": "source_plate", "source_well": "source_well", "dest_plate": "dest_plate", "dest_well": "dest_well", "volume": "volume_ul"}
    picks = import_module("plateo.parsers").picklist_from_csv_file(io.StringIO(text), unit=1e-6, source_plates=list(plates.values()), dest_plates=list(plates.values()), df_columns=columns)
    picks.simulate(inplace=True)
    return differences(contents_of(plates, lab, plan, unit=1e-9, named="by well"), plan, by="plateo")


def by_kithairon(lab: LabProfile, emitted: Emitted, plan: PhysicalPlan) -> list[str]:
    """Pick lists, read and validated by kithairon against plate types that the lab file names; hands before and after."""
    kithairon, polars = import_module("kithairon"), import_module("polars")
    types = kithairon.Labware.from_xml_str(echo_labware(lab, plan))
    held = started(plan)
    told: list[str] = []
    for text, stage in zip(emitted.files, emitted.work, strict=True):
        pour(held, [(step.source, step.target, float(step.volume_nl)) for step in stage.before])
        if stage.steps:
            picks = kithairon.PickList(polars.read_csv(io.StringIO(text)))
            with contextlib.redirect_stdout(io.StringIO()):  # it prints what it returns
                errors, _ = picks.validate(labware=types, raise_on=False)
            told += [f"kithairon: {error}" for error in errors]
            pour(held, [_pick(row) for row in picks.to_polars().iter_rows(named=True)])
        pour(held, [(step.source, step.target, float(step.volume_nl)) for step in stage.after])
    return told + differences(held, plan, by="kithairon")


def _pick(row: Mapping[str, Any]) -> tuple[Place, Place, float]:
    return (row["Source Plate Name"], row["Source Well"]), (row["Destination Plate Name"], row["Destination Well"]), float(row["Transfer Volume"])


def echo_labware(lab: LabProfile, plan: PhysicalPlan) -> str:
    """Plate types as the Echo's software lists them (`.elwx`), for kithairon, which ships none."""
    sources = {holder.type: holder.labware for holder in lab.holders if holder.type}
    if lab.dilutions is not None and lab.dilutions.type:
        sources[lab.dilutions.type] = lab.dilutions.labware
    drop_nl = plan.device.step_nl if plan.device.step_nl != 5 else 2.5
    return (
        '<?xml version="1.0" encoding="utf-8"?><EchoLabware><sourceplates>'
        + "".join(_plate_type(name, load_name, usage="SRC", drop_nl=drop_nl) for name, load_name in sources.items())
        + "</sourceplates><destinationplates>" + _plate_type(lab.plate.type, lab.plate.labware, usage="DEST", drop_nl=0.0) + "</destinationplates></EchoLabware>"
    )  # fmt: skip


def _plate_type(name: str, load_name: str, *, usage: str, drop_nl: float) -> str:
    from xml.sax.saxutils import quoteattr

    item = labware(load_name)
    most_ul = max(shape.capacity_nl for shape in item.wells.values()) / 1000
    told: Sequence[tuple[str, object]] = (
        ("platetype", name), ("plateformat", f"{len(item.wells)}"), ("usage", usage), ("fluid", ""), ("manufacturer", ""), ("lotnumber", ""), ("partnumber", ""),
        ("rows", max(len(column) for column in item.columns)), ("cols", len(item.columns)), ("a1offsety", 0), ("centerspacingx", 450), ("centerspacingy", 450),
        ("plateheight", 1440), ("skirtheight", 240), ("wellwidth", 330), ("welllength", 330), ("wellcapacity", round(most_ul * 1000)), ("bottominset", 0.0),
        ("centerwellposx", 0.0), ("centerwellposy", 0.0), ("minwellvol", 0.0), ("maxwellvol", most_ul), ("maxvoltotal", most_ul * 1000),
        ("minvolume", drop_nl), ("dropvolume", drop_nl),
    )  # fmt: skip
    return "<plateinfo " + " ".join(f"{key}={quoteattr(str(value))}" for key, value in told) + "/>"
