"""Readouts of what was measured: readings may be missing, and only those that exist are used. Without torch, for people who ask quickly."""

from __future__ import annotations

import numpy as np

from .terms.functionals import Functional
from .terms.readings import Dataset


def read_out(goal: Functional, values: np.ndarray, times_h: np.ndarray) -> np.ndarray:
    """One number per curve; nan where the readings that it needs are missing.

    Args:
        values: `n x t`, nan where nothing was read.
        times_h: `t` hours, increasing; a single nan for an end point.

    Returns:
        `n`, in the readout's unit.
    """
    # other observables may have been read at other times
    own = np.isfinite(values).any(axis=0)
    return np.array([_of_curve(goal, curve, times_h[own]) for curve in values[:, own]], dtype=float)


def observed(goal: Functional, data: Dataset) -> np.ndarray:
    """`n`: the goal's readout of each experiment as it was read."""
    return read_out(goal, data.values[:, :, data.variables.index(goal.readout)], data.times_h)


def _of_curve(goal: Functional, curve: np.ndarray, times_h: np.ndarray) -> float:
    known = np.isfinite(curve)
    if not known.any():
        return float("nan")
    if len(curve) == 1:
        # hours and slopes are of curves: one reading tells none
        return float(curve[0]) if goal.take in ("end", "area", "peak") else float("nan")
    hours, read, whole = times_h[known], curve[known], bool(known[0] and known[-1])
    match goal.take:
        case "peak":
            return float(read.max())
        case "time_of_peak":
            return float(hours[read.argmax()])
        case "area":
            # trapezoid rule over the readings that exist; an area that lacks an end would be another quantity
            return float(np.trapz(read, hours)) if whole else float("nan")
        case "time_to":
            return _time_to(goal, read, hours, starts=bool(known[0]), never=2 * times_h[-1] - times_h[-2] if known[-1] else float("nan"))
        case "time_in":
            return _time_in(goal, read, hours) if whole else float("nan")
        case "rate":
            inside = (hours >= (goal.from_h if goal.from_h is not None else -np.inf)) & (hours <= (goal.to_h if goal.to_h is not None else np.inf))
            return float(np.polyfit(hours[inside], read[inside], 1)[0]) if inside.sum() > 1 else float("nan")
        case _:
            at_h = times_h[-1] if goal.at_h is None else goal.at_h
            return float(np.interp(at_h, hours, read)) if hours[0] <= at_h <= hours[-1] else float("nan")


def _time_to(goal: Functional, read: np.ndarray, hours: np.ndarray, *, starts: bool, never: float) -> float:
    """
    Args:
        starts: the first reading is known. Else a curve that begins beyond the level may have come to it before.
        never: what counts where it never comes to the level.
    """
    beyond = read - goal.above if goal.above is not None else goal.below - read
    there = np.flatnonzero(beyond >= 0)
    if not len(there):
        return float(never)
    i = int(there[0])
    if i == 0:
        return float(hours[0]) if starts else float("nan")
    share = -beyond[i - 1] / (beyond[i] - beyond[i - 1])
    return float(hours[i - 1] + share * (hours[i] - hours[i - 1]))


def _time_in(goal: Functional, read: np.ndarray, hours: np.ndarray) -> float:
    low, high = -np.inf if goal.above is None else goal.above, np.inf if goal.below is None else goal.below
    rise = np.diff(read)
    inside = np.clip(read, low, high)
    flat = ((read[:-1] >= low) & (read[:-1] <= high)).astype(float)
    share = np.where(rise == 0, flat, np.diff(inside) / np.where(rise == 0, 1.0, rise))
    return float((share * np.diff(hours)).sum())
