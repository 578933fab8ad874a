"""The deck: every labware in a slot that exists, alone there, and not in the trash's."""

from __future__ import annotations

from collections.abc import Sequence

from ..deck import deck_of
from ..finding import Finding
from ..plan import RobotStage


def check_deck(robot: Sequence[RobotStage]) -> list[Finding]:
    """Slots that don't exist, that two share, or that the trash takes. Racks without a slot are the tip rule's."""
    found = []
    for stage in robot:
        known = {*deck_of(stage.robot).slots, stage.trash}
        slots = [item.slot for item in stage.deck if item.kind != "tips" or item.slot in known]
        for item in stage.deck:
            where = f"stage {stage.name}, {item.name or item.load_name}"
            if item.kind != "tips" and item.slot not in known:
                found.append(
                    _error(
                        where, "no free slot" if item.slot.startswith("none") else f"slot {item.slot}", f"one of the {len(known) - 1} free slots of the {stage.robot}",
                        "Put stocks together in fewer holders.",
                    )
                )  # fmt: skip
            elif slots.count(item.slot) > 1:
                found.append(_error(where, f"slot {item.slot}, which other labware takes", "a slot of its own"))
            elif item.slot == stage.trash:
                found.append(_error(where, f"slot {item.slot}, which the trash takes", "another slot"))
    return found


def _error(where: str, observed: str, limit: str, mend: str = "") -> Finding:
    return Finding(rule="deck", severity="error", where=where, observed=observed, limit=limit, mend=mend)
