"""What world models are judged on: any SBML file or any simulated lab, with unseen interventions whose truth is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Literal, Protocol

import numpy as np

from world_model.mechanisms.mechanism import Mechanism
from world_model.terms.errors import NextwellError, nearest
from world_model.terms.readings import Dataset
from world_model.terms.space import SearchSpace

NOISE = 0.05  # sd of a reading, as a share of the observable's sd over interventions
Prior = Literal["wrong parameters", "wrong structure", "none"]


@dataclass(frozen=True)
class Draw:
    """`columns[factor]` is `n`; `truth` is `n x t x y` without noise, `readings` the same as read."""

    columns: Mapping[str, np.ndarray]
    truth: np.ndarray
    readings: np.ndarray

    def __len__(self) -> int:
        return len(self.truth)

    def take(self, rows: slice | np.ndarray) -> Draw:
        """Some of the experiments."""
        return Draw(columns={name: column[rows] for name, column in self.columns.items()}, truth=self.truth[rows], readings=self.readings[rows])

    def dataset(self, times: np.ndarray, variables: Sequence[str]) -> Dataset:
        """As a campaign's records: one block, every reading usable."""
        n = len(self)
        return Dataset(
            ids=tuple(f"R01-{i + 1:03d}" for i in range(n)), settings=dict(self.columns), roles=("candidate",) * n, blocks=("",) * n,
            times_h=times, variables=tuple(variables), values=self.readings, flags=np.zeros(self.readings.shape, dtype=int),
        )  # fmt: skip


class Task(Protocol):
    """A truth that can be asked anything, and a prior belief about it that may be wrong."""

    @property
    def name(self) -> str: ...

    @property
    def space(self) -> SearchSpace: ...

    @property
    def times(self) -> np.ndarray: ...

    @property
    def variables(self) -> tuple[str, ...]: ...

    @property
    def scale(self) -> np.ndarray:
        """`y`: sd of each observable over interventions and times."""
        ...

    def draw(self, n: int, *, rng: np.random.Generator, share: float = 1.0) -> Draw:
        """Random interventions with what is read of them.

        Args:
            share: of every numeric factor's range, about its middle; 1 is all of it.
        """
        ...

    def truth(self, columns: Mapping[str, np.ndarray]) -> np.ndarray:
        """`n x t x y` without noise; a row of nan where the simulator fails."""
        ...

    def reward(self, values: np.ndarray) -> np.ndarray:
        """`… x t x y` → `…`: what a plan is good for; larger is better."""
        ...

    def mechanism(self, prior: Prior) -> Mechanism | None:
        """The prior knowledge, or None where there is none of that kind."""
        ...

    def told(self) -> dict[str, object]:
        """What the task is, for the report."""
        ...

    def digest(self) -> str:
        """Of what it is made from: changes when the problem does."""
        ...


def shipped_models() -> dict[str, Path]:
    """The SBML models of the package, by name."""
    folder = Path(str(resources.files("runs.examples") / "models"))
    return {file.stem: file for file in sorted(folder.glob("*.xml"))}


def default_problems() -> list[str]:
    """The shipped models, each for as long as its story lasts, in its own unit of time."""
    return ["sbml:cascade@60", "sbml:repressor_ring@100", "sbml:tumour_drug@30"]


def open_task(spec: str, *, seed: int) -> Task:
    """The task that `sbml:FILE[@T_END]` or a lab's name stands for.

    Raises:
        NextwellError: neither, or a file that can't be run.
    """
    kind, _, argument = spec.partition(":")
    if kind == "sbml" and argument:
        from .sbml_task import SbmlTask

        file, t_end = split_end(argument)
        shipped = shipped_models()
        return SbmlTask.of(shipped.get(file, Path(file)), t_end=t_end, seed=seed)
    from world_model.labs.registry import labs

    if spec in labs():
        from .lab_task import LabTask

        return LabTask.of(spec, seed=seed)
    raise NextwellError(
        f"Expected sbml:FILE, sbml:FILE@T_END, petab:FOLDER or a simulated lab, found {spec!r}. {nearest(spec, ['sbml:FILE', 'petab:FOLDER', *labs()])}"
    )


def split_end(argument: str) -> tuple[str, float | None]:
    """`FILE@T_END` → file and end; no end where none is given.

    Raises:
        NextwellError: an end that is no positive number.
    """
    file, at, end = argument.rpartition("@")
    if not at:
        return argument, None
    try:
        t_end = float(end)
    except ValueError:
        t_end = float("nan")
    if not t_end > 0:
        raise NextwellError(f"Expected a positive number after @, the end in the file's own unit of time, found {end!r} in {argument!r}.")
    return file, t_end
