"""What was read: single observations, and the columnar data set that models learn from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from world_model.terms.errors import ResultsError
from world_model.terms.experiment import ExperimentId
from world_model.terms.word import Name, NonNegative, Text, Word

if TYPE_CHECKING:
    import pandas as pd

Flag = Literal["ok", "below limit", "above limit", "failed"]
Noise = Literal["small", "unknown"]
FLAGS: tuple[Flag, ...] = ("ok", "below limit", "above limit", "failed")


class Observation(Word):
    """One reading. `value` is None only where the flag says why; `raw` is what the instrument wrote, before blanks.

    `limit`, in the value's own unit, is what a reading lies beyond, where the file tells it (`>4.0`).
    """

    experiment_id: ExperimentId
    variable: Name
    at_h: NonNegative | None = None
    value: float | None
    raw: float | None = None
    sd: float | None = None
    flag: Flag = "ok"
    plate: Text = ""
    well: Text = ""
    source: Text = ""
    limit: float | None = None


@dataclass(frozen=True)
class Dataset:
    """Experiments as done with their trajectories, by column: what a world model is fitted to.

    Attributes:
        ids: `n` experiment ids.
        settings: per factor, `n` values as done (numbers, or level names).
        roles: `n`.
        blocks: `n`, the plate or round in which each was carried out.
        times_h: `t`, the union of all sample times; a single nan for end points.
        variables: `y` names of observables.
        values: `n x t x y`, each observable's own unit, nan where there is no usable reading.
        flags: `n x t x y`, indices into FLAGS, -1 where nothing was read.
        contexts: per context (batch, day, donor, cell line …), `n` levels as text, empty where nobody said.
        limits: `n x t x y`, the limit that a reading lay beyond where it was told (`>4.0`), else nan; None where none was told.
        sd: `n x t x y`, the sd of each reading where it was told, else nan; None where none was told.
        noise: what is believed of readings whose sd is not told: `small`, or `unknown` where the campaign leaves repeats to the planner.
    """

    ids: tuple[str, ...]
    settings: dict[str, np.ndarray]
    roles: tuple[str, ...]
    blocks: tuple[str, ...]
    times_h: np.ndarray
    variables: tuple[str, ...]
    values: np.ndarray
    flags: np.ndarray = field(repr=False)
    limits: np.ndarray | None = field(default=None, repr=False)
    contexts: dict[str, np.ndarray] = field(default_factory=dict)
    sd: np.ndarray | None = field(default=None, repr=False)
    noise: Noise = "small"

    def __post_init__(self) -> None:
        n, t, y = len(self.ids), len(self.times_h), len(self.variables)
        limits = (n, t, y) if self.limits is None else self.limits.shape
        sd = (n, t, y) if self.sd is None else self.sd.shape
        for name, shape in (("values", self.values.shape), ("flags", self.flags.shape), ("limits", limits), ("sd", sd)):
            if shape != (n, t, y):
                raise ResultsError(f"Expected {name} of {n} experiments x {t} times x {y} observables, found {shape}.")
        for kind, columns in (("settings", self.settings), ("contexts", self.contexts)):
            for name, column in columns.items():
                if len(column) != n:
                    raise ResultsError(f"Expected {n} {kind} of {name!r}, found {len(column)}.")

    def __len__(self) -> int:
        return len(self.ids)

    def groups(self) -> np.ndarray:
        """`n` integers, equal where the settings as asked are equal: one distinct intervention, replicates together."""
        if not len(self):
            return np.zeros(0, dtype=int)
        keys: dict[tuple[object, ...], int] = {}
        rows = zip(*(_rounded(column) for column in self.settings.values()), strict=True)
        return np.array([keys.setdefault(row, len(keys)) for row in rows])

    def frame(self) -> pd.DataFrame:
        """The settings as a frame indexed by experiment id."""
        import pandas as pd

        return pd.DataFrame(dict(self.settings), index=list(self.ids))

    def take(self, rows: np.ndarray) -> Dataset:
        """The data set of some rows, by position or mask."""
        where = np.arange(len(self))[rows]
        return Dataset(
            ids=tuple(self.ids[i] for i in where), settings={name: column[where] for name, column in self.settings.items()},
            roles=tuple(self.roles[i] for i in where), blocks=tuple(self.blocks[i] for i in where),
            times_h=self.times_h, variables=self.variables, values=self.values[where], flags=self.flags[where],
            limits=None if self.limits is None else self.limits[where],
            contexts={name: column[where] for name, column in self.contexts.items()},
            sd=None if self.sd is None else self.sd[where], noise=self.noise,
        )  # fmt: skip


def _rounded(column: np.ndarray) -> list[object]:
    if column.dtype.kind in "fiu":
        # replicates differ by the pipette's rounding: six significant digits of the factor's own spread join them
        span = float(np.ptp(column)) or float(np.abs(column).max()) or 1.0
        return list(np.round(column.astype(float) / span, 6).tolist())
    return list(column.tolist())
