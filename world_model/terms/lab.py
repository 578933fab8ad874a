"""The contract of whatever carries experiments out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from world_model.terms.experiment import Experiment
from world_model.terms.goals import Measurement

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, kw_only=True)
class LabOrder:
    """What a simulated lab is asked to carry out.

    `experiments` hold the settings *as planned* (the concentrations that the protocol really reaches). `wells[i]` is the
    well of `experiments[i]` where there is a plate, else empty. `seed` is the campaign's, `round` starts at 1.
    """

    experiments: Sequence[Experiment]
    measurements: Sequence[Measurement]
    round: int
    seed: int
    plate: str = ""
    wells: Sequence[str] = ()
    volume_ul: float | None = None


@dataclass(frozen=True, kw_only=True)
class RawFile:
    """A results file as an instrument would write it: text in the tidy CSV dialect of `runs.ingest`.

    Columns: `plate,well` (or `experiment_id`), `time_h` (empty for an end point), `measurement`, `value`, `unit`.
    """

    name: str
    text: str


@runtime_checkable
class Lab(Protocol):
    """Carries experiments out. A simulated lab answers at once; a real one answers through a protocol and a results file."""

    @property
    def name(self) -> str:
        """What the lab is called in files and reports."""
        ...

    def answer(self, order: LabOrder) -> RawFile:
        """The results file of a round: truth seen through the sensor.

        Raises:
            ResultsError: the lab does not hold, or can't carry out, what is asked.
        """
        ...

    def truth(self, settings: Sequence[Mapping[str, float | str]], measurements: Sequence[Measurement]) -> np.ndarray:
        """Noise-free values, `n x t x y` at each measurement's times, for judging; never shown to a planner."""
        ...
