"""What is mounted on an Opentrons robot: pipettes that fit it, and tips that fit the pipettes. The robot notices no wrong tips."""

from __future__ import annotations

from world_model.terms.errors import ProtocolError
from world_model.terms.lab_profile import LabProfile

from ..finding import Finding
from ..labware import labware
from ..pipettes import pipette_data


def check_mounts(lab: LabProfile) -> list[Finding]:
    """Each pipette against the robot's model, each rack against its pipette."""
    found = []
    for pipette in lab.robot.pipettes:
        mount = f"the {pipette.mount} mount"
        try:
            data = pipette_data(pipette.name)
        except ProtocolError as fault:
            found.append(_error("pipette", mount, str(fault), f"a pipette of the {lab.robot.model}"))
            continue
        if data.robot != lab.robot.model:
            found.append(
                _error(
                    "pipette", mount, f"{pipette.name}, which fits the {data.robot}", f"a pipette of the {lab.robot.model}",
                    "Mount one of its own, or set robot.model.",
                )
            )  # fmt: skip
            continue
        for rack in pipette.tip_racks:
            try:
                tips = labware(rack)
            except ProtocolError as fault:
                found.append(_error("tip rack", pipette.name, str(fault), "a tip rack"))
                continue
            if not tips.is_tip_rack or rack not in data.racks:
                found.append(
                    _error("tip rack", pipette.name, rack, f"one of its own racks: {', '.join(sorted(data.racks))}", "The robot does not notice wrong tips.")
                )
    if not found and all(pipette_data(pipette.name).channels > 1 for pipette in lab.robot.pipettes):
        found.append(
            Finding(
                rule="pipette", severity="warning", where="robot.pipettes", observed=f"{' and '.join(pipette.name for pipette in lab.robot.pipettes)} alone",
                limit="a pipette with one channel, for wells that differ",
                mend="With eight channels only whole columns that get one volume from one liquid can be dispensed; a randomised plate of different wells is refused.",
            )
        )  # fmt: skip
    return found


def _error(rule: str, where: str, observed: str, limit: str, mend: str = "") -> Finding:
    return Finding(rule=rule, severity="error", where=where, observed=observed, limit=limit, mend=mend)
