"""Good results files by chance: a plan, its readings, and a file of them in one of the dialects, with every cell's meaning known.

Every dialect is a grid of cells before it is bytes, so that one piece of damage fits them all.
"""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from runs.ingest.reading_plan import ReadingPlan
from world_model.terms.goals import Measurement
from world_model.terms.plates import FORMATS, row_name

OD = "OD600"
# what a grid's cell is: the well, time and measurement whose value it holds
Place = tuple[str, float | None, str]


@dataclass
class Grid:
    """A file as cells. The maps say where its values, wells, times, plates and units stand; `head` is the row of titles."""

    cells: list[list[str]]
    separator: str
    values: dict[tuple[int, int], Place] = field(default_factory=dict)
    wells: dict[tuple[int, int], str] = field(default_factory=dict)
    times: list[tuple[int, int]] = field(default_factory=list)
    plates: list[tuple[int, int]] = field(default_factory=list)
    units: list[tuple[int, int]] = field(default_factory=list)
    head: int = 0


@dataclass(frozen=True)
class PlateFile:
    """A plan, the readings that are true, and the grid of the file. `container` is `text` or `xlsx`."""

    seed: int
    dialect: str
    container: str
    plan: ReadingPlan
    truth: dict[Place, float]
    grid: Grid

    @property
    def name(self) -> str:
        ending = "xlsx" if self.container == "xlsx" else "txt" if self.dialect == "Gen5" else "csv"
        return f"{self.dialect.replace(' ', '_')}_{self.seed}.{ending}"


def random_file(seed: int, *, dialects: tuple[tuple[str, str], ...]) -> PlateFile:
    """One good file; dialect and container are drawn."""
    chance = random.Random(seed)
    dialect, container = chance.choice(dialects)
    plan, truth = _plan(chance, dialect)
    return PlateFile(seed=seed, dialect=dialect, container=container, plan=plan, truth=truth, grid=WRITERS[dialect](plan, truth, chance))


def _plan(chance: random.Random, dialect: str) -> tuple[ReadingPlan, dict[Place, float]]:
    """A rectangle of wells with blanks, repeated candidates and controls; growth and a fluorescence of each, as a reader rounds it."""
    one_measurement = dialect in ("Gen5", "MARS", "Tecan end point", "Tecan kinetic")
    end_point = dialect in ("Gen5", "MARS", "Tecan end point")
    rows, columns = chance.randint(2, 6), chance.randint(4, 8)
    top, left = chance.randint(0, 8 - rows), chance.randint(0, 12 - columns)
    wells = [f"{row_name(top + r)}{left + c + 1}" for r in range(rows) for c in range(columns)]
    chance.shuffle(wells)
    times: tuple[float, ...] = () if end_point else tuple(round(k * chance.choice((0.5, 1.0, 2.0)), 6) for k in range(chance.randint(2, 4)))
    times = tuple(sorted(set(times)))
    plate = f"growth-R{_two_digits(chance)}-P{chance.randint(1, 9)}"
    measurements = [Measurement(name=OD, unit="OD600", at_h=times, subtract_blank=True)]
    if not one_measurement:
        measurements.append(Measurement(name="GFP", unit="RFU", at_h=times))
    roles, sets, layout = {}, {}, {}
    blanks = chance.randint(3, 4)
    for k, well in enumerate(wells):
        name = f"R01-{k + 1:03d}"
        layout[well] = name
        roles[name] = "blank" if k < blanks else "candidate"
        sets[name] = "blank" if k < blanks else f"set {(k - blanks) // 2}"
    truth: dict[Place, float] = {}
    for well, name in layout.items():
        blank = roles[name] == "blank"
        vigour = 0.0 if blank else random.Random(f"{plate}{sets[name]}").uniform(0.15, 1.0)
        for at_h in times or (None,):
            grown = vigour * (1.0 if at_h is None else (at_h + 0.3) / (times[-1] + 0.3))
            truth[well, at_h, OD] = round(0.045 + grown + chance.gauss(0, 0.002), 4)
            if not one_measurement:
                truth[well, at_h, "GFP"] = float(round(200 + 20_000 * grown * (1 + chance.gauss(0, 0.01))))
    plan = ReadingPlan(measurements=tuple(measurements), roles=roles, plates={plate: layout}, sets=sets, format=FORMATS[96])
    return plan, truth


def _two_digits(chance: random.Random) -> str:
    return f"{chance.randint(1, 99):02d}"


def text_of(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) > 100 else repr(value)


def _units(plan: ReadingPlan) -> dict[str, str]:
    return {measurement.name: measurement.unit for measurement in plan.measurements}


