"""The conditions of a PEtab problem as a table of candidates."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from world_model.terms.errors import Mistake, NextwellError
from world_model.terms.factors import Factor

from .csv_table import CsvRow, CsvTable
from .draft import Draft

LABEL = "conditionId"  # the column of labels, for campaigns that ask for it


@dataclass(frozen=True)
class PetabCandidates:
    """`factors` are the problem's own, with their scales."""

    table: CsvTable
    factors: tuple[Factor, ...]


def is_petab(path: Path) -> bool:
    """True for a folder and for a YAML file: no table of candidates is either."""
    return path.is_dir() or path.suffix.lower() in (".yaml", ".yml")


def read_petab_candidates(draft: Draft, *, label: str | None, path: Path) -> PetabCandidates | None:
    """Those conditions that were read at every time of every measurement; None where the problem has mistakes (added to the draft's)."""
    from world_model.labs.petab import candidates_of

    try:
        problem, frame = candidates_of(path, draft.words("measurements"))
    except NextwellError as fault:
        from .complaints import take_apart

        said = take_apart(str(fault))
        draft.mistakes.append(Mistake(file=path.name, line=None, where="", expected=said.expected, found=said.found, mend=said.mend))
        return None
    named = label == LABEL
    header = ((LABEL,) if named else ()) + tuple(map(str, frame.columns))
    rows = tuple(
        CsvRow(line=i + 2, cells=(*((str(name),) if named else ()), *(repr(float(cell)) if isinstance(cell, float | int) else str(cell) for cell in row)))
        for i, (name, row) in enumerate(zip(frame.index, frame.itertuples(index=False, name=None), strict=True))
    )
    return PetabCandidates(table=CsvTable(name=path.name, header=header, rows=rows), factors=problem.space.factors)
