"""Level 1: held-out records are forecast better than without any action, with intervals that hold what they promise."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ..contract import Training
from ..scores import Z90
from ..terms.certificate import Evidence, LevelEvidence
from .comparison import coverage, lead
from .figures import count_evidence, lead_evidence, share_evidence
from .held_out import HeldOut, crps
from .memory import noise_ceiling
from .rung import FEWEST, rung
from .split import clusters, leaks

OF = "held-out interventions"
LEAST_SPREAD = 1e-9  # of an observable's sd


def forecast_level(held: HeldOut) -> LevelEvidence:
    """What the held-out records say of forecasts."""
    training, member = held.training, clusters(held.training)
    ours = crps(held.reading, training)
    items = [
        count_evidence("held-out interventions", len(torch.unique(member)), least=FEWEST, of=OF),
        lead_evidence("CRPS below the mean's (sd of the data)", lead(ours, crps(held.mean, training), member), of=OF),
    ]
    persistence = lead(ours, crps(held.persistence, training), member)
    if persistence.cases:
        items.append(lead_evidence("CRPS below persistence's (sd of the data)", persistence, of=OF))
    inside = (training.values - held.reading.mean).abs() <= Z90 * held.reading.sd
    known = torch.where(torch.isfinite(training.values) & _varies(training), inside.double(), torch.nan)
    items.append(share_evidence("coverage of 90 % intervals of single readings", coverage(known.flatten(1), member, _codes(training.blocks)), of="held-out readings"))
    items.append(noise_ceiling(held))
    return rung(
        1, items, against=[f"Leak: {told}" for told in leaks(training, held.splits)],
        needed=_needed(items),
    )  # fmt: skip


def _needed(items: Sequence[Evidence]) -> str:
    """What would mend the bounds that are not met; all that is asked where none was judged."""
    told = {
        "held-out": f"At least {FEWEST} distinct interventions with readings.",
        "CRPS": "A model that forecasts unseen interventions better than their average and their first readings do.",
        "coverage": "Intervals that hold about 90 % of single readings: replicates, and more than one plate, teach how readings scatter.",
    }
    missed = [text for start, text in told.items() if any(item.met is False and item.name.startswith(start) for item in items)]
    return " ".join(missed or told.values())


def _varies(training: Training) -> torch.Tensor:
    """`t x y`: False where all readings are one number (a dead assay, the common start): to foresee these proves nothing."""
    spread = training.values - training.values.nanmean(dim=0)
    return spread.abs().nan_to_num().amax(dim=0) > LEAST_SPREAD * training.scale


def _codes(blocks: tuple[str, ...]) -> torch.Tensor:
    order = {block: i for i, block in enumerate(dict.fromkeys(blocks))}
    return torch.tensor([order[block] for block in blocks])
