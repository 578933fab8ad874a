"""A goal's number from readings: what people compare, in the observable's own unit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from world_model.terms.goals import Goal, Measurement
from world_model.terms.readings import Dataset


def read_out(goal: Goal, values: np.ndarray, times_h: np.ndarray) -> np.ndarray:
    """One number per curve; nan where the readings that it needs are missing.

    Args:
        values: `n x t`, nan where nothing was read.
        times_h: `t` hours, increasing; a single nan for an end point.

    Returns:
        `n`, in the observable's unit (times hours for an area).
    """
    # other observables may have been read at other times
    own = np.isfinite(values).any(axis=0)
    return np.array([_of_curve(goal, curve, times_h[own]) for curve in values[:, own]], dtype=float)


def observed(goal: Goal, data: Dataset) -> np.ndarray:
    """`n`: the goal's readout of each experiment as it was read."""
    return read_out(goal, data.values[:, :, data.variables.index(goal.readout)], data.times_h)


def true_readout(goal: Goal, truth: np.ndarray, measurements: Sequence[Measurement]) -> np.ndarray:
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


def _of_curve(goal: Goal, curve: np.ndarray, times_h: np.ndarray) -> float:
    known = np.isfinite(curve)
    if not known.any():
        return float("nan")
    if len(curve) == 1:
        return float(curve[0])
    hours, read = times_h[known], curve[known]
    if goal.take == "peak":
        return float(read.max())
    if goal.take == "area":
        # trapezoid rule over the readings that exist; an area that lacks an end would be another quantity
        return float(np.trapz(read, hours)) if known[0] and known[-1] else float("nan")
    at_h = times_h[-1] if goal.at_h is None else goal.at_h
    return float(np.interp(at_h, hours, read)) if hours[0] <= at_h <= hours[-1] else float("nan")
