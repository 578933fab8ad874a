"""A Tecan worklist (`.gwl`), as Freedom EVOware and FluentControl read it: one record a line, fields between semicolons.

`A` aspirates, `D` dispenses with the same tip, `W` replaces or washes it, `B` finishes what is queued, `C` is a comment. Without a
break the robot queues aspirates for several tips at once, so there is one wherever order matters.

Source: the record formats as robotools 1.15 and the Gemini worklist documentation state them.
"""

from __future__ import annotations

from world_model.terms.lab_profile import LabProfile

from ..labware import labware
from ..plan import PhysicalPlan
from ..work import Place, WorkStage
from .plain_text import one_line

END = "\r\n"
# Labels stay the same from round to round, so that the worktable does too; the plate's own id stands in a comment.
PLATE_LABEL = "plate"
MOST_LABEL = 32
FIXED_WASH = "W1;"
NEW_TIP = "W;"


def rack_label(rack: str, plan: PhysicalPlan) -> str:
    """How the worktable calls a holder, a dilution plate or the plate."""
    return PLATE_LABEL if rack == plan.plate else label(rack)


def label(name: str) -> str:
    """A name as a field: no semicolon, no line break, 32 characters at most."""
    return one_line(name, forbidden=";", ascii_only=True, most=MOST_LABEL)


def rack_type(rack: str, plan: PhysicalPlan, lab: LabProfile) -> str:
    """What the robot's software calls this labware; empty where the lab file does not say, for then the worktable decides."""
    if rack == plan.plate:
        return lab.plate.type
    if rack in plan.dilution_plates:
        return lab.dilutions.type if lab.dilutions is not None else ""
    return next(holder.type for holder in lab.holders if holder.name == rack)


def emit_worklist(stage: WorkStage, plan: PhysicalPlan, lab: LabProfile) -> str:
    """The worklist of one stage. Positions count the wells of the maker's definition, down the columns from 1."""
    position: dict[Place, int] = {}
    field: dict[str, str] = {}
    change = FIXED_WASH if lab.robot.tips == "fixed" else NEW_TIP
    liquid_class = label(lab.robot.liquid_class)
    lines = [f"C;nextwell plan {plan.digest()}", f"C;plate {label(plan.plate)} stage {label(stage.name)}: {stage.tips} {'washes' if change == FIXED_WASH else 'tips'}"]

    def record(kind: str, place: Place, volume_nl: int) -> str:
        rack, _ = place
        if rack not in field:
            field[rack] = f"{rack_label(rack, plan)};;{label(rack_type(rack, plan, lab))}"
            position.update({(rack, name): i for i, name in enumerate(labware(_load_name(rack, plan, lab)).wells, start=1)})
        return f"{kind};{field[rack]};{position[place]};;{volume_text(volume_nl)};{liquid_class};;;"

    liquid = ""
    for number, step in enumerate(stage.steps):
        if number in stage.groups and number > 0:
            lines.append("B;")
        if step.liquid != liquid:
            liquid = step.liquid
            lines.append(f"C;{one_line(liquid, forbidden=';', ascii_only=True, most=64)}")
        lines += [record("A", step.source, step.volume_nl), record("D", step.target, step.volume_nl), change]
    return END.join([*lines, "B;", ""])


def volume_text(volume_nl: int) -> str:
    """Microlitres with two decimals, or three where the nanolitres ask for it."""
    return f"{volume_nl / 1000:.2f}" if volume_nl % 10 == 0 else f"{volume_nl / 1000:.3f}"


def _load_name(rack: str, plan: PhysicalPlan, lab: LabProfile) -> str:
    if rack == plan.plate or rack in plan.dilution_plates:
        return plan.labware_of(rack)
    return next(holder.labware for holder in lab.holders if holder.name == rack)
