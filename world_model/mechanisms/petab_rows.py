"""A PEtab measurement table as experiments: which condition, in which experiment (own scales of its observables), which replicate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from world_model.terms.errors import ResultsError

if TYPE_CHECKING:
    import pandas as pd

    from .petab_tables import PetabTables

EXPERIMENT = "experiment"  # the factor that tells experiments apart
SHARED = "shared"  # the experiment of conditions whose observables have one scale everywhere

Overrides = tuple[str, ...]


@dataclass(frozen=True)
class PetabExperiment:
    """One condition as it was measured once.

    Attributes:
        condition: id.
        before: id of the pre-equilibration's condition, "" without one.
        experiment: conditions of one experiment share the scales of their observables.
        replicate: 0, 1, … of the same condition in the same experiment.
        readings: observable → time → value on the scale on which noise is additive.
        overrides: observable → what stands for its placeholders: numbers and parameters' ids.
    """

    condition: str
    before: str
    experiment: str
    replicate: int
    readings: Mapping[str, Mapping[float, float]]
    overrides: Mapping[str, Overrides]


@dataclass(frozen=True)
class PetabReadings:
    """Attributes:
    experiments: in the order of the table.
    overrides: (observable, experiment) → what stands for its placeholders.
    """

    experiments: tuple[PetabExperiment, ...]
    overrides: Mapping[tuple[str, str], Overrides]


def read_experiments(tables: PetabTables) -> PetabReadings:
    """Every measurement in its place. Where an observable's placeholders differ between measurements, an experiment is a set of
    conditions that are linked by equal ones: what was run on one blot, or on one day.

    Raises:
        ResultsError: a measurement that is not positive where its observable is transformed by a logarithm.
    """
    told = tables.measurements
    columns = {name: _texts(told, name) for name in ("observableId", "simulationConditionId", "preequilibrationConditionId", "observableParameters")}
    many = {name for name, count in Counter(o for o, _ in set(zip(columns["observableId"], columns["observableParameters"], strict=True))).items() if count > 1}
    keys = [
        (condition, before, f"{observable}|{parameters}" if observable in many else "")
        for condition, before, observable, parameters in zip(
            columns["simulationConditionId"], columns["preequilibrationConditionId"], columns["observableId"], columns["observableParameters"], strict=True
        )
    ]  # fmt: skip
    label = _experiments(keys)
    values, times = told["measurement"].to_numpy(dtype=float), told["time"].to_numpy(dtype=float)
    count: Counter[tuple[str, str, str, str, float]] = Counter()
    readings: dict[tuple[str, str, str, int], dict[str, dict[float, float]]] = {}
    overrides: dict[tuple[str, str], Overrides] = {}
    for i, (condition, before, _) in enumerate(keys):
        observable, experiment = columns["observableId"][i], label[keys[i]]
        overrides[observable, experiment] = tuple(part.strip() for part in columns["observableParameters"][i].split(";") if part.strip())
        cell = (condition, before, experiment, observable, float(times[i]))
        row = readings.setdefault((condition, before, experiment, count[cell]), {})
        count[cell] += 1
        row.setdefault(observable, {})[float(times[i])] = _transformed(values[i], transformation_of(tables, observable), of=f"{tables.name}, measurement {i + 1}")
    experiments = tuple(
        PetabExperiment(*key, readings=row, overrides={o: overrides[o, key[2]] for o in row}) for key, row in sorted(readings.items(), key=lambda item: item[0][3])
    )
    order = {condition: i for i, condition in enumerate(tables.conditions.index.astype(str))}
    return PetabReadings(tuple(sorted(experiments, key=lambda one: (order[one.condition], one.experiment, one.replicate))), overrides)


def transformation_of(tables: PetabTables, observable: str) -> str:
    """`lin`, `log` or `log10`: the scale of an observable's noise."""
    if "observableTransformation" not in tables.observables:
        return "lin"
    told = tables.observables["observableTransformation"][observable]
    return told if isinstance(told, str) and told else "lin"


def transformed(values: np.ndarray, transformation: str) -> np.ndarray:
    """Values on the scale of the noise; nan where a logarithm has none."""
    with np.errstate(all="ignore"):
        found = np.asarray(values, dtype=float)
        found = np.log(found) if transformation == "log" else np.log10(found) if transformation == "log10" else found
    return np.where(np.isfinite(found), found, np.nan)


def _transformed(value: float, transformation: str, *, of: str) -> float:
    if transformation != "lin" and value <= 0:
        raise ResultsError(f"{of}: expected a positive measurement, for its observable's transformation is {transformation}, found {value:g}.")
    return float(transformed(np.array([value]), transformation)[0])


def _texts(frame: pd.DataFrame, column: str) -> list[str]:
    if column not in frame:
        return [""] * len(frame)
    # a whole number in a column with gaps arrives as 1.0
    return ["" if cell is None or cell != cell else f"{cell:g}" if isinstance(cell, float) else str(cell) for cell in frame[column]]


def _experiments(keys: list[tuple[str, str, str]]) -> dict[tuple[str, str, str], str]:
    """The experiment of each (condition, pre-equilibration, scale): scales are joined where a condition has several."""
    parent: dict[str, str] = {}

    def root(node: str) -> str:
        parent.setdefault(node, node)
        while parent[node] != node:
            node = parent[node]
        return node

    scales: dict[tuple[str, str], dict[str, list[str]]] = {}
    for condition, before, scale in keys:
        if scale:
            by_observable = scales.setdefault((condition, before), {}).setdefault(scale.split("|")[0], [])
            if scale not in by_observable:
                by_observable.append(scale)
    for told in scales.values():
        for rank in range(max(map(len, told.values()))):
            linked = [listed[rank] for listed in told.values() if rank < len(listed)]
            for other in linked[1:]:
                parent[root(other)] = root(linked[0])
    names: dict[str, str] = {}
    found = {}
    for key in keys:
        condition, before, scale = key
        own = scale or next(iter(next(iter(scales.get((condition, before), {}).values()), [])), "")
        found[key] = SHARED if not own else names.setdefault(root(own), f"experiment {len(names) + 1}")
    return found
