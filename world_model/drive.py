"""What drives a system over time: interventions as piecewise inputs, one row for each step between readings.

Row `i` of the drive is what acts between time `i - 1` and time `i`; row 0 is what acts between the campaign's zero and the first time.
So a reading at time `i` follows from rows `0 … i` alone: nothing that is done later can reach it. At the instant of a dose the state
already holds the dose, but a sample drawn at that instant was taken before pipetting, so a dose belongs to the step that it begins.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .encoding import Encoder
from .terms.act_words import Hour
from .terms.errors import SpaceError
from .terms.factors import Categorical, Factor
from .terms.space import Settings

_TIMED = ("dose", "hold", "ramp")


@dataclass(frozen=True)
class Drive:
    """Piecewise inputs of designs, in no unit: numbers of order one.

    Attributes:
        inputs: `n x t x u`. A factor that is constant all run: its features, the same in every row. A dose: its mean level over the step
            (0 before its time, its amount after) and the amount that is added within the step. A hold or a ramp: its mean level over
            the step, and the share of the step for which it is forced; after a ramp its last value stays.
        names: `u`.
        step_h: `t`, hours of each step; inf for an end point, which is read when all is done.
    """

    inputs: Tensor
    names: tuple[str, ...]
    step_h: Tensor

    @classmethod
    def of(cls, encoder: Encoder, design: Tensor, times_h: Tensor) -> Drive:
        """The drive of designs `n x d` at increasing times `t`, in hours after zero (a single nan for end points).

        Differentiable in the design: piecewise in hours, smoothly in amounts.
        """
        ends = torch.where(torch.isfinite(times_h), times_h, torch.full_like(times_h, torch.inf)).to(design.dtype)
        steps = _Steps(begins=torch.cat([torch.zeros(1, dtype=ends.dtype), ends[:-1]]), ends=ends)
        reader = _Reader(encoder=encoder, design=design)
        timed = [factor for factor in encoder.space.factors if not isinstance(factor, Categorical) and factor.action in _TIMED]
        apart = {factor.name for factor in timed} | {hour for factor in timed for hour in (factor.at, factor.from_h, factor.to_h) if isinstance(hour, str)}
        behind = encoder.feature_names()
        constant = [j for j, name in enumerate(behind) if name not in apart]
        parts = [encoder.features(design)[:, constant].unsqueeze(1).expand(-1, len(ends), -1)]
        names = [behind[j] for j in constant]
        for factor in timed:
            parts.append(_dosed(factor, reader, steps) if factor.action == "dose" else _forced(factor, reader, steps))
            names += [f"{factor.name} level", f"{factor.name} {'added' if factor.action == 'dose' else 'share'}"]
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
        endless = torch.isinf(length)
        within = torch.where(endless, torch.zeros_like(overlap), overlap) / torch.where(endless | (length <= 0), torch.ones_like(length), length)
        lasts = torch.isinf(to_h)[:, None].to(overlap.dtype)  # of an endless step: all of it or nothing
        return torch.where(endless, lasts, within)

    def hold(self, at_h: Tensor) -> Tensor:
        """`n x t`: 1 for the step that an instant `n` begins or lies in."""
        return ((at_h[:, None] >= self.begins) & (at_h[:, None] < self.ends)).to(at_h.dtype)


@dataclass(frozen=True)
class _Reader:
    """Values of factors in designs `n x d`, each `n`, in their own units."""

    encoder: Encoder
    design: Tensor

    def value(self, name: str) -> Tensor:
        """A numeric factor's value."""
        space = self.encoder.space
        factor = space[name]
        if isinstance(factor, Categorical):
            raise SpaceError(f"Expected a numeric factor, found {name!r}, which has levels.")
        low, high = factor.bounds
        column = self.design[:, space.names.index(name)]
        if getattr(factor, "scale", "linear") == "log":
            return torch.exp(math.log(low) + column * (math.log(high) - math.log(low)))
        return low + column * (high - low)

    def hour(self, asked: Hour | None) -> Tensor:
        """Hours that are given, or held by a factor."""
        if isinstance(asked, str):
            return self.value(asked)
        return torch.full((len(self.design),), float(asked or 0.0), dtype=self.design.dtype)

    def level(self, factor: Factor) -> Tensor:
        """A number of order one that is 0 where there is nothing: in proportion, or, for a factor on a log scale, 1/2 to 1."""
        if isinstance(factor, Categorical):
            raise SpaceError(f"Expected a numeric factor, found {factor.name!r}, which has levels.")
        if getattr(factor, "scale", "linear") == "log":
            return 0.5 + 0.5 * self.design[:, self.encoder.space.names.index(factor.name)]
        return self.value(factor.name) / largest(factor)


def largest(factor: Factor) -> float:
    """What a numeric factor's levels are divided by: the largest of its bounds and of where a ramp begins."""
    if isinstance(factor, Categorical):
        raise SpaceError(f"Expected a numeric factor, found {factor.name!r}, which has levels.")
    return max(*(abs(bound) for bound in factor.bounds), abs(factor.from_value or 0.0)) or 1.0


def _dosed(factor: Factor, reader: _Reader, steps: _Steps) -> Tensor:
    """`n x t x 2`: mean level over each step, and what is added in it."""
    assert not isinstance(factor, Categorical)
    at_h = reader.hour(factor.at)
    amount = reader.level(factor).unsqueeze(-1)
    return torch.stack([amount * steps.share(at_h, torch.full_like(at_h, torch.inf)), amount * steps.hold(at_h)], dim=-1)


def _forced(factor: Factor, reader: _Reader, steps: _Steps) -> Tensor:
    """`n x t x 2`: mean level over each step of what is held or ramped, and for which share of it."""
    assert not isinstance(factor, Categorical)
    from_h, to_h = reader.hour(factor.from_h), reader.hour(factor.to_h)
    within = steps.share(from_h, to_h)
    if factor.action == "hold":
        return torch.stack([reader.level(factor).unsqueeze(-1) * within, within], dim=-1)
    start = (factor.from_value or 0.0) / largest(factor)
    end = (reader.value(factor.name) / largest(factor)).unsqueeze(-1)
    # the mean of a line over an interval is its value in the middle of it
    middle = (torch.maximum(steps.begins, from_h[:, None]) + torch.minimum(steps.ends, to_h[:, None])) / 2
    way = ((middle - from_h[:, None]) / (to_h - from_h).clamp_min(1e-9)[:, None]).clamp(0, 1)
    after = steps.share(to_h, torch.full_like(to_h, torch.inf))
    return torch.stack([within * (start + (end - start) * way) + after * end, within + after], dim=-1)
