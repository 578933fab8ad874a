"""What a mechanism is: a simulation of the same experiments, right or wrong, with parameters that may be estimated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from world_model.terms.space import Settings

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, kw_only=True)
class MechanismParameter:
    """A positive constant of a mechanism: its value as given, and how far it may be off (sd of the natural logarithm)."""

    name: str
    value: float
    log_sd: float = 0.5


@runtime_checkable
class Mechanism(Protocol):
    """Simulates experiments. It may be wrong: a model without it always competes."""

    @property
    def name(self) -> str: ...

    @property
    def parameters(self) -> tuple[MechanismParameter, ...]:
        """What may be estimated; empty where everything is taken as given."""
        ...

    def simulate(self, rows: Sequence[Settings], times_h: np.ndarray, variables: Sequence[str], *, scaled: Mapping[str, float] | None = None) -> np.ndarray:
        """`n x t x y` in the observables' own units, on their own scale; a row of nan where the integrator fails.

        Args:
            times_h: `t` hours (or whatever unit of time the campaign counts in), increasing.
            variables: `y` observables' names, all known to the mechanism.
            scaled: parameter → factor on its value, for estimation.

        Raises:
            NextwellError: an observable or a setting that the mechanism does not know.
        """
        ...
