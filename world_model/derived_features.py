"""Derived factors as features: computed from designs with gradients, scaled to the unit cube."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from .terms.derived import Derived
from .terms.factors import Categorical
from .terms.space import SearchSpace


@dataclass(frozen=True)
class _Column:
    """How a design's column becomes a number in the factor's unit."""

    name: str
    column: int
    low: float
    high: float
    on_log: bool
    stand_in: float

    def of(self, design: Tensor, absent: Tensor | None) -> Tensor:
        inside = design[..., self.column]
        if self.on_log:
            number = torch.exp(math.log(self.low) + inside * (math.log(self.high) - math.log(self.low)))
        else:
            number = self.low + inside * (self.high - self.low)
        return number if absent is None else torch.where(absent[..., self.column], torch.full_like(number, self.stand_in), number)


@dataclass(frozen=True)
class DerivedFeature:
    """One derived factor in a model's eyes; `low` to `high` of the formula's value become 0 to 1."""

    word: Derived
    columns: tuple[_Column, ...]
    low: float
    high: float

    def of(self, design: Tensor, absent: Tensor | None) -> Tensor:
        """`…` of designs `… x d`."""
        value: Tensor = self.word.value({column.name: column.of(design, absent) for column in self.columns})
        return (value - self.low) / ((self.high - self.low) or 1.0)


def derived_features(space: SearchSpace) -> tuple[DerivedFeature, ...]:
    """The derived factors of a space, in order."""
    known = {factor.name: factor for factor in space.factors}
    found = []
    for word in space.derived:
        columns = []
        for name in word.of:
            factor = known[name]
            assert not isinstance(factor, Categorical)
            low, high = factor.bounds
            on_log = getattr(factor, "scale", "linear") == "log"
            columns.append(_Column(name=name, column=space.names.index(name), low=low, high=high, on_log=on_log, stand_in=float(factor.stand_in)))
        low, high = word.bounds(known)
        found.append(DerivedFeature(word=word, columns=tuple(columns), low=low, high=high))
    return tuple(found)
