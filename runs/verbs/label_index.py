"""Candidate labels → rows of the table. Built once: a million labels cost a fraction of a second."""

from __future__ import annotations

import numpy as np
import pandas as pd

from world_model.terms.errors import ResultsError, nearest
from world_model.terms.space import SearchSpace


class LabelIndex:
    """Finds rows by label; a label read from a file as text finds its number too.

    Raises:
        ResultsError: the space is no table of candidates.
    """

    def __init__(self, space: SearchSpace) -> None:
        if space.candidates is None:
            raise ResultsError("Expected a table of candidates behind the column `candidate`, found a product space. Name rows by their factors.")
        self._index = pd.Index(space.candidates.labels)
        self._numbers = self._index.dtype.kind in "iu"

    def row(self, label: object) -> int:
        """The position of a label.

        Raises:
            ResultsError: no such label.
        """
        found = self._index.get_indexer(pd.Index([self._as_label(label)]))
        if found[0] < 0:
            raise ResultsError(f"Expected the label of a candidate, found {label!r}. {nearest(str(label), map(str, self._index[:1000]))}")
        return int(found[0])

    def _as_label(self, label: object) -> object:
        if not self._numbers:
            return str(label) if not isinstance(label, str) and self._index.dtype == object and isinstance(self._index[0], str) else label
        try:
            number = float(label)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            return -1
        return int(number) if number == int(number) and not isinstance(label, bool | np.bool_) else -1
