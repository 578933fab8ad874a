"""Emitted files with one thing swapped for another: each must be found by whoever reads the file back."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from protocols.command_walk import read_tables, with_moves
from protocols.emitters.opentrons import COLUMNS

_AT = {name: i for i, name in enumerate(COLUMNS)}


@dataclass(frozen=True)
class Swapped:
    """What was swapped, and the file that came of it."""

    kind: str
    text: str


def swaps(text: str, *, suffix: str, chance: random.Random) -> Iterator[Swapped]:
    """Two stocks, two wells, two volumes, two rows: of an Opentrons file, a worklist, a pick list or a table."""
    if suffix == ".py":
        yield from _opentrons(text, chance) if "requirements" in text else ()
    elif suffix == ".gwl":
        yield from _worklist(text, chance)
    else:
        yield from _table(text, chance)


def _opentrons(text: str, chance: random.Random) -> Iterator[Swapped]:
    rows = [list(row) for row in read_tables(text)["MOVES"]]
    for kind, columns in (("two stocks", ("source_slot", "source_well")), ("two wells", ("target_slot", "well")), ("two volumes", ("volume",))):
        found = _pair(rows, [_AT[name] for name in columns], chance)
        if found is not None:
            yield Swapped(kind, with_moves(text, found))
    # the parts of one split transfer differ in a hair of the height at which they are drawn, and in nothing else
    same = [[cell for i, cell in enumerate(row) if i != _AT["source_mm"]] for row in rows]
    different = [(i, j) for i in range(len(rows)) for j in range(i) if same[i] != same[j]]
    if different:
        i, j = chance.choice(different)
        rows[i], rows[j] = rows[j], rows[i]
        yield Swapped("two rows", with_moves(text, rows))


def _pair(rows: Sequence[list[Any]], columns: Sequence[int], chance: random.Random) -> list[list[Any]] | None:
    """Rows with the columns of two of them exchanged; None where all are alike there."""
    keys = [tuple(row[i] for i in columns) for row in rows]
    if len(set(keys)) < 2:
        return None
    one = chance.randrange(len(rows))
    other = chance.choice([i for i, key in enumerate(keys) if key != keys[one]])
    changed = [list(row) for row in rows]
    for i in columns:
        changed[one][i], changed[other][i] = rows[other][i], rows[one][i]
    return changed


def _worklist(text: str, chance: random.Random) -> Iterator[Swapped]:
    """Pairs of an aspirate and the dispense that follows it."""
    lines = text.splitlines()
    fields = [line.split(";") for line in lines]
    # strokes that mix a well leave it as it is, whatever their volume
    pairs = [(i, i + 1) for i in range(len(lines) - 1) if fields[i][0] == "A" and fields[i + 1][0] == "D" and fields[i][1:5] != fields[i + 1][1:5]]
    # what differs in source and in target: then an exchange changes what wells hold, whatever else happens
    for kind, side, columns in (("two stocks", 0, (1, 3, 4)), ("two wells", 1, (1, 3, 4)), ("two volumes", None, (6,))):
        able = [(p, q) for p in pairs for q in pairs if p < q and _differ(fields, p, q, sides=(0, 1) if side is not None else (), volume=side is None)]
        if not able:
            continue
        one, other = chance.choice(able)
        changed = [list(field) for field in fields]
        for which in (0, 1) if side is None else (side,):
            for column in columns:
                changed[one[which]][column], changed[other[which]][column] = fields[other[which]][column], fields[one[which]][column]
        yield Swapped(kind, "\n".join(";".join(field) for field in changed) + "\n")


def _differ(fields: Sequence[Sequence[str]], one: tuple[int, int], other: tuple[int, int], *, sides: Sequence[int], volume: bool) -> bool:
    places = all(fields[one[side]][1:5] != fields[other[side]][1:5] for side in sides)
    return places and (not volume or (fields[one[0]][6] != fields[other[0]][6] and fields[one[1]][1:5] != fields[other[1]][1:5]))


def _table(text: str, chance: random.Random) -> Iterator[Swapped]:
    rows = list(csv.reader(io.StringIO(text)))
    head, body = rows[0], rows[1:]
    names = [name.lower() for name in head]
    source = [i for i, name in enumerate(names) if name in ("source plate name", "source well", "source_plate", "source_well", "from", "from_well", "liquid", "reagent", "sample name")]
    target = [i for i, name in enumerate(names) if name in ("destination plate name", "destination well", "dest_plate", "dest_well", "to", "to_well")]
    volume = [i for i, name in enumerate(names) if "volume" in name]
    do = names.index("do") if "do" in names else None
    moving = [i for i, row in enumerate(body) if do is None or row[do] == "transfer"]
    for kind, columns in (("two stocks", source), ("two wells", target), ("two volumes", volume)):
        able = [
            (i, j) for i in moving for j in moving
            if i < j and all(any(body[i][c] != body[j][c] for c in side) for side in ((source, target) if columns is not volume else (volume, target)))
        ]  # fmt: skip
        if not able:
            continue
        one, other = chance.choice(able)
        changed = [list(row) for row in body]
        for column in columns:
            changed[one][column], changed[other][column] = body[other][column], body[one][column]
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows([head, *changed])
        yield Swapped(kind, out.getvalue())
