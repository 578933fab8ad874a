"""An experiment under way: what was done and read so far (`History`), and what it is believed to be in now (`State`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from .terms.errors import ResultsError, nearest
from .terms.readings import Dataset
from .terms.space import Settings


@dataclass(frozen=True)
class History:
    """One experiment until now.

    Attributes:
        settings: every factor, as done so far and as planned for the rest.
        now_h: hours after the campaign's zero; what acts later can still be changed. Negative: not begun, everything can.
        times_h: `m` hours at which something was read, none of them after now.
        values: `m x y` readings, each in its observable's own unit, nan where an assay is missing.
        variables: `y` names.
        plate: the plate or round that it is carried out on; empty where it is none that the model has seen.
    """

    settings: Settings
    now_h: float
    times_h: np.ndarray
    values: np.ndarray
    variables: tuple[str, ...]
    plate: str = ""

    def __post_init__(self) -> None:
        if self.values.shape != (len(self.times_h), len(self.variables)):
            raise ResultsError(f"Expected readings of {len(self.times_h)} times x {len(self.variables)} observables, found {self.values.shape}.")
        late = [hour for hour in self.times_h.tolist() if not hour <= self.now_h + 1e-9]
        if late:
            raise ResultsError(f"Expected readings until now ({self.now_h:g} h), found one at {late[0]:g} h. Leave it out, or move now.")

    @property
    def read(self) -> np.ndarray:
        """`m x y`: True where there is a reading."""
        return np.isfinite(self.values)

    @classmethod
    def not_begun(cls, settings: Settings, variables: tuple[str, ...]) -> History:
        """An experiment that is only planned: nothing was read, everything can be changed."""
        return cls(settings=settings, now_h=-1.0, times_h=np.zeros(0), values=np.zeros((0, len(variables))), variables=variables)

    @classmethod
    def of(cls, data: Dataset, id: str, *, until_h: float) -> History:
        """An experiment of a data set as it stood at an hour: later readings are held back.

        Raises:
            ResultsError: no such experiment, or one that was read only once, at its end.
        """
        if id not in data.ids:
            raise ResultsError(f"Expected an experiment with readings, found {id!r}. {nearest(id, data.ids)}")
        if len(data.times_h) == 1:
            raise ResultsError(f"Expected an experiment that is read over time, found {id!r} with end points alone: it has no state on the way.")
        row = data.ids.index(id)
        then = (data.times_h <= until_h + 1e-9) & np.isfinite(data.values[row]).any(axis=1)
        cells = {name: column[row] for name, column in data.settings.items()}
        return cls(
            settings={name: cell if isinstance(cell, str) else float(cell) for name, cell in cells.items()}, now_h=float(until_h),
            times_h=data.times_h[then], values=data.values[row][then], variables=data.variables, plate=data.blocks[row],
        )  # fmt: skip


@dataclass(frozen=True)
class Coefficients:
    """The exact inside of a state: Gaussian coefficients of this experiment's curves, `mean` `k` and `covariance` `k x k`."""

    mean: Tensor
    covariance: Tensor


@dataclass(frozen=True)
class Hypotheses:
    """The drawn inside of a state: `values` `s x t x y`, equally weighted trajectories that agree with the readings."""

    values: Tensor


@dataclass(frozen=True)
class State:
    """What an experiment is believed to be in at `time_h`, without the reader's noise.

    Attributes:
        time_h: now; the first time that the model knows where the experiment has not begun.
        variables: `y` names.
        mean: `y`, each in its observable's own unit.
        covariance: `y x y`.
        age_h: observable → hours since it was last read; None where it never was.
        history: what this was concluded from.
        inside: coefficients or hypotheses, from which the future is simulated.
        n_effective: of how many equally good hypotheses it consists; None where it is exact.
        log_likelihood: natural logarithm of the readings' density before they were known; compare plates or models with it.
    """

    time_h: float
    variables: tuple[str, ...]
    mean: Tensor
    covariance: Tensor
    age_h: Mapping[str, float | None]
    history: History
    inside: Coefficients | Hypotheses
    n_effective: float | None
    log_likelihood: float

    @property
    def sd(self) -> Tensor:
        """`y`."""
        return self.covariance.diagonal().clamp_min(0).sqrt()

    @property
    def missing(self) -> tuple[str, ...]:
        """Observables without a reading now."""
        return tuple(name for name, age in self.age_h.items() if age is None or age > 1e-9)
