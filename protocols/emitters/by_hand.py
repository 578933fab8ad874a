"""What hands do, as a table: for a person with pipettes, and for what an Echo does not move."""

from __future__ import annotations

from collections.abc import Sequence

from ..work import WorkStage, WorkStep
from .plain_text import csv_text

COLUMNS = ("stage", "at_h", "when", "step", "do", "liquid", "from", "from_well", "to", "to_well", "volume_ul", "tip")


def emit_by_hand(stages: Sequence[WorkStage]) -> str:
    """Every step by hand, `when`: before the machine, after it, or `alone` where there is none."""
    rows: list[tuple[object, ...]] = []
    for stage in stages:
        rows += _rows(stage, "before", stage.before) + _rows(stage, "after", stage.after)
    return csv_text(COLUMNS, rows)


def emit_hands(stage: WorkStage) -> str:
    """One stage that a person pipettes as a whole."""
    return csv_text(COLUMNS, _rows(stage, "alone", stage.steps))


def _rows(stage: WorkStage, when: str, steps: Sequence[WorkStep]) -> list[tuple[object, ...]]:
    return [
        (
            stage.name, stage.minute / 60, when, number, "mix" if step.mixes else "transfer", step.liquid, *step.source, *step.target, step.volume_nl / 1000,
            "new" if step.fresh else "same",
        )
        for number, step in enumerate(steps, start=1)
    ]  # fmt: skip
