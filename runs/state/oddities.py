"""What is strange about the data so far, in sentences: a person should look at it before more is pipetted."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from world_model.terms.factors import Categorical
from world_model.terms.goals import Goal
from world_model.terms.readings import Dataset
from world_model.terms.space import SearchSpace

from .campaign_state import CampaignState
from .readout import observed

FEWEST = 5  # experiments or repeats before something is called strange
MOST_NAMED = 6


def oddities(state: CampaignState, data: Dataset, space: SearchSpace) -> tuple[str, ...]:
    """Nothing read, a result that never changes, a factor that never did, repeats that contradict each other."""
    if not len(data):
        return ()
    return (*_nothing_read(state, data), *_constant(state, data), *_never_varied(data, space), *_contradictory(state, data))


def _nothing_read(state: CampaignState, data: Dataset) -> Iterator[str]:
    if not np.isfinite(data.values).any():
        why = sorted({reason for id, reason in state.failed.items() if id in data.ids})
        told = f" ({'; '.join(why[:3])})" if why else ""
        yield f"None of the {len(data)} experiments so far has a reading{told}: there is nothing to learn from yet, and the batch fills the space."


def _constant(state: CampaignState, data: Dataset) -> Iterator[str]:
    for goal in state.charter.goals:
        read = _read(goal, data)
        if len(read) >= FEWEST and float(np.ptp(read)) <= 1e-9 * max(abs(float(read[0])), 1e-300):
            yield (
                f"All {len(read)} results of {goal.readout} are {read[0]:g}: nothing shows yet where better ones lie, and the batch goes where least is known. "
                "If the result should have changed, look at the measurement first."
            )


def _never_varied(data: Dataset, space: SearchSpace) -> Iterator[str]:
    if len(data) < FEWEST:
        return
    for factor in space.factors:
        cells = data.settings.get(factor.name)
        several = len(factor.levels) > 1 if isinstance(factor, Categorical) else _spans(factor)
        if cells is not None and several and len(set(cells.tolist())) == 1:
            shown = cells[0] if isinstance(cells[0], str) else f"{float(cells[0]):g}"
            yield f"{factor.name} was {shown} in all {len(data)} experiments: what it does is not known, and no prediction at another value rests on data."


def _spans(factor: object) -> bool:
    low, high = getattr(factor, "bounds", (0.0, 1.0))
    return bool(high > low)


def _contradictory(state: CampaignState, data: Dataset) -> Iterator[str]:
    groups = data.groups()
    for goal in state.charter.goals:
        value = observed(goal, data)
        known = np.isfinite(value)
        own = [value[known & (groups == group)] for group in np.unique(groups[known])]
        repeats = [cells for cells in own if len(cells) > 1]
        freedom = sum(len(cells) - 1 for cells in repeats)
        if freedom < FEWEST or len(own) < 2:
            continue
        within = float(np.sqrt(sum(float(np.square(cells - cells.mean()).sum()) for cells in repeats) / freedom))
        between = float(np.std([cells.mean() for cells in own], ddof=1))
        if within > between:
            yield (
                f"Repeats of the same settings differ in {goal.readout} more (sd {within:.3g}) than different settings do (sd {between:.3g}): the noise hides what the factors do. "
                "Look for what was not the same, or repeat more."
            )


def _read(goal: Goal, data: Dataset) -> np.ndarray:
    value = observed(goal, data)
    return np.asarray(value[np.isfinite(value)])
