"""Eight channels: every nozzle over a tip, over the liquid it is said to draw, and over a well of its own. The robot accepts
nozzles beside the plate and between tubes."""

from __future__ import annotations

from collections.abc import Sequence

from ..emitters.opentrons import BOTTOM_MM
from ..finding import Finding
from ..labware import labware
from ..nozzles import PITCH_MM, wells_under
from ..pipettes import pipette_data
from ..plan import PhysicalPlan, RobotStage
from ..tip_rules import ABOVE_MM

_MEND = "Compile again with one channel for this."


def check_geometry(plan: PhysicalPlan, robot: Sequence[RobotStage]) -> list[Finding]:
    """Where nozzles stand is worked out from millimetres. Also: what no pipette can do, and tips below a well's bottom."""
    found = []
    for stage in robot:
        load_names = {item.slot: item.load_name for item in stage.deck}
        names = {item.slot: item.name for item in stage.deck}
        for number, move in enumerate(stage.moves, start=1):
            where = f"stage {stage.name}, move {number} ({move.stock} to {move.well})"
            pipette = pipette_data(stage.pipettes[move.pipette][1])
            if move.channels != pipette.channels:
                found.append(_error(where, f"{move.channels} channels", f"{pipette.channels}, all that {pipette.load_name} has", _MEND))
            for slot, well, how in ((move.source_slot, move.source_well, 0.0), (move.target_slot, move.well, ABOVE_MM if move.manner == "air" else 0.0)):
                shape = labware(load_names[slot]).wells.get(well) if slot in load_names else None
                if shape is None:
                    found.append(_error(where, f"{well} of slot {slot}", "a well of labware on the deck"))
                elif (how or BOTTOM_MM - shape.depth_mm) < -shape.depth_mm:
                    found.append(_error(where, f"a tip below the bottom of {well} of slot {slot}", "at or above the bottom"))
            if pipette.channels == 1:
                continue
            if move.tip is not None and move.tip.slot in load_names and None in wells_under(load_names[move.tip.slot], move.tip.place, pipette.channels):
                found.append(_error(where, f"tips picked up at {move.tip.place} of {move.tip.slot}, where not all nozzles meet one", "a whole column of tips", _MEND))
            if move.source_slot not in load_names or move.target_slot not in load_names:
                continue
            sources = wells_under(load_names[move.source_slot], move.source_well, pipette.channels)
            holding = set(plan.stock(move.stock).wells) if names[move.source_slot] == plan.stock(move.stock).holder else set()
            if None in sources:
                found.append(_error(where, _beside(sources, move.source_well, load_names[move.source_slot]), f"wells {PITCH_MM:g} mm apart, or one long one", _MEND))
            elif not set(sources) <= holding:
                strange = sorted({str(well) for well in sources} - holding)
                found.append(_error(where, f"nozzles in {', '.join(strange)} of {names[move.source_slot]}", f"wells that hold {move.stock}", _MEND))
            targets = wells_under(load_names[move.target_slot], move.well, pipette.channels)
            if None in targets:
                found.append(_error(where, _beside(targets, move.well, load_names[move.target_slot]), f"a well under each of {pipette.channels} nozzles", _MEND))
            elif len(set(targets)) != len(targets):
                found.append(_error(where, f"several nozzles in one well of {load_names[move.target_slot]}", "a well for each nozzle", _MEND))
        for transfer in stage.left_out:
            least = [f"{name} ({pipette_data(name).channels} channels)" for _, name in stage.pipettes]
            found.append(
                _error(
                    f"stage {stage.name}, {transfer.stock} to {transfer.well}", f"{transfer.volume_nl / 1000:g} µL that no mounted pipette can dispense there",
                    f"a pipette with one channel, or a whole column that gets the same volume from wells that eight channels reach ({', '.join(least)} mounted)",
                    "Mount a pipette with one channel.",
                )
            )  # fmt: skip
    return found


def _beside(wells: Sequence[str | None], first: str, load_name: str) -> str:
    off = sum(well is None for well in wells)
    return f"{off} of {len(wells)} nozzles beside every well of {load_name} when the first goes to {first}"


def _error(where: str, observed: str, limit: str, mend: str = "") -> Finding:
    return Finding(rule="geometry", severity="error", where=where, observed=observed, limit=limit, mend=mend)
