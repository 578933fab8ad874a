"""Replicate statistics: mean, sd and CV of each set, and the wells that lie far off. Nothing is dropped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median, stdev

# Iglewicz and Hoaglin, How to Detect and Handle Outliers (1993): |modified z| above 3.5 is a potential outlier
MOST_ROBUST_Z = 3.5
_FEWEST = 3


@dataclass(frozen=True, kw_only=True)
class Outlier:
    """A well far from its set: the modified z score says how far."""

    well: str
    value: float
    robust_z: float


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


def replicate_set(values: Mapping[str, float], *, name: str, measurement: str, at_h: float | None = None, noise: float | None = None) -> ReplicateSet:
    """Statistics of one set.

    Args:
        values: well → value, at least one.
        noise: the reader's sd, so that a set whose median deviation is nil flags no well for less than its noise.
    """
    numbers = list(values.values())
    mean = fmean(numbers)
    sd = stdev(numbers) if len(numbers) > 1 else None
    return ReplicateSet(
        name=name, measurement=measurement, at_h=at_h, n=len(numbers), mean=mean, sd=sd, cv=abs(sd / mean) if sd is not None and mean != 0 else None,
        outliers=tuple(Outlier(well=well, value=values[well], robust_z=z) for well, z in robust_z(values, noise=noise).items() if abs(z) > MOST_ROBUST_Z),
    )  # fmt: skip


def robust_z(values: Mapping[str, float], *, noise: float | None = None) -> dict[str, float]:
    """Modified z scores 0.6745 (x − median) / MAD; empty below three wells, where a median says nothing of who is wrong.

    Where the MAD is nil, the mean absolute deviation takes its place (1.2533 of it estimate a normal sd); the scale is never
    below the reader's noise.
    """
    numbers = list(values.values())
    if len(numbers) < _FEWEST:
        return {}
    middle = median(numbers)
    away = [abs(number - middle) for number in numbers]
    scale = max(median(away) / 0.6745 or 1.2533 * fmean(away), noise or 0.0)
    if scale == 0:
        return {}
    return {well: (number - middle) / scale for well, number in values.items()}


def told_sets(sets: Sequence[ReplicateSet]) -> list[str]:
    """One line for every outlier: named, and kept."""
    lines = []
    for one in sets:
        when = f" at {one.at_h:g} h" if one.at_h is not None else ""
        for far in one.outliers:
            lines.append(f"{far.well} reads {far.value:.4g} {one.measurement}{when}, far from its {one.n} replicates of {one.name} (mean {one.mean:.4g}, robust z {far.robust_z:+.1f}). It is kept.")
    return lines
