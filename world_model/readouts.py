"""Readout functions: from trajectories to the number that a goal is about."""

from __future__ import annotations

import torch
from torch import Tensor

from world_model.terms.errors import NextwellError
from world_model.terms.functionals import Functional
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


def time_to(values: Tensor, times_h: Tensor, *, above: float | None, below: float | None) -> Tensor:
    """The first hour at which a piecewise-linear curve `… x t` has risen to `above`, or fallen to `below`.

    One that never does counts as if it did one reading interval after the last reading.
    """
    beyond = values - above if above is not None else below - values  # type: ignore[operator]
    there = beyond >= 0
    right = there.to(torch.int8).argmax(dim=-1, keepdim=True)
    left = (right - 1).clamp_min(0)
    from_there, to_there = beyond.gather(-1, left), beyond.gather(-1, right)
    rise = to_there - from_there
    share = torch.where(right > 0, -from_there / torch.where(rise == 0, 1.0, rise), 0.0)
    hour = (times_h[left] + share * (times_h[right] - times_h[left])).squeeze(-1)
    return torch.where(there.any(dim=-1), hour, 2 * times_h[-1] - times_h[-2])


def time_in(values: Tensor, times_h: Tensor, *, above: float | None, below: float | None) -> Tensor:
    """The hours that a piecewise-linear curve `… x t` spends from `above` to `below`."""
    low, high = -torch.inf if above is None else above, torch.inf if below is None else below
    rise = values.diff(dim=-1)
    flat = ((values >= low) & (values <= high))[..., :-1].to(values.dtype)
    share = torch.where(rise == 0, flat, values.clamp(low, high).diff(dim=-1) / torch.where(rise == 0, 1.0, rise))
    return (share * times_h.diff()).sum(dim=-1)


def rate(values: Tensor, times_h: Tensor, *, from_h: float | None, to_h: float | None) -> Tensor:
    """The slope of the least-squares line through the points `… x t` of a window, unit per hour.

    Raises:
        NextwellError: fewer than two points in it.
    """
    inside = (times_h >= (from_h if from_h is not None else -torch.inf)) & (times_h <= (to_h if to_h is not None else torch.inf))
    if int(inside.sum()) < 2:
        raise NextwellError(f"Expected a rate over at least two readings, found {int(inside.sum())} in its window. Widen from_h and to_h.")
    centred = times_h[inside] - times_h[inside].mean()
    return values[..., inside] @ (centred / centred.square().sum())


def read_out(goal: Functional, values: Tensor, *, times_h: Tensor, variables: tuple[str, ...]) -> Tensor:
    """One goal's number from trajectories.

    Args:
        values: `… x t x y`, each observable's own unit.
        times_h: `t`; a single nan for end points.
        variables: `y` names.

    Returns:
        `…`, in the readout's own unit (`Functional.unit_of`).

    Raises:
        NextwellError: a readout of a curve where there is one reading, a time outside the readings, a rate over fewer than two.
    """
    curve = values[..., variables.index(goal.readout)]
    if curve.shape[-1] == 1:
        if goal.take not in ("end", "area", "peak"):
            raise NextwellError(f"Expected readings over time for {goal.what}, found one. Give the measurement at_h = [ … ].")
        return curve[..., 0]
    match goal.take:
        case "peak":
            return curve.max(dim=-1).values
        case "time_of_peak":
            return times_h[curve.argmax(dim=-1)]
        case "area":
            return area_under_curve(curve, times_h)
        case "time_to":
            return time_to(curve, times_h, above=goal.above, below=goal.below)
        case "time_in":
            return time_in(curve, times_h, above=goal.above, below=goal.below)
        case "rate":
            return rate(curve, times_h, from_h=goal.from_h, to_h=goal.to_h)
        case _:
            return value_at(curve, times_h, goal.at_h)


def linear_weights(goal: Functional, *, times_h: Tensor, variables: tuple[str, ...], read: Tensor) -> Tensor | None:
    """A linear readout as weights `t x y` on the readings; None for one that is not linear, and for an end point.

    Args:
        read: `t x y`, True where the observable is ever read: only there it has a weight.
    """
    if not goal.is_linear or len(times_h) == 1:
        return None
    y = variables.index(goal.readout)
    own = torch.nonzero(read[:, y]).flatten()
    if not len(own) or (goal.take == "rate" and len(own) == 1):
        return None
    weights = torch.zeros(len(times_h), len(variables), dtype=torch.double)
    unit = torch.eye(len(own), dtype=torch.double).unsqueeze(-1)
    weights[own, y] = read_out(goal, unit, times_h=times_h[own], variables=(goal.readout,))
    return weights


def desirability(goal: Goal, readout: Tensor) -> Tensor:
    """The readout turned so that more is better, for the inside of the planner only."""
    score: Tensor = goal.score(readout)
    return score
