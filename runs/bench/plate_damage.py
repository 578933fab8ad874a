"""Damage done to good results files: each kind a function of a file and a chance, to bytes; None where it does not fit the file.

Kinds of three sorts. `DESTROYED` takes information away or makes it wrong in a way that the file, the plan or the plate contradicts: such a file
must be refused. `HARMLESS` changes how the same readings are written: they must come out the same, or be refused, never differ. `UNDETECTABLE`
changes readings to others that are as possible: nothing in the file contradicts them, and the bench says how often they are taken.
"""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace

from .plate_files import OD, WRITERS, Grid, PlateFile, encoded, text_bytes, workbook_bytes

Damage = Callable[[PlateFile, random.Random], bytes | None]


def _written(file: PlateFile, grid: Grid) -> bytes:
    return encoded(replace(file, grid=grid))


def _copied(file: PlateFile) -> Grid:
    return deepcopy(file.grid)


def _text_only(file: PlateFile) -> bool:
    return file.container == "text"


def _a_value(file: PlateFile, chance: random.Random, measurement: str | None = None) -> tuple[int, int]:
    return chance.choice([at for at, place in file.grid.values.items() if measurement in (None, place[2])])


def missing_row(file: PlateFile, chance: random.Random) -> bytes | None:
    grid = _copied(file)
    del grid.cells[_a_value(file, chance)[0]]
    return _written(file, grid)


def missing_column(file: PlateFile, chance: random.Random) -> bytes | None:
    grid = _copied(file)
    column = _a_value(file, chance)[1]
    # the column goes where the table is: lines above may be shorter
    for cells in grid.cells:
        if len(cells) > column:
            del cells[column]
    return _written(file, grid)


def cut_off(file: PlateFile, chance: random.Random) -> bytes | None:
    data = encoded(file)
    if file.container == "xlsx":
        return data[: chance.randint(4, len(data) - 30)]
    # a cut inside the last number only shortens it: that is an undetectable kind of its own
    rows = sorted({row for row, _ in file.grid.values})
    last = text_bytes(replace(file.grid, cells=file.grid.cells[: rows[-1]]))
    return data[: chance.randint(1, len(last))]


def well_twice(file: PlateFile, chance: random.Random) -> bytes | None:
    """A row is there twice, the second time with another number."""
    grid = _copied(file)
    row, column = _a_value(file, chance)
    again = list(grid.cells[row])
    again[column] = f"{float(again[column]) * 1.1:.4f}"
    grid.cells.insert(chance.randint(row + 1, max(row for row, _ in grid.values) + 1), again)
    return _written(file, grid)


def label_twice(file: PlateFile, chance: random.Random) -> bytes | None:
    """One well carries another one's name."""
    if not file.grid.wells:
        return None
    grid = _copied(file)
    one, two = chance.sample(list(dict.fromkeys(grid.wells.values())), 2)
    at = chance.choice([place for place, well in grid.wells.items() if well == one])
    grid.cells[at[0]][at[1]] = two
    return _written(file, grid)


def rows_out_of_order(file: PlateFile, chance: random.Random) -> bytes | None:
    """Two lettered rows of a block change places."""
    if file.grid.wells:
        return None
    grid = _copied(file)
    rows = sorted({row for row, _ in grid.values})
    if len(rows) < 2:
        return None
    i = chance.randrange(len(rows) - 1)
    one, two = rows[i], rows[i + 1]
    grid.cells[one], grid.cells[two] = grid.cells[two], grid.cells[one]
    return _written(file, grid)


def comma_among_points(file: PlateFile, chance: random.Random) -> bytes | None:
    grid = _copied(file)
    places = [at for at in grid.values if "." in grid.cells[at[0]][at[1]]]
    row, column = chance.choice(places)
    grid.cells[row][column] = grid.cells[row][column].replace(".", ",")
    if file.container == "text" and grid.separator == ",":
        # as a program writes it that does not quote
        return text_bytes(grid).replace(f'"{grid.cells[row][column]}"'.encode(), grid.cells[row][column].encode())
    return _written(file, grid)


