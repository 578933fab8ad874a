"""Every aspirate within what the pipette, its volume mode and its tip can measure: the robot accepts less than the minimum."""

from __future__ import annotations

from collections.abc import Sequence

from ..finding import Finding
from ..labware import labware
from ..pipettes import pipette_data
from ..plan import RobotStage
from ..volumes import STEP_NL, shown


def check_pipette_range(robot: Sequence[RobotStage]) -> list[Finding]:
    """Volume against the mode that the pipette is in at that move, and against the tip that is on."""
    found = []
    for stage in robot:
        low: dict[int, bool] = {}
        tip_nl = 0
        racks = {item.slot: item.load_name for item in stage.deck}
        for number, move in enumerate(stage.moves, start=1):
            pipette = pipette_data(stage.pipettes[move.pipette][1])
            if move.configure_nl is not None:
                low[move.pipette] = pipette.mode_for(move.configure_nl) is pipette.low
            if move.tip is not None:
                tip_nl = labware(racks[move.tip.slot]).wells[move.tip.place].capacity_nl
            mode = pipette.low if low.get(move.pipette) and pipette.low is not None else pipette.usual
            most = min(mode.largest_nl, tip_nl)
            for what, volume in (("aspirated", move.volume_nl), ("stirred", move.stir_nl), ("mixed", move.mix_nl)):
                if what != "aspirated" and volume == 0:
                    continue
                if not mode.smallest_nl <= volume <= most or volume % STEP_NL:
                    found.append(
                        Finding(
                            rule="pipette range", severity="error", where=f"stage {stage.name}, move {number} ({move.stock} to {move.well})",
                            observed=f"{shown(volume)} {what}", limit=f"{shown(mode.smallest_nl)} to {shown(most)} in steps of {shown(STEP_NL)} with {pipette.load_name}",
                            mend="Change the stock's strength.",
                        )
                    )  # fmt: skip
    return found
