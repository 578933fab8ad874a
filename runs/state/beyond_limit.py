"""Experiments that the reader could not follow on a goal's good side: their numbers are missing, and they may be the best of all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from world_model.terms.functionals import IN_HOURS
from world_model.terms.goals import Goal
from world_model.terms.readings import FLAGS, Dataset

from .readout import read_out

MOST_SHOWN = 8


@dataclass(frozen=True, kw_only=True)
class BeyondLimit:
    """Candidates and repeats whose readout of one goal hangs on a reading beyond the limit, in the data set's order."""

    goal: Goal
    side: Literal["above", "below"]
    experiment_ids: tuple[str, ...]

    def __str__(self) -> str:
        ids = self.experiment_ids
        shown = f"{', '.join(ids[:MOST_SHOWN])}{' …' if len(ids) > MOST_SHOWN else ''}"
        one = len(ids) == 1
        mend = "Dilute or lower the gain, and read again" if self.side == "above" else "Raise the gain or the amount, and read again"
        return (
            f"{self.goal}: {shown} {'lies' if one else 'lie'} {self.side} the reader's limit and may be better than the best told. "
            f"{mend}, then record {'it' if one else 'them'} with --correct."
        )


def beyond_limit(goal: Goal, data: Dataset) -> BeyondLimit | None:
    """Those whose readout would be better if what lay beyond the limit were better than everything read; None where there are none.

    Above the limit counts where a goal is maximised, below it where it is minimised, and where a target lies there. Hours that are read
    out of a curve hang on no single reading: of these nothing is told. A mark at an hour that the readout does not
    use hides nothing.
    """
    y = data.variables.index(goal.readout)
    side = _side(goal, data.values[:, :, y])
    if side is None:
        return None
    hidden = data.flags[:, :, y] == FLAGS.index(f"{side} limit")
    if not hidden.any():
        return None
    values = data.values[:, :, y]
    known = values[np.isfinite(values) & ~hidden]
    beyond = (known.max() + 1.0 if side == "above" else known.min() - 1.0) if len(known) else (1.0 if side == "above" else -1.0)
    if goal.direction not in ("max", "min"):
        beyond = goal.target if goal.target is not None else 0.5 * (goal.low + goal.high)  # type: ignore[operator]
    as_read = read_out(goal, values, data.times_h)
    at_best = read_out(goal, np.where(hidden, beyond, values), data.times_h)
    # an exact comparison: a readout that uses no filled reading is the same sum of the same numbers
    better = hidden.any(axis=1) & np.isfinite(at_best) & ~(goal.score(at_best) <= goal.score(as_read))
    ids = tuple(id for id, role, is_better in zip(data.ids, data.roles, better, strict=True) if is_better and role in ("candidate", "replicate"))
    return BeyondLimit(goal=goal, side=side, experiment_ids=ids) if ids else None


def _side(goal: Goal, values: np.ndarray) -> Literal["above", "below"] | None:
    """On which side of the reader's range something better may lie."""
    if goal.take in IN_HOURS:
        return None
    if goal.direction in ("max", "min"):
        return "above" if goal.direction == "max" else "below"
    wanted = goal.target if goal.direction == "match" else goal.low if goal.direction == "range" else None
    known = values[np.isfinite(values)]
    if wanted is None or not len(known) or known.min() <= wanted <= known.max():
        return None
    return "above" if wanted > known.max() else "below"
