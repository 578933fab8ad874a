"""What chance finds: the same campaign, plates, roles and sensor, with candidates drawn at random."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from world_model.terms.lab import Lab
from world_model.terms.space import SearchSpace

from .loop import best_true_curves, closed_loop
from .state.charter import Charter
from .state.payloads import PastResultsImported
from .verbs.open_campaign import LabFile
from .verbs.outcome import Progress, silent


@dataclass(frozen=True, kw_only=True)
class RandomBaseline:
    """Campaigns by chance.

    Attributes:
        seeds: `s`, one a campaign.
        best_true: one `s x k` a goal: the best noise-free value after each experiment, in the goal's unit, nan before the first.
    """

    seeds: tuple[int, ...]
    best_true: tuple[np.ndarray, ...]


def random_baseline(
    *, charter: Charter, space: SearchSpace, lab: Lab, candidates: Sequence[int], seeds: Iterable[int], lab_file: LabFile | None = None,
    past: PastResultsImported | None = None, progress: Progress = silent,
) -> RandomBaseline:  # fmt: skip
    """Run random campaigns.

    Args:
        candidates: new candidates of each round, as the campaign had them.
        seeds: one campaign each, the sensor's draws included.
        past: past results that the campaign started from, too.
    """
    seeds = tuple(seeds)
    runs = []
    for i, seed in enumerate(seeds, start=1):
        progress(f"random campaign {i} of {len(seeds)}, to compare with")
        state = closed_loop(charter=charter, space=space, lab=lab, candidates=candidates, seed=seed, strategy="random", lab_file=lab_file, past=past)
        runs.append(best_true_curves(state, lab))
    return RandomBaseline(seeds=seeds, best_true=tuple(np.stack(curves) for curves in zip(*runs, strict=True)))
