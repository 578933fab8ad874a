"""What drives a system over time: interventions as piecewise inputs, one row for each step between readings.

Row `i` of the drive is what acts between time `i - 1` and time `i`; row 0 is what acts between the campaign's zero and the first time.
So a reading at time `i` follows from rows `0 … i` alone: nothing that is done later can reach it. At the instant of a dose the state
already holds the dose, but a sample drawn at that instant was taken before pipetting, so a dose belongs to the step that it begins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .encoding import Encoder
from .terms.factors import Categorical, Factor
from .terms.interventions import Hold, Intervention, Ramp
from .terms.space import Settings

_FOR_A_WHILE = (Hold, Ramp)


@dataclass(frozen=True)
class Drive:
    """Piecewise inputs of designs, in no unit: numbers of order one.

    Attributes:
        inputs: `n x t x u`. A constant factor: its features, the same in every row. A dose: its mean level over the step (0 before its
            time, its amount after) and the amount that is added within the step. What is held or ramped for a while: its mean level
            over the step, and the share of the step for which it is forced.
        names: `u`.
        step_h: `t`, hours of each step.
    """

    inputs: Tensor
    names: tuple[str, ...]
    step_h: Tensor

    @classmethod
    def of(cls, encoder: Encoder, design: Tensor, times_h: Tensor) -> Drive:
        """The drive of designs `n x d` at increasing times `t`, in hours after zero. Differentiable in the design but for holds and ramps.

        A single nan for the times (end points) makes one step that is as long as it takes.
        """
        times = torch.where(torch.isfinite(times_h), times_h, torch.full_like(times_h, torch.inf))
        begins = torch.cat([torch.zeros(1, dtype=times.dtype), times[:-1]])
        steps = _Steps(begins=begins, ends=times)
        timed = {factor.name for factor in encoder.space.factors if _is_timed(factor)}
        clocks = {str(factor.at) for factor in encoder.space.factors if factor.name in timed and isinstance(getattr(factor, "at", None), str)}
        features, behind = encoder.features(design), encoder.feature_names()
        constant = [j for j, name in enumerate(behind) if name not in timed and name not in clocks]
        t = len(times_h)
        parts = [features[:, constant].unsqueeze(1).expand(-1, t, -1)]
        names = [behind[j] for j in constant]
        forced: list[tuple[Intervention, ...]] | None = None
        for position, factor in enumerate(encoder.space.factors):
            if factor.name not in timed:
                continue
            if factor.action == "dose":
                parts.append(_dosed(factor, position, design, encoder=encoder, steps=steps))
                names += [f"{factor.name} present", f"{factor.name} added"]
            else:
                forced = forced or [encoder.space.interventions(row) for row in encoder.settings(design)]
                parts.append(_forced(factor, forced, steps=steps))
                names += [f"{factor.name} forced", f"{factor.name} share"]
        return cls(inputs=torch.cat(parts, dim=-1), names=tuple(names), step_h=steps.ends - steps.begins)

    @classmethod
    def of_settings(cls, encoder: Encoder, rows: Sequence[Settings], times_h: Tensor) -> Drive:
        """The drive of rows of settings."""
        return cls.of(encoder, encoder.design_of(rows), times_h)


@dataclass(frozen=True)
class _Steps:
    """Steps from `begins` to `ends`, both `t` hours."""

    begins: Tensor
    ends: Tensor

    def share(self, from_h: Tensor, to_h: Tensor) -> Tensor:
        """`n x t`: the share of each step that lies between two hours, each `n`; of a step of no length 0."""
        overlap = (torch.minimum(self.ends, to_h[:, None]) - torch.maximum(self.begins, from_h[:, None])).clamp_min(0)
        length = self.ends - self.begins
        endless = torch.isinf(length)  # an end point is read when all is done
        whole = (to_h[:, None] > self.begins).expand_as(overlap).to(overlap.dtype)
        return torch.where(endless, whole, overlap / torch.where(endless | (length <= 0), torch.ones_like(length), length))

    def holds(self, at_h: Tensor) -> Tensor:
        """`n x t`: 1 for the step that an instant `n` begins or lies in."""
        return ((at_h[:, None] >= self.begins) & (at_h[:, None] < self.ends)).to(at_h.dtype)


def _is_timed(factor: Factor) -> bool:
    return factor.action not in ("start", "set", "time", "edit")


def _dosed(factor: Factor, position: int, design: Tensor, *, encoder: Encoder, steps: _Steps) -> Tensor:
    """`n x t x 2`: mean level over each step, and what is added in it."""
    assert not isinstance(factor, Categorical)
    at = factor.at
    if isinstance(at, str):
        clock = encoder.space[at]
        assert not isinstance(clock, Categorical)
        low, high = clock.bounds
        column = design[:, encoder.space.names.index(at)]
        if getattr(clock, "scale", "linear") == "log":
            at_h = torch.exp(torch.log(torch.tensor(low)) * (1 - column) + torch.log(torch.tensor(high)) * column)
        else:
            at_h = low + column * (high - low)
    else:
        at_h = torch.full((len(design),), float(at or 0.0), dtype=design.dtype)
    amount = _level(factor, design[:, position]).unsqueeze(-1)
    present = steps.share(at_h, torch.full_like(at_h, torch.inf))
    return torch.stack([amount * present, amount * steps.holds(at_h)], dim=-1)


def _level(factor: Factor, unit: Tensor) -> Tensor:
    """An amount as a number of order one that is 0 where there is nothing: in its own proportion, or, on a log scale, 1/2 to 1."""
    if getattr(factor, "scale", "linear") == "log":
        return 0.5 + 0.5 * unit
    low, high = factor.bounds  # type: ignore[union-attr]
    return (low + unit * (high - low)) / max(abs(low), abs(high), 1e-300)


def _forced(factor: Factor, forced: Sequence[Sequence[Intervention]], *, steps: _Steps) -> Tensor:
    """`n x t x 2`: mean level over each step of what is held or ramped, and for which share of it."""
    assert not isinstance(factor, Categorical)
    largest = max(abs(bound) for bound in factor.bounds) or 1.0
    rows = []
    for interventions in forced:
        level, share = torch.zeros_like(steps.begins), torch.zeros_like(steps.begins)
        for one in interventions:
            if not isinstance(one, _FOR_A_WHILE) or one.variable != factor.name:
                continue
            start, end = torch.tensor([one.from_h], dtype=level.dtype), torch.tensor([one.to_h], dtype=level.dtype)
            within = steps.share(start, end)[0]
            if isinstance(one, Hold):
                mean = torch.full_like(within, one.value)
            else:
                # the mean of a line over an interval is its value in the middle of it
                middle = (torch.maximum(steps.begins, start) + torch.minimum(steps.ends, end)) / 2
                mean = one.from_value + (one.to_value - one.from_value) * ((middle - start) / (end - start)).clamp(0, 1)
            level, share = level + within * mean / largest, share + within
        rows.append(torch.stack([level, share], dim=-1))
    return torch.stack(rows) if rows else torch.zeros(0, len(steps.begins), 2, dtype=steps.begins.dtype)
