"""A goal's number from readings: what people compare, in the observable's own unit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from world_model.observed import observed, read_out
from world_model.terms.functionals import Functional
from world_model.terms.goals import Measurement

__all__ = ["observed", "read_out", "true_readout"]


def true_readout(goal: Functional, truth: np.ndarray, measurements: Sequence[Measurement]) -> np.ndarray:
    """`n`: the goal's readout of a simulated lab's noise-free values.

    Args:
        truth: `n x t x y` at the union of the measurements' times, as `Lab.truth` gives it.
    """
    y = [measurement.name for measurement in measurements].index(goal.readout)
    union = np.array(sorted({hour for measurement in measurements for hour in measurement.at_h}) or [np.nan])
    own = measurements[y].at_h
    if not own:
        return np.asarray(truth[:, -1, y], dtype=float)
    return read_out(goal, truth[:, np.isin(union, own), y], np.array(own))
