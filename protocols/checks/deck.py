"""The deck: every labware in a slot that exists, alone there, and not in the trash's."""

from __future__ import annotations

from collections.abc import Sequence

from ..finding import Finding
from ..labware import deck_slots
from ..plan import RobotStage


def check_deck(robot: Sequence[RobotStage]) -> list[Finding]:
    """Slots that don't exist, that two share, or that the trash takes. Racks without a slot are the tip rule's."""
    found = []
    for stage in robot:
        slots = [item.slot for item in stage.deck if item.kind != "tips" or item.slot in deck_slots()]
        for item in stage.deck:
            where = f"stage {stage.name}, {item.name or item.load_name}"
            if item.kind != "tips" and item.slot not in deck_slots():
                found.append(
                    Finding(
                        rule="deck",
                        severity="error",
                        where=where,
                        observed="no free slot",
                        limit=f"one of {len(deck_slots())} slots",
                        mend="Put stocks together in fewer holders.",
                    )
                )
            elif slots.count(item.slot) > 1:
                found.append(
                    Finding(
                        rule="deck",
                        severity="error",
                        where=where,
                        observed=f"slot {item.slot}, which other labware takes",
                        limit="a slot of its own",
                    )
                )
            elif item.slot == stage.trash:
                found.append(
                    Finding(
                        rule="deck",
                        severity="error",
                        where=where,
                        observed=f"slot {item.slot}, which the trash takes",
                        limit="another slot",
                    )
                )
    return found
