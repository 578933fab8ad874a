"""Does the file lie on the plan? Blanks that read like cultures, and replicates that disagree, while the same file turned or moved fits.

A refusal needs strong evidence: under the plan the blanks are no lower than the cultures (or replicates agree no better than any
wells), and under exactly one other way to lay the plate they are all lowest (or replicates agree). Less is a warning. A file in
which blanks and replicates fit tells nothing of a swap between two single wells: that can't be seen.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from world_model.terms.plates import PlateFormat, parse_well, well_name

_FEWEST_BLANKS, _FEWEST_REPEATS = 3, 6
# share of pairs (blank, culture) in which the blank is lower: 0.5 is chance
_BLANKS_AT_CHANCE, _BLANKS_FIT = 0.75, 0.999
# share of the variance that replicates leave unexplained: near 1 is chance
_REPEATS_AT_CHANCE, _REPEATS_FIT = 0.5, 0.02


@dataclass(frozen=True, kw_only=True)
class Orientation:
    """What was found: `strong` refuses the file, else it is said."""

    strong: bool
    expected: str
    found: str
    mend: str


@dataclass(frozen=True)
class _Fit:
    """How the values fit a way to lay the plate: the blanks' share of pairs, and the replicates' unexplained variance."""

    blanks: float
    repeats: float
    overlap: float


def judge_orientation(
    values: Mapping[str, float], roles: Mapping[str, str], sets: Mapping[str, str], plate: PlateFormat
) -> Orientation | None:
    """What speaks against the plan's way to lay the plate; None where nothing does.

    Args:
        values: well → reading of one measurement at its last time: every well of the file, planned or not.
        roles: well → role, as planned (`blank` matters).
        sets: well → replicate set, as planned.
    """
    blanks = [well for well, role in roles.items() if role == "blank"]
    cultures = [well for well, role in roles.items() if role not in ("blank", "unused")]
    here = _fit(values, blanks, cultures, sets)
    blanks_off = len(blanks) >= 2 and len(cultures) >= 4 and here.blanks <= _BLANKS_AT_CHANCE
    repeats_off = _repeats(sets) >= _FEWEST_REPEATS and here.repeats >= _REPEATS_AT_CHANCE
    if not (blanks_off or repeats_off) or here.overlap < 1:
        return None
    strong_blanks = blanks_off and len(blanks) >= _FEWEST_BLANKS
    fitting = []
    for name, moved in other_ways(values, plate):
        there = _fit(moved, blanks, cultures, sets)
        if there.overlap < 1:
            continue
        by_blanks = strong_blanks and there.blanks >= _BLANKS_FIT and _apart(moved, blanks, cultures)
        by_repeats = repeats_off and there.repeats <= _REPEATS_FIT
        if (by_blanks and not there.repeats > _REPEATS_AT_CHANCE) or (by_repeats and there.blanks >= _BLANKS_AT_CHANCE):
            fitting.append(name)
    what = f"blanks that read lower than {here.blanks:.0%} of the cultures" if blanks_off else f"replicates that leave {here.repeats:.0%} of the variance"
    expected = "blanks below cultures and replicates that agree"
    if fitting:
        return Orientation(strong=True, expected=expected, found=f"{what}, while both fit the plate {' or '.join(fitting)}", mend="The plate may have lain the other way, or a row or column was lost: look at it, and export the file again.")
    return Orientation(strong=False, expected=expected, found=what, mend="Look whether this is the right plate, and the right way round.")


def _fit(values: Mapping[str, float], blanks: Sequence[str], cultures: Sequence[str], sets: Mapping[str, str]) -> _Fit:
    low = [values[well] for well in blanks if well in values]
    high = [values[well] for well in cultures if well in values]
    pairs = [1.0 if a < b else 0.5 if a == b else 0.0 for a in low for b in high]
    planned = {*blanks, *cultures}
    overlap = sum(well in values for well in planned) / len(planned) if planned else 0.0
    return _Fit(blanks=fmean(pairs) if pairs else 1.0, repeats=_unexplained(values, sets), overlap=overlap)


def _unexplained(values: Mapping[str, float], sets: Mapping[str, str]) -> float:
    """Variance within the sets over variance among their wells, by degrees of freedom; 0 where there is nothing to tell."""
    groups: dict[str, list[float]] = {}
    for well, name in sets.items():
        if well in values:
            groups.setdefault(name, []).append(values[well])
    repeated = [numbers for numbers in groups.values() if len(numbers) > 1]
    every = [number for numbers in groups.values() for number in numbers]
    if not repeated or len(every) < 4:
        return 0.0
    middle = fmean(every)
    total = sum((number - middle) ** 2 for number in every) / (len(every) - 1)
    free = sum(len(numbers) - 1 for numbers in repeated)
    within = sum((number - fmean(numbers)) ** 2 for numbers in repeated for number in numbers) / free
    return within / total if total > 0 else 0.0


def _repeats(sets: Mapping[str, str]) -> int:
    """Degrees of freedom within the replicate sets."""
    return len(sets) - len(set(sets.values()))


def _apart(values: Mapping[str, float], blanks: Sequence[str], cultures: Sequence[str]) -> bool:
    """Whether blanks and cultures are parted by more than the blanks differ among themselves."""
    low = [values[well] for well in blanks]
    high = [values[well] for well in cultures]
    return min(high) - max(low) > 0.5 * (max(low) - min(low))


def other_ways(values: Mapping[str, float], plate: PlateFormat) -> Iterator[tuple[str, dict[str, float]]]:
    """The file laid in other ways: a value that comes to lie outside the plate is lost."""
    rows, columns = plate.rows - 1, plate.columns - 1
    ways: dict[str, Callable[[int, int], tuple[int, int]]] = {
        "turned by 180°": lambda r, c: (rows - r, columns - c),
        "mirrored left to right": lambda r, c: (r, columns - c),
        "mirrored top to bottom": lambda r, c: (rows - r, c),
        "moved one row up": lambda r, c: (r - 1, c),
        "moved one row down": lambda r, c: (r + 1, c),
        "moved one column left": lambda r, c: (r, c - 1),
        "moved one column right": lambda r, c: (r, c + 1),
    }
    places = {well: _place(well, plate) for well in values}
    for name, way in ways.items():
        moved = {}
        for well, value in values.items():
            row, column = way(*places[well])
            if 0 <= row <= rows and 0 <= column <= columns and math.isfinite(value):
                moved[well_name(row, column)] = value
        yield name, moved


def _place(well: str, plate: PlateFormat) -> tuple[int, int]:
    name = parse_well(well, plate)
    letters = name.rstrip("0123456789")
    row = ord(letters[0]) - 65 if len(letters) == 1 else 26 * (ord(letters[0]) - 64) + ord(letters[1]) - 65
    return row, int(name[len(letters) :]) - 1
