"""Synthetic data: what a fitted model says would be read, as rows that can't be mistaken for readings.

An experiment id begins with `synthetic-`, and every table has the column `synthetic_from` with the model's hash; `record` and `import`
refuse both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from .contract import Of
from .fit import WorldModel
from .terms.errors import DesignError
from .terms.synthetic_marks import ID_PREFIX

BLOCK = 512  # designs that share one set of hypotheses: a joint draw costs the cube of them


@dataclass(frozen=True)
class Synthetic:
    """Made-up experiments.

    Attributes:
        ids: `n`, `synthetic-000001` and on.
        design: `n x d`.
        hypothesis: `n`; experiments of one number are of one hypothesis of the world.
        values: `n x t x y`, each observable in its own unit.
        far: `n`, how far each design lies from what was learned; 1 is the limit beyond which nothing is promised.
        of: `reading`, with the reader's noise, or `state`.
    """

    ids: tuple[str, ...]
    design: Tensor
    hypothesis: np.ndarray
    values: Tensor
    far: Tensor
    of: Of

    def __len__(self) -> int:
        return len(self.ids)


def synthesize(world: WorldModel, design: Tensor, *, seed: int, hypotheses: int = 16, of: Of = "reading") -> Synthetic:
    """One made-up experiment for each design; they take turns in the hypotheses of their block.

    Args:
        design: `n x d`.
        hypotheses: how many worlds each block of `BLOCK` experiments is spread over; 1 for data sets of one coherent world.

    Raises:
        DesignError: no design, or no hypothesis.
    """
    if not len(design) or hypotheses < 1:
        raise DesignError(f"Expected at least one experiment and one hypothesis, found {len(design)} and {hypotheses}.")
    values, numbers = [], []
    for b, block in enumerate(design.split(BLOCK)):
        drawn = world.posterior_at(block).draws(hypotheses, seed + b, of=of)
        turn = torch.arange(len(block)) % hypotheses
        values.append(drawn[turn, torch.arange(len(block))])
        numbers.append(b * hypotheses + turn.numpy())
    limit = world.range.limit
    return Synthetic(
        ids=tuple(f"{ID_PREFIX}{i + 1:06d}" for i in range(len(design))), design=design, hypothesis=np.concatenate(numbers), values=torch.cat(values),
        far=world.range.score(design) / limit, of=of,
    )  # fmt: skip
