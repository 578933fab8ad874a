"""What has been read of each experiment, cell by cell: to know a reading that comes again, and one that is still missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from world_model.terms.readings import Flag

from .campaign_state import CampaignState, RoundState
from .payloads import Readings
from .progress import waiting


class Cell(NamedTuple):
    """One reading's place: times are rounded to the second, so that 1/3 h is 1/3 h again."""

    experiment_id: str
    variable: str
    second: int | None


class Read(NamedTuple):
    """What stands in a cell. `raw` is the instrument's own, before blanks."""

    value: float | None
    raw: float | None
    flag: Flag


def cells(readings: Readings) -> dict[Cell, int]:
    """Cell → position in the columns."""
    return {
        Cell(id, variable, None if at_h is None else round(at_h * 3600)): i
        for i, (id, variable, at_h) in enumerate(zip(readings.experiment_id, readings.variable, readings.at_h, strict=True))
    }


def known_readings(state: CampaignState) -> dict[Cell, Read]:
    """What counts in each cell: the later recorded reading of two."""
    known: dict[Cell, Read] = {}
    for block in state.blocks:
        told = block.readings
        known |= {cell: Read(told.value[i], told.raw[i], told.flag[i]) for cell, i in cells(told).items()}
    return known


def incomplete(state: CampaignState, opened: RoundState, known: Mapping[Cell, Read] | None = None) -> dict[str, int]:
    """Experiment → how many planned readings it lacks, of those that have some; what has none is in `waiting`."""
    have = known_readings(state) if known is None else known
    none_yet = {experiment.id for experiment in waiting(state, opened)}
    lacking: dict[str, int] = {}
    for experiment in opened.experiments:
        if experiment.id in none_yet or experiment.id in state.failed or experiment.role in ("blank", "unused"):
            continue
        planned = [
            Cell(experiment.id, measurement.name, None if at_h is None else round(at_h * 3600))
            for measurement in state.charter.measurements
            for at_h in (measurement.at_h or (None,))
        ]
        missing = sum(cell not in have for cell in planned)
        if missing:
            lacking[experiment.id] = missing
    return lacking
