"""Level 2: the forecasts depend on what is done, and depend on it rightly."""

from __future__ import annotations

import torch

from ..terms.certificate import LevelEvidence
from .comparison import lead
from .figures import count_evidence, lead_evidence
from .forecast import OF
from .held_out import HeldOut, crps
from .rung import FEWEST, rung
from .split import clusters, leaks


def action_level(held: HeldOut) -> LevelEvidence:
    """What the held-out records say of actions: ours against no effect, and against itself after it learned shuffled actions."""
    training, member = held.training, clusters(held.training)
    ours = crps(held.reading, training)
    items = [
        count_evidence("held-out interventions", len(torch.unique(member)), least=FEWEST, of=OF),
        lead_evidence("CRPS below that of no effect (sd of the data)", lead(ours, crps(held.no_effect, training), member), of=OF),
        lead_evidence("CRPS below that of the same model with shuffled actions (sd of the data)", lead(ours, crps(held.shuffled, training), member), of=OF),
    ]
    return rung(
        2, items, against=[f"Leak: {told}" for told in leaks(training, held.splits)],
        needed="More distinct interventions, or larger differences between them: the model must forecast them better than when their actions are dealt out at random.",
    )  # fmt: skip
