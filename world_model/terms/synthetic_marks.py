"""The marks by which synthetic rows are known, so that they never enter a journal as readings."""

from __future__ import annotations

from collections.abc import Iterable

from world_model.terms.errors import ResultsError

COLUMN = "synthetic_from"  # the column that says which model made a row
ID_PREFIX = "synthetic-"


def refuse_synthetic(name: str, *, columns: Iterable[object], ids: Iterable[object] = ()) -> None:
    """Refuse a table that a model made.

    Raises:
        ResultsError: a column or an experiment id carries the mark.
    """
    marked = any(str(column).strip().lower() == COLUMN for column in columns)
    id = next((id for id in ids if str(id).strip().lower().startswith(ID_PREFIX)), None)
    if marked or id is not None:
        found = f"the column {COLUMN!r}" if marked else f"the experiment {id!r}"
        raise ResultsError(
            f"{name}: expected readings of experiments, found {found}: these rows were made by a model (`nextwell synthesize`) and are no "
            f"measurements. Nothing is taken. Record what the instrument wrote."
        )
