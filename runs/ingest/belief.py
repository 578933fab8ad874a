"""Readings that no well gives: below a measurement's floor, above every reader's ceiling, or a thousand times too large."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .blanks import BlankMean
from .matching import Taken
from .problems import CellProblem
from .reading_plan import ReadingPlan, ceiling_of, floor_of

# more cells of one measurement than this are told together, with their range
_MOST_ALONE = 3


def refuse_beyond_belief(
    taken: Sequence[Taken], plan: ReadingPlan, blanks: Mapping[tuple[str, str, float | None], BlankMean], problems: list[CellProblem]
) -> None:
    """Every such cell is a problem; where a whole column is in thousandths, that alone is said of it."""
    for measurement in plan.measurements:
        own = [one for one in taken if one.measurement == measurement.name and one.raw is not None]
        ceiling = ceiling_of(measurement) if plan.plates else None
        above = [(one, one.raw, "") for one in own if ceiling is not None and one.raw is not None and one.raw > ceiling]
        mend = "No reader measures so much in a well: the file may be in thousandths, or its decimal mark was lost."
        if ceiling is not None and above and all(one.raw is not None and 1 <= one.raw <= 1000 * ceiling / 10 for one in own):
            mend = f"It looks like m{'OD' if measurement.unit == 'OD600' else measurement.unit}: divide the column by 1000, or export it in {measurement.unit}."
        else:
            _refuse(_below(own, floor_of(measurement), blanks), f"{measurement.name} of at least {floor_of(measurement) or 0:g}",
                    "Such a reading is no noise: look at the well and the blanks, or set a lower floor for the measurement.", problems)  # fmt: skip
        _refuse(above, f"{measurement.name} of at most {ceiling or 0:g}", mend, problems)


def _below(
    own: Sequence[Taken], floor: float | None, blanks: Mapping[tuple[str, str, float | None], BlankMean]
) -> list[tuple[Taken, float, str]]:
    """The cells below the floor, as read or after the blank, with the number that is."""
    found: list[tuple[Taken, float, str]] = []
    for one in own:
        if floor is None or one.raw is None:
            continue
        blank = blanks.get((one.place.plate, one.measurement, one.at_h))
        if one.raw < floor:
            found.append((one, one.raw, ""))
        elif blank is not None and one.raw - blank.mean < floor:
            found.append((one, one.raw - blank.mean, f" after the blank of {blank.mean:g} is subtracted"))
    return found


def _refuse(cells: Sequence[tuple[Taken, float, str]], expected: str, mend: str, problems: list[CellProblem]) -> None:
    numbers = [number for _, number, _ in cells]
    for one, number, what in cells:
        if len(cells) > _MOST_ALONE:
            blanked = " after the blanks are subtracted" if any(told for _, _, told in cells) else ""
            problems.append(CellProblem(one.row, one.column, expected, f"{len(cells)} readings from {min(numbers):g} to {max(numbers):g}{blanked}", mend))
        else:
            problems.append(CellProblem(one.row, one.column, f"{expected} in {one.place}", f"{number:g}{what}", mend))