def _tidy(plan: ReadingPlan, truth: dict[Place, float], chance: random.Random) -> Grid:
    plate, unit = next(iter(plan.plates)), _units(plan)
    grid = Grid([["plate", "well", "time_h", "measurement", "value", "unit"]], ",")
    for (well, at_h, measurement), value in truth.items():
        row = len(grid.cells)
        grid.cells.append([plate, well, "" if at_h is None else f"{at_h:g}", measurement, text_of(value), unit[measurement]])
        grid.values[row, 4] = (well, at_h, measurement)
        grid.wells[row, 1] = well
        grid.times.append((row, 2))
        grid.plates.append((row, 0))
        grid.units.append((row, 5))
    return grid


def _tidy_wide(plan: ReadingPlan, truth: dict[Place, float], chance: random.Random) -> Grid:
    plate, unit = next(iter(plan.plates)), _units(plan)
    names = list(unit)
    grid = Grid([["plate", "well", "time_h", *(f"{name} [{unit[name]}]" for name in names)]], ",")
    grid.units = [(0, 3 + i) for i in range(len(names))]
    for well, at_h in dict.fromkeys((well, at_h) for well, at_h, _ in truth):
        row = len(grid.cells)
        grid.cells.append([plate, well, "" if at_h is None else f"{at_h:g}", *(text_of(truth[well, at_h, name]) for name in names)])
        grid.values.update({(row, 3 + i): (well, at_h, name) for i, name in enumerate(names)})
        grid.wells[row, 1] = well
        grid.times.append((row, 2))
        grid.plates.append((row, 0))
    return grid


def _block(grid: Grid, truth: dict[Place, float], at_h: float | None, measurement: str, *, corner: str = "", tail: str | None = None) -> None:
    """The plate as rows and columns, with the numbers of columns above."""
    start = len(grid.cells)
    grid.cells.append([corner, *(str(column) for column in range(1, 13)), *([""] if tail is not None else [])])
    for r in range(8):
        cells = [row_name(r)]
        for column in range(1, 13):
            well = f"{row_name(r)}{column}"
            if (well, at_h, measurement) in truth:
                grid.values[start + 1 + r, column] = (well, at_h, measurement)
                cells.append(text_of(truth[well, at_h, measurement]))
            else:
                cells.append("")
        grid.cells.append(cells + ([tail] if tail is not None else []))


def _plate_shaped(plan: ReadingPlan, truth: dict[Place, float], chance: random.Random) -> Grid:
    grid = Grid([["plate", next(iter(plan.plates))]], ",")
    grid.plates = [(0, 1)]
    for measurement in plan.measurements:
        grid.cells += [["measurement", measurement.name], ["unit", measurement.unit]]
        grid.units.append((len(grid.cells) - 1, 1))
        for at_h in measurement.at_h or (None,):
            if at_h is not None:
                grid.cells.append(["time_h", f"{at_h:g}"])
                grid.times.append((len(grid.cells) - 1, 1))
            grid.head = len(grid.cells)
            _block(grid, truth, at_h, measurement.name)
    return grid


def _well_columns(plan: ReadingPlan, truth: dict[Place, float], chance: random.Random) -> Grid:
    grid = Grid([["plate", next(iter(plan.plates))]], ",")
    grid.plates = [(0, 1)]
    wells = list(dict.fromkeys(well for well, _, _ in truth))
    for measurement in plan.measurements:
        grid.cells += [["measurement", measurement.name], ["unit", measurement.unit], ["Time [min]", *wells]]
        grid.units.append((len(grid.cells) - 2, 1))
        grid.head = len(grid.cells) - 1
        grid.wells.update({(grid.head, 1 + i): well for i, well in enumerate(wells)})
        for at_h in measurement.at_h:
            row = len(grid.cells)
            grid.cells.append([f"{60 * at_h:g}", *(text_of(truth[well, at_h, measurement.name]) for well in wells)])
            grid.values.update({(row, 1 + i): (well, at_h, measurement.name) for i, well in enumerate(wells)})
            grid.times.append((row, 0))
    return grid


def _tecan_head(plate: str) -> Grid:
    grid = Grid([["Application: Tecan i-control", "", "", "", "Tecan i-control , 2.0.10.0"], ["Device: infinite 200Pro", "", "", "", "Serial number: 1"], ["Date:", "01.02.2026"], ["Plate-ID (Stacker)", "", "", "", plate]], "\t")
    grid.plates = [(3, 4)]
    grid.cells += [["Mode", "", "", "", "Absorbance"], ["Wavelength", "", "", "", "600", "nm"], ["Start Time:", "01.02.2026 10:00:00"], ["Label1"]]
    grid.units = [(5, 4)]
    return grid


def _tecan_end(plan: ReadingPlan, truth: dict[Place, float], chance: random.Random) -> Grid:
    grid = _tecan_head(next(iter(plan.plates)))
    grid.head = len(grid.cells)
    _block(grid, truth, None, OD, corner="<>")
    grid.cells.append(["End Time:", "01.02.2026 10:01:00"])
    return grid


