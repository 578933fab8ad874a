"""A history's readings as one list, on the model's own times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from .fit import WorldModel
from .state import History
from .terms.errors import ResultsError
from .times_between import between


@dataclass(frozen=True)
class ReadingsSoFar:
    """`m` readings.

    Attributes:
        values: `m`.
        weights: `m x t`, each reading's time as weights on the model's times.
        observable: `m`, which observable was read.
        now_h: the hour of the state.
        now: `t`, that hour as weights on the model's times.
        age_h: observable → hours since it was last read; None where it never was.
    """

    values: Tensor
    weights: Tensor
    observable: Tensor
    now_h: float
    now: Tensor
    age_h: Mapping[str, float | None]

    def pick(self, curves: Tensor) -> Tensor:
        """`… x t x y` → `… x m`, each reading's own time and observable."""
        return torch.einsum("mt,...tm->...m", self.weights, curves[..., self.observable])


def readings_so_far(world: WorldModel, history: History) -> ReadingsSoFar:
    """The readings of a history.

    Raises:
        ResultsError: other observables than the model's, hours that it has not learned, or a model of end points.
    """
    if history.variables != world.variables:
        raise ResultsError(f"Expected readings of {', '.join(world.variables)}, in this order, found {', '.join(history.variables)}. Leave gaps as nan.")
    rows, columns = np.nonzero(history.read)
    hours = torch.as_tensor(np.asarray(history.times_h, dtype=float)[rows])
    now_h = max(history.now_h, float(world.times_h[0]))
    age: dict[str, float | None] = {}
    for y, name in enumerate(world.variables):
        read = np.asarray(history.times_h, dtype=float)[history.read[:, y]]
        age[name] = now_h - float(read.max()) if len(read) else None
    return ReadingsSoFar(
        values=torch.as_tensor(history.values[rows, columns], dtype=torch.double), weights=between(world.times_h, hours),
        observable=torch.as_tensor(columns), now_h=now_h, now=between(world.times_h, torch.tensor([now_h], dtype=torch.double))[0], age_h=age,
    )  # fmt: skip