def shifted_block(file: PlateFile, chance: random.Random) -> bytes | None:
    """All values move one well to the right; what falls off the end is gone."""
    grid = _copied(file)
    if grid.wells:
        moved = {}
        for at, well in grid.wells.items():
            letter, number = well[0], int(well[1:])
            moved[at] = f"{letter}{number + 1}"
        if any(int(well[1:]) > 12 for well in moved.values()):
            return None
        for (row, column), well in moved.items():
            grid.cells[row][column] = well
        return _written(file, grid)
    for row in sorted({row for row, _ in grid.values}):
        cells = grid.cells[row]
        cells[1:13] = ["", *cells[1:12]]
    return _written(file, grid)


def wrong_plate(file: PlateFile, chance: random.Random) -> bytes | None:
    grid = _copied(file)
    for row, column in grid.plates:
        grid.cells[row][column] = grid.cells[row][column].replace(next(iter(file.plan.plates)), "growth-R77-P3")
    return _written(file, grid)


def other_plate_format(file: PlateFile, chance: random.Random) -> bytes | None:
    """Written for 384 wells: names beyond H12, or 24 column numbers above 16 rows."""
    grid = _copied(file)
    if grid.wells:
        for (row, column), well in grid.wells.items():
            grid.cells[row][column] = f"{chr(ord(well[0]) + 8)}{int(well[1:]) + 12}"
        return _written(file, grid)
    made: list[list[str]] = []
    for cells in grid.cells:
        if cells[1:3] == ["1", "2"]:
            cells = [cells[0], *(str(i + 1) for i in range(24)), *cells[13:]]
        elif cells and len(cells[0]) == 1 and cells[0].isalpha() and len(cells) >= 13:
            cells = [*cells[:13], *([""] * 12), *cells[13:]]
        made.append(cells)
        if cells and cells[0] == "H":
            made += [[letter, *([""] * 24)] for letter in "IJKLMNOP"]
    grid.cells = made
    return _written(file, grid)


def unit_changed(file: PlateFile, chance: random.Random) -> bytes | None:
    """Another unit stands there; in an instrument's file, another wavelength."""
    if not file.grid.units:
        return None
    grid = _copied(file)
    row, column = chance.choice(grid.units)
    text = grid.cells[row][column]
    for old, new in (("OD600", "mM"), ("RFU", "AU"), ("600", "450")):
        if old in text:
            # `OD600 [OD600]`: the unit is the last
            head, _, tail = text.rpartition(old)
            grid.cells[row][column] = head + new + tail
            break
    return _written(file, grid)


def text_for_a_number(file: PlateFile, chance: random.Random) -> bytes | None:
    grid = _copied(file)
    row, column = _a_value(file, chance)
    grid.cells[row][column] = chance.choice(["NaN", "nan", "#N/A", "#DIV/0!", "inf", "1e999", "abc", "-", "?", "0.1.2", "0x1F", "1 234", "TRUE"])
    return _written(file, grid)


def emptied_cell(file: PlateFile, chance: random.Random) -> bytes | None:
    grid = _copied(file)
    row, column = _a_value(file, chance)
    grid.cells[row][column] = ""
    return _written(file, grid)


def merged_lines(file: PlateFile, chance: random.Random) -> bytes | None:
    """Two lines become one."""
    grid = _copied(file)
    row = _a_value(file, chance)[0]
    if row + 1 >= len(grid.cells):
        row -= 1
    grid.cells[row : row + 2] = [[*grid.cells[row][:-1], f"{grid.cells[row][-1]}{grid.cells[row + 1][0] if grid.cells[row + 1] else ''}", *grid.cells[row + 1][1:]]]
    return _written(file, grid)


def header_lost(file: PlateFile, chance: random.Random) -> bytes | None:
    grid = _copied(file)
    del grid.cells[grid.head]
    return _written(file, grid)


def time_twice(file: PlateFile, chance: random.Random) -> bytes | None:
    """One time is replaced by another one of the file."""
    grid = _copied(file)
    known = sorted({grid.cells[r][c] for r, c in grid.times if grid.cells[r][c]})
    if len(known) < 2:
        return None
    row, column = chance.choice(grid.times)
    grid.cells[row][column] = chance.choice([text for text in known if text != grid.cells[row][column]])
    return _written(file, grid)


def times_in_another_unit(file: PlateFile, chance: random.Random) -> bytes | None:
    """The numbers are in another unit than the title says, and every time with them."""
    grid = _copied(file)
    if not any(grid.cells[r][c] not in ("", "0") for r, c in grid.times):
        return None
    for row, column in grid.times:
        if grid.cells[row][column]:
            grid.cells[row][column] = f"{60 * float(grid.cells[row][column]):g}"
    return _written(file, grid)