def _tecan_kinetic(plan: ReadingPlan, truth: dict[Place, float], chance: random.Random) -> Grid:
    grid = _tecan_head(next(iter(plan.plates)))
    times = plan.measurements[0].at_h
    grid.head = len(grid.cells)
    grid.cells += [["Cycle Nr.", *(str(k + 1) for k in range(len(times)))], ["Time [s]", *(f"{3600 * at_h:g}" for at_h in times)], ["Temp. [°C]", *("37" for _ in times)]]
    grid.times = [(grid.head + 1, 1 + i) for i in range(len(times))]
    for well in dict.fromkeys(well for well, _, _ in truth):
        row = len(grid.cells)
        grid.cells.append([well, *(text_of(truth[well, at_h, OD]) for at_h in times)])
        grid.values.update({(row, 1 + i): (well, at_h, OD) for i, at_h in enumerate(times)})
        grid.wells[row, 0] = well
    grid.cells.append(["End Time:", "01.02.2026 12:00:00"])
    return grid


def _gen5(plan: ReadingPlan, truth: dict[Place, float], chance: random.Random) -> Grid:
    plate = next(iter(plan.plates))
    lines = [
        [], ["Software Version", "3.12.08"], [], ["Experiment File Path:", "C:\\e.xpt"], ["Protocol File Path:", "C:\\p.prt"], [], ["Plate Number", plate], ["Date", "2/1/2026"],
        ["Time", "10:00:00 AM"], ["Reader Type:", "Synergy H1"], ["Reader Serial Number:", "1"], ["Reading Type", "Reader"], [], ["Procedure Details"], [], ["Plate Type", "96 WELL PLATE"],
        ["Read", "Absorbance Endpoint"], ["", "Full Plate"], ["", "Wavelengths:  600"], ["", "Read Speed: Normal,  Delay: 100 msec,  Measurements/Data Point: 8"], [], ["Results"],
    ]  # fmt: skip
    grid = Grid(lines, "\t", plates=[(6, 1)], units=[(18, 1)])
    grid.head = len(lines)
    _block(grid, truth, None, OD, tail="600")
    return grid


def _mars(plan: ReadingPlan, truth: dict[Place, float], chance: random.Random) -> Grid:
    plate = next(iter(plan.plates))
    lines = [
        ["User: USER", "Path: C:\\BMG\\Data", "Test run no.: 3"], ["Test name: OD", "Date: 01/02/2026", "Time: 10:00:00"], [], [f"ID1: {plate}"], ["Absorbance"], [], ["Raw Data (600)"], [],
    ]  # fmt: skip
    lines = [line + [] * (13 - len(line)) for line in lines]
    grid = Grid(lines, ",", plates=[(3, 0)], units=[(6, 0)])
    grid.head = len(lines)
    _block(grid, truth, None, OD)
    return grid


WRITERS: dict[str, Callable[[ReadingPlan, dict[Place, float], random.Random], Grid]] = {
    "tidy": _tidy, "tidy by columns": _tidy_wide, "plate-shaped": _plate_shaped, "wells in columns": _well_columns,
    "Tecan end point": _tecan_end, "Tecan kinetic": _tecan_kinetic, "Gen5": _gen5, "MARS": _mars,
}  # fmt: skip
OWN = (("tidy", "text"), ("tidy by columns", "text"), ("plate-shaped", "text"), ("wells in columns", "text"))
WORKBOOKS = (("tidy", "xlsx"), ("tidy by columns", "xlsx"), ("plate-shaped", "xlsx"), ("wells in columns", "xlsx"), ("Tecan end point", "xlsx"), ("Tecan kinetic", "xlsx"))
VENDOR_FILES = (("Gen5", "text"), ("MARS", "text"))


def text_bytes(grid: Grid, *, separator: str | None = None, newline: str = "\n") -> bytes:
    """The grid as delimited text."""
    told = io.StringIO(newline="")
    csv.writer(told, delimiter=separator or grid.separator, lineterminator=newline).writerows(grid.cells)
    return told.getvalue().encode()


def workbook_bytes(grid: Grid, *, sheet: str = "Results", merged: str = "", empty: bool = False) -> bytes:
    """The grid as a workbook: what looks like a number is stored as one, as instruments do."""
    import openpyxl

    book = openpyxl.Workbook()
    page = book.active
    page.title = sheet
    for row in grid.cells if not empty else [["Notes"], ["nothing here"]]:
        page.append([_typed(cell) for cell in row])
    if merged:
        page.merge_cells(merged)
    told = io.BytesIO()
    book.save(told)
    return told.getvalue()


def _typed(cell: str) -> object:
    if cell == "":
        return None
    try:
        value = float(cell)
    except ValueError:
        return cell
    return value if value == value and abs(value) != float("inf") else cell


def encoded(file: PlateFile) -> bytes:
    """The good file's bytes."""
    return workbook_bytes(file.grid) if file.container == "xlsx" else text_bytes(file.grid)
