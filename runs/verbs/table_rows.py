"""Finding rows of a table of candidates by label or by settings, without going through the table more than once."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from world_model.terms.factors import Categorical
from world_model.terms.space import SearchSpace


def candidate_of(space: SearchSpace, settings: Mapping[str, float | str]) -> int | str | None:
    """The label of the row with exactly these settings; None where there is none."""
    assert space.candidates is not None
    same = np.ones(len(space.candidates), dtype=bool)
    for factor in space.factors:
        cells, value = space.candidates.columns[factor.name], settings[factor.name]
        if isinstance(factor, Categorical):
            same &= cells == factor.levels.index(str(value))
        else:
            same &= np.isclose(cells, float(value), rtol=1e-9, atol=1e-12)
    where = np.flatnonzero(same)
    return plain_label(space.candidates.labels[where[0]]) if len(where) else None


def plain_label(label: object) -> int | str:
    """A row's label as the journal keeps it: a whole number or text."""
    return int(label) if isinstance(label, int | np.integer) and not isinstance(label, bool) else str(label)
