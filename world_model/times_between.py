"""Times between those that a model knows: linear weights on its own times."""

from __future__ import annotations

import torch
from torch import Tensor

from .terms.errors import ResultsError


def between(times_h: Tensor, asked_h: Tensor) -> Tensor:
    """`q x t`: weights that give a curve's value at the asked hours from its values at the known ones.

    Raises:
        ResultsError: an hour outside the known ones, or a model of end points, which knows no time.
    """
    if len(times_h) == 1:
        raise ResultsError("Expected a model of readings over time, found one of end points: there is no state on the way. Give the measurements hours in at_h.")
    low, high = float(times_h[0]), float(times_h[-1])
    outside = [hour for hour in asked_h.tolist() if not low - 1e-9 <= hour <= high + 1e-9]
    if outside:
        raise ResultsError(f"Expected hours from {low:g} to {high:g}, which the model has learned, found {outside[0]:g} h.")
    right = torch.searchsorted(times_h, asked_h).clamp(1, len(times_h) - 1)
    share = ((asked_h - times_h[right - 1]) / (times_h[right] - times_h[right - 1])).clamp(0, 1)
    rows = torch.arange(len(asked_h))
    weights = torch.zeros(len(asked_h), len(times_h), dtype=torch.double)
    weights[rows, right - 1] = 1 - share
    weights[rows, right] += share
    return weights
