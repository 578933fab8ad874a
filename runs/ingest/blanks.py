"""The mean of the blank wells of one plate, measurement and time; it is subtracted where the campaign says so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import fmean

from .matching import Taken
from .problems import CellProblem
from .reading_plan import ReadingPlan


@dataclass(frozen=True, kw_only=True)
class BlankMean:
    """What is subtracted from every well of a plate at one time: the mean of `wells` blanks."""

    plate: str
    measurement: str
    at_h: float | None
    mean: float
    wells: int


def blank_means(taken: Iterable[Taken], plan: ReadingPlan, problems: list[CellProblem]) -> dict[tuple[str, str, float | None], BlankMean]:
    """By plate, measurement and time, for the measurements that subtract blanks; a time without a usable blank is a problem."""
    subtracted = {measurement.name for measurement in plan.measurements if measurement.subtract_blank}
    wanted: dict[tuple[str, str, float | None], list[float]] = {}
    for one in taken:
        if one.measurement not in subtracted:
            continue
        values = wanted.setdefault((one.place.plate, one.measurement, one.at_h), [])
        if plan.roles.get(one.place.experiment) == "blank" and one.raw is not None:
            values.append(one.raw)
    means = {}
    for (plate, measurement, at_h), values in wanted.items():
        if not values:
            when = f" at {at_h:g} h" if at_h is not None else ""
            where = f" on plate {plate}" if plate else ""
            mend = "Blanks are subtracted from this measurement: record them, or set subtract_blank = false in the campaign."
            problems.append(CellProblem(None, "", f"a readable blank of {measurement}{when}{where}", "none", mend))
            continue
        means[plate, measurement, at_h] = BlankMean(plate=plate, measurement=measurement, at_h=at_h, mean=fmean(values), wells=len(values))
    return means
