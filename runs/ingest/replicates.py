"""Replicate statistics: mean, sd and CV of each set, and the wells that lie far off. Nothing is dropped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor, log10
from statistics import fmean, stdev

from .outliers import Outlier, outliers


@dataclass(frozen=True, kw_only=True)
class ReplicateSet:
    """Wells that should read alike, in one measurement at one time. `sd` and `cv` are None below two wells; `cv` as a fraction."""

    name: str
    measurement: str
    at_h: float | None
    n: int
    mean: float
    sd: float | None
    cv: float | None
    outliers: tuple[Outlier, ...]


def replicate_sets(
    sets: Mapping[str, Mapping[str, float]], *, measurement: str, at_h: float | None = None, noise: float | None = None
) -> tuple[ReplicateSet, ...]:
    """Statistics of the sets of one measurement and time, which together say how far replicates scatter.

    Args:
        sets: name → well → value, at least one well each.
        noise: the reader's sd.
    """
    far = outliers(sets, noise=noise)
    return tuple(_one(name, list(values.values()), far.get(name, ()), measurement, at_h) for name, values in sets.items())


def _one(name: str, numbers: Sequence[float], far: tuple[Outlier, ...], measurement: str, at_h: float | None) -> ReplicateSet:
    mean = fmean(numbers)
    sd = stdev(numbers) if len(numbers) > 1 else None
    cv = abs(sd / mean) if sd is not None and mean != 0 else None
    return ReplicateSet(name=name, measurement=measurement, at_h=at_h, n=len(numbers), mean=mean, sd=sd, cv=cv, outliers=far)


def told_sets(sets: Sequence[ReplicateSet]) -> list[str]:
    """One line for every outlier: named, and kept."""
    lines = []
    for one in sets:
        when = f" at {one.at_h:g} h" if one.at_h is not None else ""
        for far in one.outliers:
            value, mean = to_digits_of(far.value, one.sd), to_digits_of(one.mean, one.sd)
            which = "either may be wrong" if one.n == 2 else f"{far.sds:+.1f} sd from the others"
            lines.append(f"{far.well} reads {value} {one.measurement}{when}, far from its {one.n} replicates of {one.name} (mean {mean}, {which}). It is kept.")
    return lines


def to_digits_of(value: float, sd: float | None) -> str:
    """A number to the second digit of its sd, so that a mean of nil reads 0 and not -4.7e-15."""
    if not sd:
        return f"{value:.4g}"
    places = 1 - floor(log10(sd))
    # nil without its sign
    rounded = round(value, places) + 0.0
    return f"{rounded:.{max(places, 0)}f}"
