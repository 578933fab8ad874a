"""Steps that pipette and are not in the robot's file: a person does them, and they must not meet the experiments' wells."""

from __future__ import annotations

from world_model.terms.errors import ProtocolError
from world_model.terms.steps import Sample, SerialDilution

from ..finding import Finding
from ..intent import ProtocolIntent
from ..labware import labware
from ..plan import PhysicalPlan
from ..serial_dilution import dilute


def check_by_person(plan: PhysicalPlan, intent: ProtocolIntent) -> list[Finding]:
    """Serial dilutions and samples: told, held against the plate, and kept off the wells of experiments."""
    found: list[Finding] = []
    used = {well.well: well.experiment_id or "the edge's filling" for well in plan.wells}
    plate = labware(plan.plate_labware)
    for number, step in enumerate(intent.steps, start=1):
        where = f"step {number} ({step.kind})"
        if isinstance(step, Sample):
            found.append(_found("note", where, "a step for a person: no robot file takes samples, and no volume is taken off the wells' account", "steps that the robot does"))
        if not isinstance(step, SerialDilution):
            continue
        found.append(_found("note", where, "a step for a person, in the bench sheet's list", "steps that the robot does"))
        try:
            moves = dilute(
                step, plate=plate.format, step_nl=plan.device.step_nl, least_nl=plan.device.least_nl,
                capacity_nl=min(shape.capacity_nl for shape in plate.wells.values()),
            )  # fmt: skip
        except ProtocolError as fault:
            found.append(_found("error", where, str(fault), "a series that the plate and the pipettes can hold"))
            continue
        taken = sorted({move.well for move in moves} & used.keys())
        if taken:
            shown = ", ".join(f"{well} ({used[well]})" for well in taken[:4]) + (f" and {len(taken) - 4} more" if len(taken) > 4 else "")
            mend = "Begin it in another well, or give the experiments a layout of their own (--layout)."
            found.append(_found("error", where, f"wells that hold something else: {shown}", "wells of its own", mend))
    return found


def _found(severity: str, where: str, observed: str, limit: str, mend: str = "") -> Finding:
    return Finding(rule="by a person", severity="error" if severity == "error" else "note", where=where, observed=observed, limit=limit, mend=mend)
