"""A table of candidates: its factor columns as a search space, every bad cell with its line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from world_model.terms.campaign_doc import CandidateFile
from world_model.terms.errors import Mistake, SpaceError, nearest
from world_model.terms.factors import Categorical
from world_model.terms.space import SearchSpace

from .csv_table import CsvTable, number, read_csv_table
from .descriptor_files import read_descriptor_file
from .draft import Draft
from .petab_candidates import is_petab, read_petab_candidates

if TYPE_CHECKING:
    import pandas as pd

# below this share of text, text in a column of numbers is a slip of the pen and no level's name
SLIP_SHARE = 0.1


@dataclass(frozen=True)
class CandidateTable:
    """`frame` holds every column of the file, indexed by candidate label; `space` its factor columns."""

    frame: pd.DataFrame
    space: SearchSpace


def read_candidate_file(draft: Draft, candidates: CandidateFile, *, path: Path) -> CandidateTable | None:
    """The table of a campaign, or None where it has mistakes (added to the draft's)."""
    before = len(draft.mistakes)
    petab = read_petab_candidates(draft, label=candidates.label, path=path) if is_petab(path) else None
    if petab is None and is_petab(path):
        return None
    if petab is not None:
        table: CsvTable | None = petab.table
    else:
        table = _as_csv(path, draft.mistakes) if path.suffix.lower() == ".parquet" else read_csv_table(path, mistakes=draft.mistakes)
    if table is None:
        return None
    columns = _factor_columns(draft, candidates, table)
    if len(draft.mistakes) > before:
        return None
    _refuse_cells(draft, candidates, table, columns)
    frame = _frame(draft, candidates, table, columns)
    descriptors = _descriptors(draft, candidates, table, columns, base=draft.file.path.parent)
    if len(draft.mistakes) > before:
        return None
    declared = list(draft.words("factors"))
    own = () if petab is None else tuple(one for one in petab.factors if one.name in columns and one.name not in {other.name for other in declared})
    try:
        space = SearchSpace.from_table(frame[columns], descriptors=descriptors, factors=[*declared, *own])
    except SpaceError as fault:
        draft.mistakes.append(_of_table(table, None, "", "a table of candidates", str(fault)))
        return None
    return CandidateTable(frame=frame, space=space)


def _factor_columns(draft: Draft, candidates: CandidateFile, table: CsvTable) -> list[str]:
    """The columns that are factors, after a look at every name that the campaign gives."""
    if candidates.label is not None and candidates.label not in table.header:
        draft.mistake(("candidates", "label"), expected=f"a column of {table.name}", found=repr(candidates.label), mend=nearest(candidates.label, table.header))
    for i, column in enumerate(candidates.columns):
        if column not in table.header:
            draft.mistake(("candidates", "columns", i), expected=f"a column of {table.name}", found=repr(column), mend=nearest(column, table.header))
    aside = {candidates.label, *draft.names("measurements"), ""}
    columns = list(candidates.columns) or [title for title in table.header if title not in aside]
    if not columns:
        draft.mistake(("candidates",), expected=f"a factor column in {table.name}", found="labels and measurements only")
    for part in draft.of("factors"):
        if part.name is not None and part.name not in columns:
            draft.mistake((*part.path, "name"), expected=f"a factor column of {table.name}", found=repr(part.name), mend=nearest(part.name, columns))
    for factor in candidates.descriptors:
        if factor not in columns:
            draft.mistake(("candidates", "descriptors", factor), expected=f"a factor column of {table.name}", found=repr(factor), mend=nearest(factor, columns))
    return columns


def _refuse_cells(draft: Draft, candidates: CandidateFile, table: CsvTable, columns: Sequence[str]) -> None:
    """Missing cells, cells that the declared factors refuse, labels twice and rows twice."""
    declared = {factor.name: factor for factor in draft.words("factors")}
    for column in columns:
        cells = table.column(column)
        told = column in candidates.descriptors or isinstance(declared.get(column), Categorical)
        numeric = not told and _is_numeric(cells)
        for row, cell in zip(table.rows, cells, strict=True):
            if not cell:
                draft.mistakes.append(_of_table(table, row.line, column, "a value in every cell", "an empty cell", "Fill it in or leave the row out."))
            elif column in declared and (numeric or told):
                value = cell if told else number(cell)
                reason = declared[column].reason_against(value)
                if value is not None and reason is not None:
                    draft.mistakes.append(_of_table(table, row.line, column, *_split(reason)))
            if numeric and cell and number(cell) is None:
                mend = "Correct it; where it is a level's name, declare the column under [[factors]] with kind = 'categorical'."
                draft.mistakes.append(_of_table(table, row.line, column, "a number, as in the column's other rows", repr(cell), mend))
    if candidates.label is not None:
        _refuse_repeats(draft, table, [candidates.label], candidates.label, "each row's label once", "Labels tell candidates apart.")
    _refuse_repeats(draft, table, columns, "", "each candidate once", "Drop the repeat; replicates are asked for in [batch].")


def _refuse_repeats(draft: Draft, table: CsvTable, columns: Sequence[str], where: str, expected: str, mend: str) -> None:
    seen: dict[tuple[object, ...], int] = {}
    for row, cells in zip(table.rows, zip(*(table.column(column) for column in columns), strict=True), strict=True):
        # 0.1 and 0.10 are one value
        key = tuple(cell if number(cell) is None else number(cell) for cell in cells)
        if key in seen:
            draft.mistakes.append(_of_table(table, row.line, where, expected, f"the same as on line {seen[key]}", mend))
        seen.setdefault(key, row.line)


def _frame(draft: Draft, candidates: CandidateFile, table: CsvTable, columns: Sequence[str]) -> pd.DataFrame:
    import pandas as pd

    told = {factor.name for factor in draft.words("factors") if isinstance(factor, Categorical)} | set(candidates.descriptors)
    data: dict[str, list[Any]] = {}
    for title in table.header:
        cells = table.column(title)
        if title and title not in told and title != candidates.label and _is_numeric(cells):
            data[title] = [number(cell) for cell in cells]
        else:
            data[title] = list(cells)
    index = None if candidates.label is None else _labels(table.column(candidates.label))
    return pd.DataFrame(data, index=index)


def _labels(cells: Sequence[str]) -> list[int | str]:
    """Whole numbers where every label is one, else text."""
    whole = all(cell.isascii() and cell.isdigit() and (cell == "0" or not cell.startswith("0")) for cell in cells)
    return [int(cell) for cell in cells] if whole else list(cells)


def _is_numeric(cells: Sequence[str]) -> bool:
    filled = [cell for cell in cells if cell]
    text = sum(number(cell) is None for cell in filled)
    return bool(filled) and text <= SLIP_SHARE * len(filled)


def _descriptors(
    draft: Draft, candidates: CandidateFile, table: CsvTable, columns: Sequence[str], *, base: Path
) -> Mapping[str, pd.DataFrame]:
    import pandas as pd

    frames = {}
    for factor, file in candidates.descriptors.items():
        levels = sorted({cell for cell in table.column(factor) if cell})
        told = read_descriptor_file(base / file, name=file, levels=levels, mistakes=draft.mistakes)
        if told is not None:
            frames[factor] = pd.DataFrame.from_dict(told.values, orient="index", columns=list(told.names))
    return frames


def _as_csv(path: Path, mistakes: list[Mistake]) -> CsvTable | None:
    """A Parquet table in the same form; row r stands on line r + 2, as it would in a CSV."""
    import pandas as pd

    from .csv_table import CsvRow

    try:
        frame = pd.read_parquet(path)
    except Exception as fault:  # pyarrow raises its own kinds for a file that is absent, cut or of another format
        mistakes.append(Mistake(file=path.name, line=None, where="", expected="a Parquet table", found=str(fault).split("\n")[0]))
        return None
    text = frame.map(lambda cell: "" if pd.isna(cell) else repr(float(cell)) if isinstance(cell, float) else str(cell))
    rows = tuple(CsvRow(line=i + 2, cells=tuple(cells)) for i, cells in enumerate(text.itertuples(index=False, name=None)))
    return CsvTable(name=path.name, header=tuple(map(str, frame.columns)), rows=rows)


def _split(reason: str) -> tuple[str, str, str]:
    from .complaints import take_apart

    said = take_apart(reason)
    return said.expected, said.found, said.mend


def _of_table(table: CsvTable, line: int | None, where: str, expected: str, found: str, mend: str = "") -> Mistake:
    return Mistake(file=table.name, line=line, where=where, expected=expected, found=found, mend=mend)
