"""What must hold before anything is solved: the lab file against the maker's definitions, and the design against the plate."""

from __future__ import annotations

from collections.abc import Sequence

from world_model.terms.errors import ProtocolError, nearest
from world_model.terms.lab_profile import LabProfile
from world_model.terms.plates import PlateFormat
from world_model.terms.proposal import ProposedExperiment

from .finding import Finding
from .labware import labware
from .layout import usable_wells
from .pipettes import mounted_hands, pipette_data
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
        if to_nl(lab.plate.volume_ul) % STEP_NL or to_nl(lab.plate.volume_ul) < STEP_NL:
            found.append(_error("well volume", "plate.volume_ul", f"{lab.plate.volume_ul:g} µL", f"a multiple of {shown(STEP_NL)}"))
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
        if stock.holder not in holders:
            continue
        wells = holders[stock.holder].wells
        place = stock.position.strip().upper()
        if place not in wells:
            found.append(
                _error(
                    "position",
                    f"stock {stock.name!r}",
                    f"position {stock.position!r}",
                    f"a well of {holders[stock.holder].load_name}",
                    nearest(place, wells),
                )
            )
        elif round(stock.volume_ml * 1e6) > wells[place].capacity_nl:
            found.append(
                _error(
                    "holder capacity",
                    f"stock {stock.name!r}",
                    f"{stock.volume_ml:g} mL",
                    f"at most {shown(wells[place].capacity_nl)}, what {place} of {stock.holder} holds",
                    "Lower volume_ml or take a larger holder.",
                )
            )
    return found + _check_pipettes(lab)


def _check_pipettes(lab: LabProfile) -> list[Finding]:
    found: list[Finding] = []
    for pipette in lab.robot.pipettes:
        try:
            data = pipette_data(pipette.name)
        except ProtocolError as fault:
            found.append(_error("pipette", f"the {pipette.mount} mount", str(fault), "a Flex pipette"))
            continue
        if data.channels != 1:
            found.append(
                Finding(
                    rule="pipette",
                    severity="warning",
                    where=f"the {pipette.mount} mount",
                    observed=f"{pipette.name} with {data.channels} channels",
                    limit="one channel",
                    mend="It is left alone: every well differs.",
                )
            )
        for rack in pipette.tip_racks:
            try:
                tips = labware(rack)
            except ProtocolError as fault:
                found.append(_error("tip rack", pipette.name, str(fault), "a tip rack"))
                continue
            if not tips.is_tip_rack or rack not in data.racks:
                found.append(
                    _error(
                        "tip rack",
                        pipette.name,
                        rack,
                        f"one of its own racks: {', '.join(sorted(data.racks))}",
                        "The robot does not notice wrong tips.",
                    )
                )
    if not [f for f in found if f.severity == "error"] and not mounted_hands(lab):
        found.append(
            _error(
                "pipette",
                "robot.pipettes",
                ", ".join(p.name for p in lab.robot.pipettes),
                "at least one pipette with one channel",
                "Mount flex_1channel_50 or flex_1channel_1000.",
            )
        )
    return found


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
