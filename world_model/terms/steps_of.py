"""The values of a stepped factor: how many, how far apart, and which is nearest."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from world_model.terms.factors import Discrete, Factor, Integer

_EVEN = 1e-9


@dataclass(frozen=True)
class Places:
    """`count` values from `low`; `step` apart where they are evenly spaced, else listed."""

    low: float
    count: int
    step: float | None
    listed: tuple[float, ...] = ()

    def values(self) -> tuple[float, ...]:
        """All of them."""
        return self.listed or tuple(self.low + i * (self.step or 0.0) for i in range(self.count))

    @property
    def least_gap(self) -> float:
        """How near two of them are."""
        if self.step is not None:
            return self.step
        return min((b - a for a, b in pairwise(self.listed)), default=1.0)

    def nearest(self, number: float) -> float:
        """The nearest of them."""
        if not self.listed:
            assert self.step is not None
            return self.low + min(max(round((number - self.low) / self.step), 0), self.count - 1) * self.step
        return min(self.listed, key=lambda value: abs(value - number))


def places_of(factor: Factor) -> Places:
    """The places of a discrete or integer factor."""
    if isinstance(factor, Integer):
        return Places(low=float(factor.low), count=factor.high - factor.low + 1, step=1.0)
    assert isinstance(factor, Discrete)
    values = factor.values
    gaps = [b - a for a, b in pairwise(values)]
    even = bool(gaps) and max(gaps) - min(gaps) <= _EVEN * max(abs(values[0]), abs(values[-1]), 1e-12)
    step = (values[-1] - values[0]) / (len(values) - 1) if even else None
    return Places(low=values[0], count=len(values), step=step, listed=values)
