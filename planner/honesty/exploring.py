"""The way back to exploring: where corrected intervals fail again, a part of the batch is not left to the model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .foretold import Foretold, spans
from .ledger import failed, ledger_of

SHARE = 0.25  # of a batch
EVERY = 4  # of batches of one


@dataclass(frozen=True)
class Exploring:
    """`why` is empty where the model is left to choose."""

    why: str = ""

    def wells(self, n: int, *, round: int) -> int:
        """How many of `n` candidates fill space: a quarter; of single ones each fourth."""
        if not self.why:
            return 0
        return math.ceil(SHARE * n) if n > 1 else int(round % EVERY == 0)


def exploring_of(told: Sequence[Foretold]) -> Exploring:
    """Explore where the intervals of the last two spans of rounds failed, though the later ones were stretched for the earlier, or where
    results drift away from what is predicted.

    Args:
        told: of one goal.
    """
    parts = spans(told)
    if len(parts) < 2:
        return Exploring()
    ledger = ledger_of(told[0].goal, told)
    if ledger.standing == "drifting":
        return Exploring(why=ledger.why)
    if failed(parts[-1]) and failed(parts[-2]):
        return Exploring(why=f"{ledger.why} So it was before, and stretching the intervals was not enough.")
    return Exploring()
