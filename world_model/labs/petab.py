"""The `petab` lab: the measured conditions of a PEtab problem are what can be asked, its real measurements are the answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from world_model.mechanisms.petab_problem import PetabProblem
from world_model.terms.errors import ResultsError, SpaceError, nearest
from world_model.terms.factors import Categorical
from world_model.terms.goals import Measurement
from world_model.terms.lab import LabOrder, RawFile
from world_model.terms.readings import Dataset
from world_model.terms.space import SearchSpace

from .tidy import Row, asked, raw_file, sample_times
from .turns import in_turn

if TYPE_CHECKING:
    import pandas as pd

Key = tuple[float | str, ...]
_SAME = 1e-6  # of a factor's range: settings written with rounding are one setting


@dataclass(frozen=True, kw_only=True)
class PetabLab:
    """Readings by setting, on the scale on which their noise is additive, at the model's own times.

    Attributes:
        rows: settings → positions in `data`.
    """

    space: SearchSpace
    data: Dataset
    rows: Mapping[Key, tuple[int, ...]]
    source: str
    name: str = "petab"

    @classmethod
    def of(cls, problem: PetabProblem, *, space: SearchSpace, measurements: Sequence[Measurement]) -> PetabLab:
        """The lab of a problem.

        Args:
            space: the campaign's; its factors are the problem's, in any order.

        Raises:
            SpaceError: another set of factors.
            ResultsError: a measurement that is no measured observable.
        """
        known = problem.space.names
        for name in space.names:
            if name not in known:
                raise SpaceError(f"{problem.name}: expected a factor of the problem, found {name!r}. {nearest(name, known)}")
        missing = [name for name in known if name not in space.names]
        if missing:
            raise SpaceError(f"{problem.name}: expected every factor of the problem, found none for {', '.join(missing)}. Take them as [candidates].")
        data = problem.dataset
        rows: dict[Key, list[int]] = {}
        for i, key in enumerate(zip(*(data.settings[name].tolist() for name in space.names), strict=True)):
            rows.setdefault(key, []).append(i)
        lab = cls(space=space, data=data, rows={key: tuple(at) for key, at in rows.items()}, source=problem.name)
        for measurement in measurements:
            lab._observable(measurement)
        return lab

    def answer(self, order: LabOrder) -> RawFile:
        """The measured values; the replicates of a setting in a seeded order, one further with each round and each repeat.

        Raises:
            ResultsError: a condition, an observable or a time that was not measured, with the nearest that was.
        """
        observables = [self._observable(measurement) for measurement in order.measurements]
        seen: dict[Key, int] = {}
        found: list[Row] = []
        for i in asked(order):
            experiment = order.experiments[i]
            if experiment.role == "blank":
                raise ResultsError(f"Experiment {experiment.id}: expected a measured condition, found a blank. Set blanks = 0 in [batch].")
            key = self._key(self.space.settings(experiment.interventions), of=f"Experiment {experiment.id}: ")
            turn = order.round - 1 + seen.setdefault(key, 0)
            seen[key] += 1
            for measurement, y in zip(order.measurements, observables, strict=True):
                for hour in measurement.at_h or (None,):
                    readings = self._readings(key, y, hour)
                    value = readings[in_turn(key, len(readings), order.seed)[turn % len(readings)]]
                    found.append(Row(position=i, time_h=hour, measurement=measurement, value=repr(float(value))))
        place = {measurement.name: k for k, measurement in enumerate(order.measurements)}
        return raw_file(order, sorted(found, key=lambda row: place[row.measurement.name]), lab=self.name)

    def truth(self, settings: Sequence[Mapping[str, float | str]], measurements: Sequence[Measurement]) -> np.ndarray:
        """The mean over replicates, `n x t x y`, at the union of the sample times; nan where an observable is not asked for at a time."""
        observables = [self._observable(measurement) for measurement in measurements]
        hours = sample_times(measurements)
        values = np.full((len(settings), len(hours), len(observables)), np.nan)
        for i, given in enumerate(settings):
            key = self._key(given, of="")
            for k, (measurement, y) in enumerate(zip(measurements, observables, strict=True)):
                for hour in measurement.at_h or (None,):
                    at = len(hours) - 1 if hour is None else int(np.searchsorted(hours, hour))
                    values[i, at, k] = self._readings(key, y, hour).mean()
        return values

    def _observable(self, measurement: Measurement) -> int:
        if measurement.name not in self.data.variables:
            raise ResultsError(f"{self.source}: expected a measured observable, found {measurement.name!r}. {nearest(measurement.name, self.data.variables)}")
        return self.data.variables.index(measurement.name)

    def _readings(self, key: Key, y: int, hour: float | None) -> np.ndarray:
        """The replicates of one reading; the last one in time without an hour."""
        curves = self.data.values[list(self.rows[key]), :, y]
        held = np.nonzero(np.isfinite(curves).any(axis=0))[0]
        times = self.data.times_h[held]
        name = self.data.variables[y]
        if not len(held):
            raise ResultsError(f"{self.source}: expected a condition in which {name} was measured, found {self._told(key)}. Leave the measurement or the condition out.")
        near = len(held) - 1 if hour is None else int(np.abs(times - hour).argmin())
        if hour is not None and not np.isclose(times[near], hour, rtol=1e-9, atol=1e-12):
            shown = ", ".join(f"{time:g}" for time in times[:12])
            raise ResultsError(f"{self.source}: expected a time at which {name} was measured in {self._told(key)} ({shown}), found {hour:g}. The nearest is {times[near]:g}.")
        column = curves[:, held[near]]
        return np.asarray(column[np.isfinite(column)])

    def _key(self, settings: Mapping[str, float | str], *, of: str) -> Key:
        held = list(self.rows)
        far = np.zeros(len(held))
        for k, factor in enumerate(self.space.factors):
            if factor.name not in settings:
                raise ResultsError(f"{of}expected a value for {factor.name!r}, found none.")
            value = settings[factor.name]
            if isinstance(factor, Categorical):
                far += np.array([key[k] != value for key in held], dtype=float)
            else:
                column = np.array([float(key[k]) for key in held])
                far += np.abs(column - float(value)) / (float(np.ptp(column)) or 1.0)
        best = int(far.argmin())
        if far[best] > _SAME:
            told = self._told(tuple(settings[name] for name in self.space.names))
            raise ResultsError(f"{of}expected a condition that {self.source} measured, found {told}. The nearest is {self._told(held[best])}.")
        return held[best]

    def _told(self, key: Key) -> str:
        return ", ".join(f"{name} = {value:g}" if isinstance(value, float | int) else f"{name} = {value}" for name, value in zip(self.space.names, key, strict=True))


@dataclass(frozen=True)
class PetabCampaign:
    """What a campaign on a PEtab problem is made of.

    Attributes:
        space: the measured conditions as candidates.
        measurements: each observable, at the times at which all its conditions were read; where there is no such time, at the end.
        data: all readings.
    """

    problem: PetabProblem
    space: SearchSpace
    measurements: tuple[Measurement, ...]
    data: Dataset


def petab_campaign(folder: Path | str) -> PetabCampaign:
    """The campaign of a PEtab problem's folder or YAML file.

    Raises:
        ResultsError: broken files, or a feature that is not supported.
    """
    problem = PetabProblem.read(folder)
    data = problem.dataset
    groups = data.groups()
    read = np.stack([np.isfinite(data.values[groups == group]).any(axis=0) for group in np.unique(groups)])
    measurements = []
    for y, name in enumerate(data.variables):
        own = read[read[:, :, y].any(axis=1), :, y]
        times = data.times_h[own.all(axis=0)]
        measurements.append(Measurement(name=name, at_h=tuple(float(time) for time in times[times >= 0])))
    return PetabCampaign(problem=problem, space=problem.space, measurements=tuple(measurements), data=data)


def candidates_of(path: Path, measurements: Sequence[Measurement]) -> tuple[PetabProblem, pd.DataFrame]:
    """The conditions of a problem that were read at every time of every measurement, as a frame indexed by the condition's id.

    Raises:
        ResultsError: a measurement that is no observable of the problem, or none of its conditions was read so.
    """
    problem = PetabProblem.read(path)
    for measurement in measurements:
        if measurement.name not in problem.observables:
            raise ResultsError(f"{problem.name}: expected a measured observable, found {measurement.name!r}. {nearest(measurement.name, problem.observables)}")
    frame = problem.candidates({measurement.name: measurement.at_h for measurement in measurements})
    if not len(frame):
        raise ResultsError(f"{problem.name}: expected conditions in which all of these were measured at all their times, found none. Name fewer measurements or times.")
    return problem, frame
