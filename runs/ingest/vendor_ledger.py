"""Every cell of a vendor's file against what its parser gave out: no number from nowhere, no cell that vanishes unsaid."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .cells import ABOVE_MARKS, BELOW_MARKS, UnreadableCell, read_number
from .entries import Entries, Entry, UnreadCell
from .problems import CellProblem

if TYPE_CHECKING:
    from .vendors import Content

_PLACE = re.compile(r"[A-Z]{1,2}\d{0,2}|\d{1,2}")


@dataclass(frozen=True)
class _RawCell:
    line: int
    column: int
    text: str


def account(entries: Entries, content: Content, document: Mapping[str, Any]) -> None:
    """Check readings against the file's cells, number by number, and list the cells that nothing came of.

    A reading whose number the file does not hold (as often as it was given out) is a problem. A cell counts as consumed when its number
    is a reading, or its text or number stands somewhere in the parser's document, or it is a well's, row's or column's name.
    """
    if not content.sheets and not content.text:
        entries.notes.append("The file is binary: its cells could not be held against what the parser gave out.")
        return
    cells = list(_cells(content))
    held: Counter[str] = Counter()
    for cell in cells:
        if (value := _value(cell.text)) is not None:
            held[_key(value)] += 1
    entries.found = [_as_written(entry, entries, held) for entry in entries.found]
    given: Counter[str] = Counter()
    lacking: dict[str, list[str]] = {}
    for entry in entries.found:
        value = _value(entry.text)
        if value is None:
            continue
        key = _key(value)
        given[key] += 1
        if given[key] > held[key]:
            lacking.setdefault(entry.measurement, []).append(f"{entry.well or entry.experiment} = {entry.text}")
    for label, what in lacking.items():
        entries.problems.append(
            CellProblem(None, label, "numbers that stand in the file", f"{len(what)} that do not ({', '.join(what[:4])}{' …' if len(what) > 4 else ''})", "The parser may have misread the file: use a plain table instead.")
        )  # fmt: skip
    texts, numbers = _leaves(document)
    # one place of each reading, by its number: what a person looks for in the file
    where: dict[str, list[_RawCell]] = {}
    for cell in cells:
        if (value := _value(cell.text)) is not None:
            where.setdefault(_key(value), []).append(cell)
    used: set[tuple[int, int]] = set()
    placed = []
    for entry in entries.found:
        value = _value(entry.text)
        at = where.get(_key(value), []) if value is not None else []
        if at:
            cell = at.pop(0)
            used.add((cell.line, cell.column))
            placed.append(replace(entry, row=cell.line))
        else:
            placed.append(entry)
    entries.found = placed
    marks = 0
    mark_count = Counter(entry.text.strip().upper() for entry in entries.found if _value(entry.text) is None)
    for cell in cells:
        if (cell.line, cell.column) in used or _PLACE.fullmatch(cell.text) or cell.text in texts:
            continue
        value = _value(cell.text)
        if value is not None and _key(value) in numbers:
            continue
        upper = cell.text.upper()
        if mark_count[upper] > 0:
            mark_count[upper] -= 1
            continue
        is_mark = upper in ABOVE_MARKS or upper in BELOW_MARKS or bool(re.fullmatch(r"\*{3,}|[<>]\s*[\d.,]+", upper))
        marks += is_mark
        entries.unread.append(UnreadCell(cell.line, str(cell.column), cell.text[:200], "a mark of which no reading came" if is_mark else "the vendor's parser gave nothing out for it"))
    if marks:
        entries.notes.append(f"{marks} cells hold marks such as OVRFLW of which no reading came: see the unread cells.")


def _as_written(entry: Entry, entries: Entries, held: Mapping[str, int]) -> Entry:
    """A peak as its program wrote it: the parser turns minutes into seconds (× 60) and microvolts into millivolts (/ 1000)."""
    value = _value(entry.text)
    if value is None or not entries.channels[entry.measurement].kind.startswith("peak") or held.get(_key(value)):
        return entry
    unit = (entry.unit or "").removesuffix(".s")
    if held.get(_key(value / 60)):
        return replace(entry, text=repr(value / 60), unit=f"{unit}*min" if unit else None)
    if held.get(_key(value * 1000)):
        note = f"{entry.measurement}: as the program wrote it; its unit is not told."
        if note not in entries.notes:
            entries.notes.append(note)
        return replace(entry, text=repr(value * 1000), unit=None)
    return entry


def _cells(content: Content) -> Iterator[_RawCell]:
    if content.sheets:
        for sheet in content.sheets:
            for row in sheet.rows:
                yield from (_RawCell(row.line, i + 1, cell) for i, cell in enumerate(row.cells) if cell)
        return
    separator = "\t" if content.text.count("\t") >= content.text.count(",") else ","
    if content.text.lstrip().startswith("{"):
        for line, text in enumerate(content.text.splitlines(), start=1):
            yield from (_RawCell(line, i + 1, cell.strip()) for i, cell in enumerate(re.split(r"[,:\[\]{}\"]+", text)) if cell.strip())
        return
    for line, text in enumerate(content.text.splitlines(), start=1):
        for i, cell in enumerate(text.split(separator)):
            if cleaned := cell.strip().strip('"').strip():
                yield _RawCell(line, i + 1, cleaned)


def _value(text: str) -> float | None:
    try:
        # 0,25 is a quarter wherever the comma did not part the cells
        value = read_number(text, decimal_comma=True)
    except UnreadableCell:
        return None
    return None if value == 0 and math.copysign(1, value) < 0 else value


def _key(value: float) -> str:
    # ten digits: more than any instrument resolves, less than what float32 and back adds
    return f"{value + 0.0:.10g}"


def _leaves(document: Mapping[str, Any]) -> tuple[set[str], set[str]]:
    """Texts and numbers of the whole document, computed results apart."""
    texts: set[str] = set()
    numbers: set[str] = set()
    waiting: list[Any] = [document]
    while waiting:
        match waiting.pop():
            case Mapping() as mapping:
                texts.update(str(key) for key in mapping)
                waiting += [value for key, value in mapping.items() if key != "calculated data aggregate document"]
            case list() as items:
                waiting += items
            case bool():
                pass
            case int() | float() as number:
                numbers.add(_key(float(number)))
            case str() as text:
                texts.add(text.strip())
    return texts, numbers
