"""From designs to proposed experiments: settings, predictions, labels of table rows, and a last look at the space's rules."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from world_model.encoding import Encoder
from world_model.terms.errors import DesignError
from world_model.terms.goals import Goal
from world_model.terms.proposal import ProposedExperiment

from .draft import Chosen, Frame
from .honesty.correction import stretched
from .reasons import predictions


def candidates_of(frame: Frame, chosen: Chosen, asked: Sequence[Goal]) -> list[ProposedExperiment]:
    """The chosen designs as experiments.

    Args:
        asked: the campaign's own goals, for the names of predictions.

    Raises:
        DesignError: a row breaks the space, whoever chose it.
    """
    encoder, design = frame.encoder, torch.stack(chosen.design)
    told = predictions(chosen.world, chosen.goals, asked, design, seed=frame.seeds.told) if chosen.world else [()] * len(design)
    told = stretched(told, chosen.correction)
    labels = _labels(encoder, design)
    candidates = []
    for k, settings in enumerate(encoder.settings(design)):
        reasons = encoder.space.reasons_against(settings)
        if reasons:
            raise DesignError(f"A proposed row breaks the space and is refused: {settings}: {'; '.join(reasons)}.")
        candidates.append(
            ProposedExperiment(
                id=f"C{k + 1:03d}", role="replicate" if k in chosen.repeats else "candidate", settings=settings, candidate=labels[k], predictions=told[k],
                reason=chosen.reasons[k], repeat_of=f"C{of + 1:03d}" if isinstance(of := chosen.repeats.get(k), int) else of,
            )
        )  # fmt: skip
    return candidates


def _labels(encoder: Encoder, design: Tensor) -> list[int | str | None]:
    """The row label of each design where the space is a table."""
    candidates = encoder.space.candidates
    if candidates is None:
        return [None] * len(design)
    table = encoder.design(candidates.columns)
    labels: list[int | str | None] = []
    for row in design:
        position = int((table - row).abs().amax(dim=1).argmin())
        label = candidates.labels[position]
        labels.append(int(label) if isinstance(label, int | np.integer) else str(label))
    return labels
