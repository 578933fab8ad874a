"""Readout functions: from trajectories to the number that a goal is about."""

from __future__ import annotations

import torch
from torch import Tensor

from world_model.terms.errors import NextwellError
from world_model.terms.goals import Goal


def area_under_curve(values: Tensor, times_h: Tensor) -> Tensor:
    """Integrate over time by the trapezoid rule, exact for piecewise-linear curves.

    Args:
        values: `… x t`, in the observable's own unit.
        times_h: `t`, hours, strictly increasing.

    Returns:
        `…`, unit times hours.
    """
    return torch.trapezoid(values, times_h, dim=-1)


def value_at(values: Tensor, times_h: Tensor, at_h: float | None) -> Tensor:
    """The value at a time, linear between two readings; the last one where no time is named.

    Args:
        values: `… x t`.
        times_h: `t`, hours.

    Raises:
        NextwellError: the time lies outside the readings.
    """
    if at_h is None or values.shape[-1] == 1:
        return values[..., -1]
    if not float(times_h[0]) - 1e-9 <= at_h <= float(times_h[-1]) + 1e-9:
        raise NextwellError(f"Expected a time from {float(times_h[0]):g} to {float(times_h[-1]):g} h, found {at_h:g} h.")
    right = int(torch.searchsorted(times_h, torch.tensor(at_h, dtype=times_h.dtype)).clamp(1, len(times_h) - 1))
    left_h, right_h = times_h[right - 1], times_h[right]
    share = ((at_h - left_h) / (right_h - left_h)).clamp(0, 1)
    return values[..., right - 1] * (1 - share) + values[..., right] * share


def read_out(goal: Goal, values: Tensor, *, times_h: Tensor, variables: tuple[str, ...]) -> Tensor:
    """One goal's number from trajectories.

    Args:
        values: `… x t x y`, each observable's own unit.
        times_h: `t`; a single nan for end points.
        variables: `y` names.

    Returns:
        `…`, in the observable's unit (times hours for an area).
    """
    curve = values[..., variables.index(goal.readout)]
    if curve.shape[-1] == 1:
        return curve[..., 0]
    if goal.take == "peak":
        return curve.max(dim=-1).values
    if goal.take == "area":
        return area_under_curve(curve, times_h)
    return value_at(curve, times_h, goal.at_h)


def linear_weights(goal: Goal, *, times_h: Tensor, variables: tuple[str, ...], read: Tensor) -> Tensor | None:
    """A linear readout as weights `t x y` on the readings; None for a peak, which is not linear, and for an end point.

    Args:
        read: `t x y`, True where the observable is ever read: only there it has a weight.
    """
    if goal.take == "peak" or len(times_h) == 1:
        return None
    y = variables.index(goal.readout)
    own = torch.nonzero(read[:, y]).flatten()
    if not len(own):
        return None
    weights = torch.zeros(len(times_h), len(variables), dtype=torch.double)
    unit = torch.eye(len(own), dtype=torch.double).unsqueeze(-1)
    weights[own, y] = read_out(goal, unit, times_h=times_h[own], variables=(goal.readout,))
    return weights


def desirability(goal: Goal, readout: Tensor) -> Tensor:
    """The readout turned so that more is better, for the inside of the planner only."""
    return goal.sign * readout
