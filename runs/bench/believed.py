"""A mechanism as somebody believes it to be: the same equations with other values of its constants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from world_model.mechanisms.estimate import usual_cost_ms
from world_model.mechanisms.mechanism import Mechanism, MechanismParameter
from world_model.terms.space import Settings


@dataclass(frozen=True)
class Believed:
    """A `Mechanism` whose constants are off.

    Attributes:
        mechanism: with the values that it was written with.
        wrong: constant or starting amount → factor on it.
    """

    mechanism: Mechanism
    wrong: Mapping[str, float]

    @property
    def name(self) -> str:
        return self.mechanism.name

    @property
    def parameters(self) -> tuple[MechanismParameter, ...]:
        """At the values that are believed."""
        return tuple(replace(one, value=one.value * self.wrong.get(one.name, 1.0)) for one in self.mechanism.parameters)

    def cost_ms(self, rows: Sequence[Settings], until_h: float) -> float:
        """What one run costs on one core: other values change it little."""
        return usual_cost_ms(self.mechanism, rows, until_h)

    def simulate(self, rows: Sequence[Settings], times_h: np.ndarray, variables: Sequence[str], *, scaled: Mapping[str, float] | None = None) -> np.ndarray:
        """`n x t x y`; `scaled` counts from the values that are believed."""
        scaled = scaled or {}
        names = dict.fromkeys((*self.wrong, *scaled))
        told = {name: self.wrong.get(name, 1.0) * scaled.get(name, 1.0) for name in names}
        return self.mechanism.simulate(rows, times_h, variables, scaled=told)
