"""A PEtab problem (version 1): its conditions as a search space, its measurements as a data set, and its model as a mechanism."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from world_model.terms.errors import ResultsError, nearest
from world_model.terms.factors import Categorical, Factor
from world_model.terms.readings import Dataset
from world_model.terms.space import SearchSpace

from .mechanism import MechanismParameter
from .petab_factors import PetabColumn, read_cell, read_columns
from .petab_formula import Formula
from .petab_mechanism import PetabMechanism
from .petab_rows import EXPERIMENT, PetabReadings, read_experiments
from .petab_simulator import PetabSimulator
from .petab_tables import PetabTables, read_petab

if TYPE_CHECKING:
    import pandas as pd

CONDITION = "condition"
_BEFORE = "before "


@dataclass(frozen=True)
class PetabProblem:
    """Attributes:
    tables: as read.
    columns: what varies between the measured conditions.
    before: what varies between their pre-equilibrations.
    """

    tables: PetabTables
    readings: PetabReadings
    columns: tuple[PetabColumn, ...]
    before: tuple[PetabColumn, ...]

    @classmethod
    def read(cls, path: Path | str) -> PetabProblem:
        """The problem of a folder or a YAML file.

        Raises:
            ResultsError: broken files, or a feature that is not supported.
            NextwellError: the extra `sbml` is not installed.
        """
        tables = read_petab(Path(path))
        readings = read_experiments(tables)
        conditions = tables.conditions.set_axis(tables.conditions.index.astype(str), axis=0)
        measured = list(dict.fromkeys(one.condition for one in readings.experiments))
        first = list(dict.fromkeys(one.before for one in readings.experiments))
        if "" in first and len(first) > 1:
            raise ResultsError(f"{tables.name}: expected all measurements with a pre-equilibration or none, found both.")
        return cls(
            tables=tables, readings=readings, columns=tuple(read_columns(conditions.loc[measured])),
            before=tuple(read_columns(conditions.loc[first], prefix=_BEFORE)) if len(first) > 1 else (),
        )  # fmt: skip

    @property
    def name(self) -> str:
        return self.tables.name

    @cached_property
    def observables(self) -> tuple[str, ...]:
        """Those that were measured, in the table's order."""
        measured = {name for one in self.readings.experiments for name in one.readings}
        return tuple(str(name) for name in self.tables.observables.index if name in measured)

    @cached_property
    def experiments(self) -> tuple[str, ...]:
        """Experiments with scales of their own."""
        return tuple(dict.fromkeys(one.experiment for one in self.readings.experiments))

    @cached_property
    def space(self) -> SearchSpace:
        """The measured conditions as a table of candidates: a factor for each column that varies, and the experiment where there are several."""
        frame = self.candidates()
        return SearchSpace.from_table(frame, factors=self._factors)

    def candidates(self, wanted: Mapping[str, Sequence[float]] | None = None) -> pd.DataFrame:
        """One row a distinct setting, labelled by its first condition.

        Args:
            wanted: observable → times; only conditions that were read at all of them (at any time where none is named).
        """
        import pandas as pd

        data = self.dataset
        rows: dict[tuple[object, ...], tuple[str, np.ndarray]] = {}
        keys = list(zip(*(column.tolist() for column in data.settings.values()), strict=True))
        read = np.isfinite(data.values)
        for i, key in enumerate(keys):
            label, before = rows.get(key, (data.ids[i].rsplit("#", 1)[0], np.zeros(read.shape[1:], dtype=bool)))
            rows[key] = (label, before | read[i])
        kept = [key for key, (_, held) in rows.items() if wanted is None or self._holds(held, wanted)]
        labels: dict[str, int] = {}
        names = []
        for key in kept:
            label = rows[key][0]
            labels[label] = labels.get(label, 0) + 1
            names.append(label if labels[label] == 1 else f"{label} ({labels[label]})")
        return pd.DataFrame({name: [key[i] for key in kept] for i, name in enumerate(data.settings)}, index=names)

    @cached_property
    def dataset(self) -> Dataset:
        """The measurements: each replicate of a condition a row, times in the model's unit, values on the scale of their noise."""
        told = self.readings.experiments
        times = np.array(sorted({time for one in told for by_time in one.readings.values() for time in by_time}))
        values = np.full((len(told), len(times), len(self.observables)), np.nan)
        for i, one in enumerate(told):
            for observable, by_time in one.readings.items():
                at = np.searchsorted(times, list(by_time))
                values[i, at, self.observables.index(observable)] = list(by_time.values())
        rows = [self.settings_of(one.condition, before=one.before, experiment=one.experiment) for one in told]
        settings = {f.name: np.array([row[f.name] for row in rows], dtype=object if isinstance(f, Categorical) else float) for f in self._factors}
        return Dataset(
            ids=tuple(f"{one.condition}#{one.experiment}.{one.replicate}" for one in told), settings=settings, roles=("candidate",) * len(told),
            blocks=("",) * len(told), times_h=times, variables=self.observables, values=values, flags=np.where(np.isfinite(values), 0, -1),
        )  # fmt: skip

    def settings_of(self, condition: str, *, before: str = "", experiment: str = "") -> dict[str, float | str]:
        """A condition's settings.

        Raises:
            ResultsError: no such condition, with the nearest.
        """
        conditions = self.tables.conditions.set_axis(self.tables.conditions.index.astype(str), axis=0)
        for name in (condition, *([before] if self.before else [])):
            if name not in conditions.index:
                raise ResultsError(f"{self.name}: expected a condition, found {name!r}. {nearest(name, conditions.index)}")
        told: dict[str, float | str] = {one.factor.name: one.encoded(read_cell(conditions[one.column][condition])) for one in self.columns}
        told |= {one.factor.name: one.encoded(read_cell(conditions[one.column][before])) for one in self.before}
        if len(self.experiments) > 1:
            told[EXPERIMENT] = experiment or self.experiments[0]
        return told if told else {CONDITION: condition}

    @cached_property
    def _factors(self) -> tuple[Factor, ...]:
        found = [one.factor for one in (*self.columns, *self.before)]
        if len(self.experiments) > 1:
            found.append(Categorical(name=EXPERIMENT, levels=self.experiments))
        return tuple(found) or (Categorical(name=CONDITION, levels=(self.readings.experiments[0].condition,)),)

    @cached_property
    def formulas(self) -> dict[str, Formula]:
        """Each measured observable's formula."""
        told = self.tables.observables["observableFormula"]
        return {name: Formula.parse(str(told[name]), where=f"{self.name}, observable {name}") for name in self.observables}

    def mechanism(self, values: Mapping[str, float] | None = None) -> PetabMechanism:
        """The model as prior knowledge.

        Args:
            values: parameters that stand elsewhere than at their nominal value, which has seen the measurements.

        Raises:
            ResultsError: formulas or conditions that name what neither the model nor the parameter table has.
        """
        return PetabMechanism.of(self, values=values or {})

    @cached_property
    def parameters(self) -> dict[str, float]:
        """Every parameter's nominal value, on its linear scale."""
        told = self.tables.parameters.get("nominalValue")
        if told is None or told.isna().any():
            raise ResultsError(f"{self.name}, parameters: expected a nominalValue for every parameter.")
        return {str(name): float(value) for name, value in told.items()}

    @cached_property
    def estimated(self) -> tuple[MechanismParameter, ...]:
        """The positive ones that are to be estimated and that a simulation depends on: those of noise are no part of it."""
        simulator, told = self.simulator, self.tables.parameters
        used = {symbol for formula in self.formulas.values() for symbol in formula.symbols}
        used |= {part for parts in self.readings.overrides.values() for part in parts}
        used |= {str(cell) for column in self.tables.conditions for cell in self.tables.conditions[column] if isinstance(cell, str)}
        return tuple(
            MechanismParameter(name=name, value=value)
            for name, value in self.parameters.items()
            if int(told["estimate"][name]) == 1 and value > 0 and (simulator.knows(name) or name in used)
        )

    @cached_property
    def floors(self) -> dict[str, float]:
        """Observable → a hundredth of the least positive measurement: what a simulation below it is taken for on a logarithmic scale."""
        told = self.tables.measurements
        by_name = told["measurement"].astype(float).groupby(told["observableId"].astype(str))
        return {name: float(group[group > 0].min()) / 100 if (group > 0).any() else 1e-300 for name, group in by_name}

    @cached_property
    def simulator(self) -> PetabSimulator:
        """The loaded model."""
        return PetabSimulator(self.tables.sbml, sorted({symbol for formula in self.formulas.values() for symbol in formula.symbols}))

    def bounds(self, name: str) -> tuple[float, float]:
        """Of a parameter's value."""
        row = self.tables.parameters.loc[name]
        return float(row.get("lowerBound", 0.0)), float(row.get("upperBound", np.inf))

    def _holds(self, held: np.ndarray, wanted: Mapping[str, Sequence[float]]) -> bool:
        for observable, times in wanted.items():
            y = self.observables.index(observable)
            if not held[:, y].any() or not all(held[np.isclose(self.dataset.times_h, time, rtol=1e-9, atol=1e-12), y].any() for time in times):
                return False
        return True
