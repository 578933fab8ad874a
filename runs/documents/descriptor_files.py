"""Descriptors of categorical levels from a CSV: its first column holds the levels, every other column a number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from world_model.terms.errors import Mistake, nearest

from .csv_table import number, read_csv_table


@dataclass(frozen=True)
class DescriptorTable:
    """`values[level]` in the order of `names`."""

    names: tuple[str, ...]
    values: dict[str, tuple[float, ...]]


def read_descriptor_file(path: Path, *, name: str, levels: Sequence[str] | None, mistakes: list[Mistake]) -> DescriptorTable | None:
    """The descriptors of some levels; what is wrong with the file is added to `mistakes`.

    Args:
        levels: the levels that need descriptors; None takes those of the file.
    """
    before = len(mistakes)
    table = read_csv_table(path, name=name, mistakes=mistakes)
    if table is None:
        return None
    names = table.header[1:]
    if not names:
        mistakes.append(Mistake(file=name, line=1, where="", expected="a column of levels and at least one descriptor", found="one column"))
        return None
    values: dict[str, tuple[float, ...]] = {}
    wanted = None if levels is None else set(levels)
    for row in table.rows:
        level, cells = row.cells[0], row.cells[1:]
        if level in values:
            mistakes.append(Mistake(file=name, line=row.line, where=table.header[0], expected="each level once", found=f"{level!r} again"))
        if wanted is not None and level not in wanted:
            continue
        numbers = [number(cell) for cell in cells]
        for descriptor, cell, value in zip(names, cells, numbers, strict=True):
            if value is None:
                mistakes.append(
                    Mistake(file=name, line=row.line, where=descriptor, expected=f"a number for level {level!r}", found=repr(cell) if cell else "an empty cell",
                            mend="Fill it in, or leave the descriptor out of the file.")
                )  # fmt: skip
        values[level] = tuple(value if value is not None else 0.0 for value in numbers)
    for level in levels or ():
        if level not in values:
            known = [row.cells[0] for row in table.rows]
            mistakes.append(Mistake(file=name, line=None, where=table.header[0], expected=f"a row for level {level!r}", found="none", mend=nearest(level, known)))
    return DescriptorTable(names=names, values=values) if len(mistakes) == before else None
