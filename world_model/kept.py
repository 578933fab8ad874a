"""Which experiments kept to what outcomes must keep to, as they were read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from .observed import observed
from .terms.outcome_constraint import OutcomeConstraint
from .terms.readings import Dataset
from .terms.space import Settings


def kept(constraints: Sequence[OutcomeConstraint], data: Dataset, *, controls: Mapping[str, Settings]) -> np.ndarray:
    """`n` flags: every constraint holds for the mean over equal settings. What was not read is not known to hold.

    A bound relative to a control is a share of the control's mean on the same plate, or of all its wells where that plate has none.

    Args:
        controls: name → settings of the campaign's controls.
    """
    groups, held = data.groups(), np.ones(len(data), dtype=bool)
    for constraint in constraints:
        read = observed(constraint, data) if len(data) else np.zeros(0)
        level = np.ones(len(data)) if constraint.relative_to is None else _levels(read, data, controls.get(constraint.relative_to, {}))
        for bound, sign in constraint.sides:
            beyond = sign * (read - bound * level)
            for group in np.unique(groups):
                rows = groups == group
                known = beyond[rows & np.isfinite(beyond)]
                held[rows] &= bool(len(known)) and float(known.mean()) <= 0
    return held


def _levels(read: np.ndarray, data: Dataset, settings: Settings) -> np.ndarray:
    """`n`: what the control gave on each row's plate, else on all plates; nan where it was never read."""
    same = np.isfinite(read) & np.array([role == "control" for role in data.roles], dtype=bool)
    for name, value in settings.items():
        column = data.settings.get(name)
        if column is not None:
            same &= (column == value) if isinstance(value, str) else np.isclose(column.astype(float), float(value), rtol=1e-6)
    overall = float(read[same].mean()) if same.any() else float("nan")
    by_block = {block: read[same & (np.array(data.blocks) == block)] for block in set(data.blocks)}
    return np.array([float(by_block[block].mean()) if len(by_block[block]) else overall for block in data.blocks])
