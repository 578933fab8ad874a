"""What must hold before anything is solved: the lab file against the maker's definitions, and the design against the plate."""

from __future__ import annotations

from collections.abc import Sequence

from world_model.terms.errors import ProtocolError, nearest
from world_model.terms.lab_profile import LabProfile, Stock
from world_model.terms.plates import PlateFormat
from world_model.terms.proposal import ProposedExperiment
from world_model.terms.robots import OPENTRONS

from .checks.mounts import check_mounts
from .device import BY_HAND, device_of, devices_by_stock
from .finding import Finding
from .labware import Labware, labware
from .layout import usable_wells
from .volumes import STEP_NL, shown, to_nl


def check_lab(lab: LabProfile) -> list[Finding]:
    """Every way in which the lab file disagrees with the definitions of labware and pipettes."""
    found: list[Finding] = []
    try:
        plate = labware(lab.plate.labware)
        layout = plate.format
    except ProtocolError as fault:
        found.append(_error("labware", "plate.labware", str(fault), "a plate"))
    else:
        least = min(well.capacity_nl for well in plate.wells.values())
        if to_nl(lab.plate.volume_ul) > least:
            found.append(
                _error(
                    "well capacity",
                    "plate.volume_ul",
                    shown(to_nl(lab.plate.volume_ul)),
                    f"at most {shown(least)}, what a well of {plate.title} holds",
                    "Lower plate.volume_ul.",
                )
            )
        step_nl = _step_nl(lab)
        if to_nl(lab.plate.volume_ul) % step_nl or to_nl(lab.plate.volume_ul) < step_nl:
            found.append(_error("well volume", "plate.volume_ul", f"{lab.plate.volume_ul:g} µL", f"a multiple of {shown(step_nl)}"))
        if not usable_wells(lab.plate, layout):
            found.append(
                _error("layout", "plate.use", f"'inner' on a plate of {layout.rows} × {layout.columns}", "a plate with inner wells")
            )
    holders = {}
    for holder in lab.holders:
        try:
            holders[holder.name] = labware(holder.labware)
        except ProtocolError as fault:
            found.append(_error("labware", f"holder {holder.name!r}", str(fault), "a reservoir, a tube rack or a plate"))
    for stock in lab.stocks:
        if stock.holder in holders:
            found += _check_places(stock, holders[stock.holder])
    found += _check_dilutions(lab)
    return found + (check_mounts(lab) if lab.robot.model in OPENTRONS else _check_machine(lab))


def _check_places(stock: Stock, holder: Labware) -> list[Finding]:
    """Every well of a stock exists and holds its share."""
    found = []
    share_nl = to_nl(stock.volume_ml * 1000) / len(stock.places)
    for place in stock.places:
        if place not in holder.wells:
            found.append(
                _error("position", f"stock {stock.name!r}", f"position {place!r}", f"a well of {holder.load_name}", nearest(place, holder.wells))
            )
        elif share_nl > holder.wells[place].capacity_nl:
            whole = f"{stock.volume_ml:g} mL in {len(stock.places)} wells" if len(stock.places) > 1 else f"{stock.volume_ml:g} mL"
            found.append(
                _error(
                    "holder capacity", f"stock {stock.name!r}", whole,
                    f"at most {shown(holder.wells[place].capacity_nl)} in {place} of {stock.holder}",
                    "Name further wells (more_positions), lower volume_ml or take a larger holder.",
                )
            )  # fmt: skip
    return found


def _check_dilutions(lab: LabProfile) -> list[Finding]:
    """The labware in which dilutions are made."""
    if lab.dilutions is None:
        return []
    try:
        item = labware(lab.dilutions.labware)
    except ProtocolError as fault:
        return [_error("labware", "dilutions.labware", str(fault), "a plate, a tube rack or a reservoir")]
    holds_nl = min(well.capacity_nl for well in item.wells.values())
    if item.is_tip_rack:
        return [_error("labware", "dilutions.labware", f"{item.load_name}, a tip rack", "labware that holds liquid")]
    if to_nl(lab.dilutions.dead_volume_ul) >= holds_nl:
        return [
            _error("dead volume", "dilutions.dead_volume_ul", f"{lab.dilutions.dead_volume_ul:g} µL", f"less than {shown(holds_nl)}, what a well of {item.load_name} holds")
        ]
    return []


def _check_machine(lab: LabProfile) -> list[Finding]:
    """A machine other than Opentrons': its volumes, and for an Echo what it can fill up with."""
    device = device_of(lab)
    found = []
    if device.most_nl < device.least_nl:
        found.append(
            _error("device range", "robot.most_ul", shown(device.most_nl), f"at least {shown(device.least_nl)}, the least that {device.name} moves", "Raise most_ul.")
        )
    if device.by == "sound":
        by = devices_by_stock(lab)
        if by[lab.medium.diluent] is BY_HAND:
            found.append(
                _error(
                    "device range", f"stock {lab.medium.diluent!r}, the diluent", f"in holder {lab.stock(lab.medium.diluent).holder!r}, which is no Echo source plate",
                    "an Echo source plate, from which wells are filled up in drops", "Put it there, and name the plate's type ([[holders]] type = \"384PP_AQ_BP\").",
                )
            )  # fmt: skip
    return found


def _step_nl(lab: LabProfile) -> int:
    """The step of the machine, without a look at pipettes that may be wrong."""
    return STEP_NL if lab.robot.model in OPENTRONS else device_of(lab).step_nl


def check_design(experiments: Sequence[ProposedExperiment], lab: LabProfile, layout: PlateFormat) -> list[Finding]:
    """Whether the experiments fit on the plate, each named once."""
    found: list[Finding] = []
    if not experiments:
        found.append(_error("design", "the design", "no experiments", "at least one"))
    ids = [experiment.id for experiment in experiments]
    for name in sorted({name for name in ids if ids.count(name) > 1}):
        found.append(_error("design", f"experiment {name}", f"{ids.count(name)} experiments of that id", "each id once"))
    room = len(usable_wells(lab.plate, layout))
    if len(experiments) > room:
        which = "inner wells" if lab.plate.use == "inner" else "wells"
        found.append(
            _error(
                "layout",
                "the plate",
                f"{len(experiments)} experiments",
                f"at most {room} {which} of {lab.plate.labware}",
                "Ask for fewer candidates, replicates or controls" + (", or set plate.use = 'all'." if lab.plate.use == "inner" else "."),
            )
        )
    return found


def _error(rule: str, where: str, observed: str, limit: str, mend: str = "") -> Finding:
    return Finding(rule=rule, severity="error", where=where, observed=observed, limit=limit, mend=mend)