def times_out_of_order(file: PlateFile, chance: random.Random) -> bytes | None:
    """The column of times was sorted downwards without its readings."""
    grid = _copied(file)
    texts = [grid.cells[r][c] for r, c in grid.times]
    if len(set(texts)) < 2 or file.dialect not in ("wells in columns", "Tecan kinetic"):
        return None
    blocks: dict[int, list[tuple[int, int]]] = {}
    heads = sorted(row for row, cells in enumerate(grid.cells) if cells and cells[0] == "Time [min]")
    for at in grid.times:
        blocks.setdefault(max((head for head in heads if head < at[0]), default=0), []).append(at)
    for places in blocks.values():
        turned = [grid.cells[r][c] for r, c in reversed(places)]
        for (row, column), text in zip(places, turned, strict=True):
            grid.cells[row][column] = text
    return _written(file, grid)


def impossible_negative(file: PlateFile, chance: random.Random) -> bytes | None:
    grid = _copied(file)
    row, column = _a_value(file, chance, OD)
    grid.cells[row][column] = f"-{chance.uniform(0.5, 5):.3f}"
    return _written(file, grid)


def times_a_thousand(file: PlateFile, chance: random.Random) -> bytes | None:
    """Every absorbance in thousandths, the unit as before."""
    grid = _copied(file)
    for (row, column), place in grid.values.items():
        if place[2] == OD:
            grid.cells[row][column] = f"{float(grid.cells[row][column]) * 1000:.1f}"
    return _written(file, grid)


def title_renamed(file: PlateFile, chance: random.Random) -> bytes | None:
    """One title that the dialect needs is called something else."""
    grid = _copied(file)
    cells = grid.cells[grid.head]
    wanted = [i for i, title in enumerate(cells) if title in ("well", "value", "measurement", "plate", "time_h") or title.startswith((OD, "GFP")) or title in grid.wells.values() or title.isdigit()]
    if not wanted:
        return None
    # an end point needs no time; a plan of one plate needs no plate's name
    useful = [i for i in wanted if cells[i] not in ("time_h", "plate") and (cells[i].isdigit() is False or any(column == i for _, column in grid.values))]
    if not useful:
        return None
    i = chance.choice(useful)
    cells[i] = f"{cells[i]}x" if not cells[i].isdigit() else f"c{cells[i]}"
    return _written(file, grid)


def date_for_a_well(file: PlateFile, chance: random.Random) -> bytes | None:
    """A spreadsheet program took a well for a date."""
    if not file.grid.wells:
        return None
    grid = _copied(file)
    row, column = chance.choice(list(grid.wells))
    grid.cells[row][column] = chance.choice(["2-Feb", "2026-02-02", "01.03.2026", "44958"])
    return _written(file, grid)


def open_quote(file: PlateFile, chance: random.Random) -> bytes | None:
    if not _text_only(file) or file.dialect in ("Gen5", "MARS"):
        return None
    lines = text_bytes(file.grid).split(b"\n")
    at = chance.randrange(len(lines) - 1)
    lines[at] = b'"' + lines[at]
    return b"\n".join(lines)


