"""The pipette's nozzle stays out of the liquid, and its tip in it: the robot notices neither."""

from __future__ import annotations

from collections.abc import Sequence

from ..finding import Finding
from ..labware import labware
from ..nozzles import wells_under
from ..plan import PhysicalPlan, RobotStage
from ..rebuild import Place

# What the definitions' geometry and a tip's seat leave open.
TOLERANCE_MM = 0.5


def check_immersion(plan: PhysicalPlan, robot: Sequence[RobotStage]) -> list[Finding]:
    """Where each tip draws, against the surface before and after, by the maker's inner geometry. One finding a source and tip."""
    left: dict[Place, int] = {(stock.holder, well): volume for stock in plan.stocks for well, volume in stock.start_nl.items()}
    found: dict[tuple[Place, str, str], Finding] = {}
    for stage in robot:
        items = {item.slot: item for item in stage.deck}
        tip_mm, rack = 0.0, ""
        for number, move in enumerate(stage.moves, start=1):
            if move.tip is not None and move.tip.slot in items:
                rack = items[move.tip.slot].load_name
                tip_mm = labware(rack).tip_mm
            item = items.get(move.source_slot)
            if item is None or move.source_well not in labware(item.load_name).wells:
                continue
            source = labware(item.load_name)
            place = item.name, move.source_well
            before = left.get(place, 0)
            shared = sum(well == move.source_well for well in wells_under(item.load_name, move.source_well, move.channels))
            for well in wells_under(item.load_name, move.source_well, move.channels):
                if well is not None:
                    left[item.name, well] = left.get((item.name, well), 0) - move.volume_nl
            target = items.get(move.target_slot)
            if target is not None and target.kind == "dilutions":
                for well in wells_under(target.load_name, move.well, move.channels):
                    if well is not None:
                        left[target.name, well] = left.get((target.name, well), 0) + move.volume_nl
            surface_mm = source.level_mm(move.source_well, max(before, 0))
            after_mm = source.level_mm(move.source_well, max(before - shared * move.volume_nl, 0))
            nozzle_mm = move.source_mm + tip_mm
            where = f"stage {stage.name}, move {number}: {move.stock} from {move.source_well} of {item.name}"
            if rack and nozzle_mm < surface_mm - TOLERANCE_MM:
                found.setdefault(
                    (place, rack, "nozzle"),
                    _error(
                        where, f"the pipette's nozzle {surface_mm - nozzle_mm:.1f} mm below the surface ({tip_mm:.1f} mm of {rack} stand out)", "the nozzle above the liquid",
                        "Provide less in this well, in a wider holder, or mount longer tips.",
                    ),
                )  # fmt: skip
            if move.source_mm > max(after_mm, 1.0) + TOLERANCE_MM:
                found.setdefault(
                    (place, rack, "air"),
                    _error(where, f"drawn {move.source_mm:.1f} mm above the bottom, where the liquid stands at {after_mm:.1f} mm afterwards", "the tip in the liquid", "Compile again."),
                )
    return list(found.values())


def _error(where: str, observed: str, limit: str, mend: str) -> Finding:
    return Finding(rule="immersion", severity="error", where=where, observed=observed, limit=limit, mend=mend)
