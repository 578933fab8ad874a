"""Tips: enough of them, each used once, and none that went into a well's liquid goes back to a stock."""

from __future__ import annotations

from collections.abc import Sequence

from ..finding import Finding
from ..labware import deck_slots
from ..plan import RobotStage, TipPlace


def check_tips(robot: Sequence[RobotStage]) -> list[Finding]:
    """Walk every move with what the tip has met."""
    found = []
    for stage in robot:
        racks = [item for item in stage.deck if item.kind == "tips"]
        lacking = [item for item in racks if item.slot not in deck_slots()]
        if lacking:
            tips = sum(stage.tips_used.values())
            found.append(
                Finding(
                    rule="tips", severity="error", where=f"stage {stage.name}", observed=f"{tips} tips in {len(racks)} racks",
                    limit=f"at most {len(racks) - len(lacking)} racks beside the plate and the holders",
                    mend="Give weaker stocks: from 10 µL on a stock is dispensed from above with one tip. Or use fewer wells.",
                )
            )  # fmt: skip
        given: set[TipPlace] = set()
        wet, dirty, stock = False, False, ""
        for number, move in enumerate(stage.moves, start=1):
            where = f"stage {stage.name}, move {number} ({move.stock} to {move.well})"
            if move.tip is not None:
                if move.tip in given:
                    found.append(_error(where, f"tip {move.tip.place} of {move.tip.slot} for the second time", "a fresh tip"))
                given.add(move.tip)
                wet, dirty, stock = True, False, move.stock
            elif not wet:
                found.append(_error(where, "no tip", "a tip"))
            if dirty or move.stock != stock:
                found.append(_error(where, f"a tip that met {'a well' if dirty else stock}", f"a tip that met {move.stock} alone"))
            dirty = dirty or move.manner == "liquid" or move.mix_nl > 0
    return found


def _error(where: str, observed: str, limit: str) -> Finding:
    return Finding(rule="tips", severity="error", where=where, observed=observed, limit=limit, mend="Take a new tip before this move.")
