"""From a state to the columns that models learn from: experiments as done, readings that count."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from world_model.terms.goals import Measurement
from world_model.terms.proposal import ProposedExperiment
from world_model.terms.readings import FLAGS, Dataset

from .campaign_state import CampaignState
from .progress import experiments, is_answered, levels_of, settings_as_done

# readings closer than this are of one time: half a second
SAME_TIME_H = 0.5 / 3600
_INDEX = {flag: i for i, flag in enumerate(FLAGS)}


def dataset(state: CampaignState) -> Dataset:
    """Everything that was read, blanks left out, and what was never carried out.

    The order is that of the experiments, never that of the recording, so that results in any order teach the same. Of two
    readings of one experiment, variable and time the later recorded one counts: that is how a correction works. Values are
    nan where a reading failed or lay beyond a limit; flags say which. An end point beside time courses stands at their last
    time ("read once, at the end").
    """
    rows = [e for e in experiments(state) if e.role not in ("blank", "unused") and is_answered(state, e.id) and (e.id in state.answered or e.id not in state.abandoned)]
    place = {experiment.id: i for i, experiment in enumerate(rows)}
    measurements = state.charter.measurements
    column = {measurement.name: i for i, measurement in enumerate(measurements)}
    times = _times(state, measurements, place)
    values = np.full((len(rows), len(times), len(column)), np.nan)
    flags, limits, sds = np.full(values.shape, -1, dtype=int), np.full(values.shape, np.nan), np.full(values.shape, np.nan)
    for block in state.blocks:
        readings = block.readings
        for id, variable, at_h, value, flag, limit, sd in zip(
            readings.experiment_id, readings.variable, readings.at_h, readings.value, readings.flag, readings.limit, readings.sd, strict=True
        ):
            if id in place and variable in column:
                cell = place[id], _slot(times, at_h), column[variable]
                flags[cell] = _INDEX[flag]
                values[cell] = value if value is not None and flag in ("ok", "below limit") else np.nan
                limits[cell] = np.nan if limit is None else limit
                sds[cell] = np.nan if sd is None else sd
    for id in state.failed:
        if id in place and id not in state.answered:
            flags[place[id]] = _INDEX["failed"]
    done = settings_as_done(state)
    return Dataset(
        ids=tuple(experiment.id for experiment in rows),
        settings={name: _column([done[e.id][name] for e in rows]) for name in state.charter.factor_names},
        roles=tuple(experiment.role for experiment in rows), blocks=_blocks(state, rows), times_h=times,
        variables=tuple(column), values=values, flags=flags, limits=limits if np.isfinite(limits).any() else None,
        contexts=_contexts(state, rows), sd=sds if np.isfinite(sds).any() else None,
        noise="unknown" if state.charter.batch.replicates == "auto" else "small",
    )  # fmt: skip


def _times(state: CampaignState, measurements: Sequence[Measurement], place: dict[str, int]) -> np.ndarray:
    """`t`: every time that was read or is to be read; a single nan where there are only end points."""
    planned = {at_h for measurement in measurements for at_h in measurement.at_h}
    read = {at_h for block in state.blocks for id, at_h in zip(block.readings.experiment_id, block.readings.at_h, strict=True) if at_h is not None and id in place}
    hours = sorted(planned | read)
    apart = [hour for i, hour in enumerate(hours) if i == 0 or hour - hours[i - 1] > SAME_TIME_H]
    return np.array(apart) if apart else np.array([math.nan])


def _slot(times: np.ndarray, at_h: float | None) -> int:
    if at_h is None or len(times) == 1:
        return len(times) - 1
    return int(np.abs(times - at_h).argmin())


def _blocks(state: CampaignState, rows: Sequence[ProposedExperiment]) -> tuple[str, ...]:
    block = {e.id: opened.plate or f"R{opened.number:02d}" for opened in state.rounds for e in opened.experiments}
    # `P02-005` came with the second import
    return tuple(block.get(experiment.id, experiment.id.split("-")[0]) for experiment in rows)


def _contexts(state: CampaignState, rows: Sequence[ProposedExperiment]) -> dict[str, np.ndarray]:
    """Each context's levels; empty where nobody said."""
    told = levels_of(state)
    return {context.name: np.array([told.get(e.id, {}).get(context.name, "") for e in rows], dtype=object) for context in state.charter.contexts}


def _column(cells: Sequence[float | str]) -> np.ndarray:
    if cells and isinstance(cells[0], str):
        return np.array(cells, dtype=object)
    return np.array(cells, dtype=float)
