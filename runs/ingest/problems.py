"""What is wrong in a results file, cell by cell, and the refusal that carries it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from world_model.terms.errors import ResultsError


@dataclass(frozen=True)
class CellProblem:
    """One thing wrong. `row` is the 1-based line of the file, None where something is absent from it."""

    row: int | None
    column: str
    expected: str
    found: str
    mend: str = ""


class RefusedFile(ResultsError):
    """A results file of which nothing is taken; `.problems` names every cell."""

    def __init__(self, name: str, problems: Sequence[CellProblem]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        kinds = told(self.problems)
        lines = "\n".join(f"  {line}" for line in kinds)
        of = f" of {len(kinds)} kind{'s' if len(kinds) != 1 else ''}" if count > 1 else ""
        super().__init__(f"{name}: {count} problem{'s' if count != 1 else ''}{of}; nothing of the file is taken.\n{lines}")


def told(problems: Iterable[CellProblem]) -> list[str]:
    """One line for each kind of problem, with all the rows that it is found in."""

    def kind(problem: CellProblem) -> tuple[str, ...]:
        # what is absent has no row: there the columns (wells) are gathered instead
        return ("" if problem.row is None else problem.column, problem.expected, problem.found, problem.mend)

    order: dict[tuple[str, ...], int] = {}
    gathered = sorted(problems, key=lambda problem: order.setdefault(kind(problem), len(order)))
    lines = []
    for _, group in groupby(gathered, key=kind):
        same = list(group)
        columns = ", ".join(dict.fromkeys(problem.column for problem in same if problem.column))
        where = rows([problem.row for problem in same])
        place = ", ".join(part for part in (where, f"column {columns}" if where and columns else columns) if part)
        mend = f" {same[0].mend}" if same[0].mend else ""
        lines.append(f"{place + ': ' if place else ''}expected {same[0].expected}, found {same[0].found}.{mend}")
    return lines


def rows(numbers: Iterable[int | None]) -> str:
    """`[2, 3, 4, 9]` → `rows 2-4, 9`; empty where there is no row."""
    known = sorted({number for number in numbers if number is not None})
    if not known:
        return ""
    spans: list[tuple[int, int]] = []
    for number in known:
        if spans and number == spans[-1][1] + 1:
            spans[-1] = (spans[-1][0], number)
        else:
            spans.append((number, number))
    shown = ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in spans)
    return ("row " if len(known) == 1 else "rows ") + shown
