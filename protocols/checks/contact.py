"""How a tip meets a well: `dry` only where nothing else is, `air` only from a safe height and with drops that fall."""

from __future__ import annotations

from collections.abc import Sequence

from ..finding import Finding
from ..labware import labware
from ..nozzles import wells_under
from ..pipettes import pipette_data
from ..plan import PhysicalPlan, RobotStage
from ..rebuild import Place
from ..tip_rules import ABOVE_MM, CLEARANCE_MM, CONTACT_FREE_NL
from ..volumes import shown


def check_contact(plan: PhysicalPlan, robot: Sequence[RobotStage]) -> list[Finding]:
    """Replay what each well holds and compare the manner of each move with it."""
    held: dict[Place, dict[str, int]] = {}
    found = []
    for stage in robot:
        items = {item.slot: item for item in stage.deck}
        for number, move in enumerate(stage.moves, start=1):
            target = items[move.target_slot]
            plate = labware(target.load_name)
            where = f"stage {stage.name}, move {number} ({move.stock} to {move.well})"
            for name in wells_under(target.load_name, move.well, pipette_data(stage.pipettes[move.pipette][1]).channels):
                if name is None:
                    continue
                well = held.setdefault((target.name, name), {})
                foreign = set(well) - {move.stock}
                well[move.stock] = well.get(move.stock, 0) + move.volume_nl
                if move.manner == "dry" and foreign:
                    found.append(
                        _error(where, f"a tip at the bottom of a well with {', '.join(sorted(foreign))}, to be used again", "an empty well")
                    )
                if move.manner == "air":
                    gap = plate.wells[name].depth_mm + ABOVE_MM - plate.liquid_height_mm(name, sum(well.values()))
                    if gap < CLEARANCE_MM:
                        found.append(_error(where, f"{gap:.2f} mm between tip and liquid", f"at least {CLEARANCE_MM:g} mm"))
            if move.manner == "air" and move.volume_nl < CONTACT_FREE_NL:
                found.append(
                    _error(where, f"{shown(move.volume_nl)} dispensed from above, which hangs on the tip", f"at least {shown(CONTACT_FREE_NL)}")
                )
    return found


def _error(where: str, observed: str, limit: str) -> Finding:
    return Finding(
        rule="contact", severity="error", where=where, observed=observed, limit=limit, mend="Dispense into the liquid with a tip of its own.",
    )  # fmt: skip
