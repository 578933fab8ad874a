"""Results files in the tidy dialect: one row a reading, `plate,well` or `experiment_id`, then `time_h,measurement,value,unit`."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from world_model.terms.errors import ResultsError
from world_model.terms.experiment import Experiment
from world_model.terms.goals import Measurement
from world_model.terms.lab import LabOrder, RawFile


@dataclass(frozen=True, kw_only=True)
class Row:
    """One reading as it is written: `position` counts the order's experiments, `value` is text, a number or a mark."""

    position: int
    time_h: float | None
    measurement: Measurement
    value: str


def sample_times(measurements: Sequence[Measurement]) -> np.ndarray:
    """`t`, the union of all sample times; a single nan where everything is an end point."""
    times = sorted({time for measurement in measurements for time in measurement.at_h})
    return np.array(times or [np.nan], dtype=float)


def asked(order: LabOrder) -> list[int]:
    """The positions of an order that get readings: all but the roles `unused`.

    Raises:
        ResultsError: nothing to measure, ids or wells twice, or as many wells as experiments were not given.
    """
    if not order.measurements:
        raise ResultsError("Expected at least one measurement in the order, found none.")
    wells = list(order.wells)
    if wells and len(wells) != len(order.experiments):
        raise ResultsError(f"Expected a well for each of {len(order.experiments)} experiments, found {len(wells)} wells.")
    for kind, names in (("experiment id", [experiment.id for experiment in order.experiments]), ("well", wells)):
        if len(set(names)) != len(names):
            twice = sorted({name for name in names if names.count(name) > 1})
            raise ResultsError(f"Expected each {kind} once in the order, found twice: {', '.join(twice)}.")
    return [position for position, experiment in enumerate(order.experiments) if experiment.role != "unused"]


def raw_file(order: LabOrder, rows: Iterable[Row], *, lab: str) -> RawFile:
    """The file of an order, readings in the order given. Rows are named by well where the order has wells."""
    by_well = bool(order.wells)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*(("plate", "well") if by_well else ("experiment_id",)), "time_h", "measurement", "value", "unit"])
    for row in rows:
        experiment: Experiment = order.experiments[row.position]
        place = (order.plate, order.wells[row.position]) if by_well else (experiment.id,)
        time = "" if row.time_h is None else f"{row.time_h:g}"
        writer.writerow([*place, time, row.measurement.name, row.value, row.measurement.unit])
    return RawFile(name=f"{lab}-round-{order.round:02d}{'-' + order.plate if order.plate else ''}.csv", text=text.getvalue())