def binary_junk(file: PlateFile, chance: random.Random) -> bytes | None:
    data = bytearray(encoded(file))
    size = min(64, len(data) // 4)
    at = chance.randrange(len(data) - size)
    data[at : at + size] = bytes(chance.randrange(256) for _ in range(size - 4)) + b"\x00\x01\x02\x03"
    return bytes(data)


def nul_bytes(file: PlateFile, chance: random.Random) -> bytes | None:
    """A block that was never written to disk."""
    data = bytearray(encoded(file))
    size = min(128, len(data) // 4)
    at = chance.randrange(len(data) - size)
    data[at : at + size] = bytes(size)
    return bytes(data)


def emptied_file(file: PlateFile, chance: random.Random) -> bytes | None:
    return chance.choice([b"", b"\n\n", b"  \r\n", b"\xef\xbb\xbf"])


def packed(file: PlateFile, chance: random.Random) -> bytes | None:
    return gzip.compress(encoded(file), mtime=0)


def sheet_missing(file: PlateFile, chance: random.Random) -> bytes | None:
    return workbook_bytes(file.grid, sheet="Notes", empty=True) if file.container == "xlsx" else None


def sheets_doubled(file: PlateFile, chance: random.Random) -> bytes | None:
    """Two sheets of results in one workbook."""
    if file.container != "xlsx":
        return None
    import io

    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(encoded(file)))
    book.copy_worksheet(book.active)
    told = io.BytesIO()
    book.save(told)
    return told.getvalue()


def merged_cells(file: PlateFile, chance: random.Random) -> bytes | None:
    """A value and its neighbour below are one merged cell."""
    if file.container != "xlsx":
        return None
    row, column = _a_value(file, chance)
    letter = chr(65 + column) if column < 26 else f"A{chr(65 + column - 26)}"
    return workbook_bytes(file.grid, merged=f"{letter}{row + 1}:{letter}{row + 2}") if (row + 1, column) in file.grid.values else None


def formula_never_computed(file: PlateFile, chance: random.Random) -> bytes | None:
    if file.container != "xlsx":
        return None
    grid = _copied(file)
    row, column = _a_value(file, chance)
    grid.cells[row][column] = "=0.1+0.2"
    return _written(file, grid)


def twice_in_a_file(file: PlateFile, chance: random.Random) -> bytes | None:
    """The same table once more below, with other numbers."""
    grid = _copied(file)
    again = deepcopy(grid.cells)
    for row, column in grid.values:
        again[row][column] = f"{float(again[row][column]) * 1.05:.4f}"
    grid.cells += again
    return _written(file, grid)


def turned_plate(file: PlateFile, chance: random.Random) -> bytes | None:
    """The plate lay the other way round in the reader: every well's value stands in the well opposite. Where planned wells stay planned."""
    return _relaid(file, lambda row, column: (7 - row, 11 - column))


def turned_in_its_rectangle(file: PlateFile, chance: random.Random) -> bytes | None:
    """The used rectangle of wells, turned by 180° onto itself: every planned well is read, none missing."""
    wells = list(next(iter(file.plan.plates.values())))
    rows, columns = [ord(well[0]) - 65 for well in wells], [int(well[1:]) - 1 for well in wells]
    return _relaid(file, lambda row, column: (min(rows) + max(rows) - row, min(columns) + max(columns) - column))


def _relaid(file: PlateFile, way: Callable[[int, int], tuple[int, int]]) -> bytes | None:
    moved = {}
    for (well, at_h, measurement), value in file.truth.items():
        row, column = way(ord(well[0]) - 65, int(well[1:]) - 1)
        moved[f"{chr(65 + row)}{column + 1}", at_h, measurement] = value
    return encoded(replace(file, grid=WRITERS[file.dialect](file.plan, moved, random.Random(file.seed))))


def lines_on_top(file: PlateFile, chance: random.Random) -> bytes | None:
    grid = _copied(file)
    grid.cells[:0] = [["Exported by the core facility"], ["Operator", "n.n.", "shift 2"]]
    return _written(file, grid)


def byte_order_mark(file: PlateFile, chance: random.Random) -> bytes | None:
    return b"\xef\xbb\xbf" + encoded(file) if _text_only(file) else None


def utf_16(file: PlateFile, chance: random.Random) -> bytes | None:
    return encoded(file).decode().encode("utf-16") if _text_only(file) else None


def latin_1(file: PlateFile, chance: random.Random) -> bytes | None:
    """A column, or line, with µ and ° as older programs write them."""
    if not _text_only(file):
        return None
    grid = _copied(file)
    if file.dialect in ("tidy", "tidy by columns"):
        grid.cells = [[*cells, "remark" if i == 0 else "25 °C, 200 µL"] for i, cells in enumerate(grid.cells)]
    else:
        grid.cells.append(["25 °C, 200 µL"])
    return text_bytes(grid).decode().encode("latin-1")


def windows_lines(file: PlateFile, chance: random.Random) -> bytes | None:
    return text_bytes(file.grid, newline="\r\n") if _text_only(file) else None


def semicolons(file: PlateFile, chance: random.Random) -> bytes | None:
    return text_bytes(file.grid, separator=";") if _text_only(file) else None


def semicolons_and_commas(file: PlateFile, chance: random.Random) -> bytes | None:
    """As a German spreadsheet program writes it."""
    if not _text_only(file) or file.dialect in ("Gen5", "MARS"):
        return None
    grid = _copied(file)
    for row, column in [*grid.values, *grid.times]:
        grid.cells[row][column] = grid.cells[row][column].replace(".", ",")
    return text_bytes(grid, separator=";")


def shuffled_rows(file: PlateFile, chance: random.Random) -> bytes | None:
    if file.dialect not in ("tidy", "tidy by columns"):
        return None
    grid = _copied(file)
    rows = grid.cells[1:]
    chance.shuffle(rows)
    grid.cells[1:] = rows
    return _written(file, grid)


def neighbours_swapped(file: PlateFile, chance: random.Random) -> bytes | None:
    """The values of two wells of candidates change places at one time."""
    plan = next(iter(file.plan.plates.values()))
    grid = _copied(file)
    kept = [at for at, place in grid.values.items() if file.plan.roles[plan[place[0]]] == "candidate"]
    one = chance.choice(kept)
    others = [at for at in kept if grid.values[at][1:] == grid.values[one][1:] and grid.cells[at[0]][at[1]] != grid.cells[one[0]][one[1]]]
    if not others:
        return None
    two = chance.choice(others)
    grid.cells[one[0]][one[1]], grid.cells[two[0]][two[1]] = grid.cells[two[0]][two[1]], grid.cells[one[0]][one[1]]
    return _written(file, grid)


def digit_changed(file: PlateFile, chance: random.Random) -> bytes | None:
    grid = _copied(file)
    row, column = _a_value(file, chance)
    text = grid.cells[row][column]
    places = [i for i, letter in enumerate(text) if letter.isdigit()]
    i = chance.choice(places)
    grid.cells[row][column] = text[:i] + chance.choice([digit for digit in "123456789" if digit != text[i]]) + text[i + 1 :]
    return _written(file, grid)


def fluorescence_times_a_thousand(file: PlateFile, chance: random.Random) -> bytes | None:
    grid = _copied(file)
    places = [at for at, place in grid.values.items() if place[2] == "GFP"]
    for row, column in places:
        grid.cells[row][column] = f"{float(grid.cells[row][column]) * 1000:.0f}"
    return _written(file, grid) if places else None


def last_number_cut(file: PlateFile, chance: random.Random) -> bytes | None:
    """The file ends inside its last number."""
    if not _text_only(file):
        return None
    data = encoded(file).rstrip()
    row, column = max(file.grid.values)
    if row != len(file.grid.cells) - 1 or column != len(file.grid.cells[row]) - 1 or not data.endswith(file.grid.cells[row][column].encode()):
        return None
    return data[: -chance.randint(1, 2)]


DESTROYED: dict[str, Damage] = {
    "row missing": missing_row, "column missing": missing_column, "file cut off": cut_off, "well twice": well_twice, "well's name twice": label_twice,
    "lettered rows out of order": rows_out_of_order, "decimal comma among points": comma_among_points, "block shifted by a column": shifted_block,
    "another plate's id": wrong_plate, "384 wells for 96": other_plate_format, "unit or wavelength changed": unit_changed, "text for a number": text_for_a_number,
    "cell emptied": emptied_cell, "two lines merged": merged_lines, "header lost": header_lost, "time replaced": time_twice, "times in another unit": times_in_another_unit,
    "times out of order": times_out_of_order, "impossible negative": impossible_negative, "absorbance × 1000": times_a_thousand, "title renamed": title_renamed,
    "well became a date": date_for_a_well, "quote never closed": open_quote, "binary junk": binary_junk, "block of NUL bytes": nul_bytes, "empty file": emptied_file,
    "gzip": packed, "sheet missing": sheet_missing, "two sheets of results": sheets_doubled, "merged cells": merged_cells, "formula never computed": formula_never_computed,
    "table twice in a file": twice_in_a_file, "plate the other way round": turned_plate,
}  # fmt: skip
HARMLESS: dict[str, Damage] = {
    "byte order mark": byte_order_mark, "UTF-16": utf_16, "Latin-1 with µ and °": latin_1, "Windows line ends": windows_lines, "semicolons": semicolons,
    "semicolons and decimal commas": semicolons_and_commas, "rows in another order": shuffled_rows, "lines on top": lines_on_top,
}  # fmt: skip
UNDETECTABLE: dict[str, Damage] = {
    "two wells' values swapped": neighbours_swapped, "one digit changed": digit_changed, "fluorescence × 1000": fluorescence_times_a_thousand, "cut inside the last number": last_number_cut,
    "used wells turned onto themselves": turned_in_its_rectangle,
}  # fmt: skip
