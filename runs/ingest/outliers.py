"""Wells that lie far off their replicates, judged with the scatter of every set that was read beside them.

Two or three wells say little of their own scatter: all sets of one measurement and time say it together. Each well is held
against the mean of the others of its set, in sds that are estimated without it (the externally studentized residual; Cook and
Weisberg, Residuals and Influence in Regression, 1982, 2.2.1). Under normal noise it follows Student's t exactly, so that the
rate of false alarms is known. Noise may grow with the reading: a set's sd is the larger of one in the unit and one in percent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from math import sqrt
from statistics import NormalDist, fmean, median

# of good wells, how many are named; ten times as many where sets of different noise are judged together
FALSE_ALARMS = 1e-4
# a set with a well so far off, in robust sds, says nothing of the noise of others
_FAR = 4.0
# Student's t with many degrees of freedom: no set names a nearer well
_NORMAL = NormalDist().inv_cdf(1 - FALSE_ALARMS / 2)


@dataclass(frozen=True, kw_only=True)
class Outlier:
    """A well far from its set: by how many sds from the mean of the others."""

    well: str
    value: float
    sds: float


def outliers(sets: Mapping[str, Mapping[str, float]], *, noise: float | None = None) -> dict[str, tuple[Outlier, ...]]:
    """Set → its wells that lie far off; of two that disagree, both. Sets without are left out.

    Args:
        sets: name → well → value, of one measurement and time; sets of one well say nothing.
        noise: the reader's sd, which no estimate goes below.
    """
    many = {name: values for name, values in sets.items() if len(values) > 1}
    scale = _scales(many, noise or 0.0)
    if not scale:
        return {}
    free = {name: len(values) - 1 for name, values in many.items()}
    squares = {name: _squares(list(values.values())) / scale[name] ** 2 for name, values in many.items()}
    calm = {name for name, values in many.items() if not _has_far(list(values.values()), scale[name])}
    found: dict[str, tuple[Outlier, ...]] = {}
    for name, values in many.items():
        others_free = sum(free[other] for other in calm if other != name)
        others_squares = sum(squares[other] for other in calm if other != name)
        far = [
            Outlier(well=well, value=value, sds=sds) for well, value in values.items()
            if (sds := _sds(value, [v for w, v in values.items() if w != well], scale[name], others_squares, others_free, noise or 0.0)) is not None
        ]  # fmt: skip
        if far:
            found[name] = tuple(far)
    return found


def _sds(value: float, rest: Sequence[float], scale: float, squares: float, free: int, noise: float) -> float | None:
    """How far a value lies from the rest of its set, None where good wells lie so."""
    freedom = free + len(rest) - 1
    if not freedom:
        return None
    sd = scale * sqrt((squares + _squares(rest) / scale**2) / freedom)
    # beside other sets the scales are robust ones: the fit of all of them together must not shrink a set's own
    sd = max(sd, scale if free else 0.0, noise)
    sds = (value - fmean(rest)) / (sd * sqrt(1 + 1 / len(rest))) if sd > 0 else 0.0
    if abs(sds) <= _NORMAL:
        return None
    from scipy.special import stdtrit

    return sds if abs(sds) > float(stdtrit(freedom, 1 - FALSE_ALARMS / 2)) else None


def _scales(sets: Mapping[str, Mapping[str, float]], noise: float) -> dict[str, float]:
    """Each set's robust sd: the larger of the sets' common one in the unit and their common one relative to the reading."""
    away = {name: _away(list(values.values())) for name, values in sets.items()}
    level = {name: abs(median(values.values())) for name, values in sets.items()}
    apart = [*chain.from_iterable(away.values())]
    relative = [one / level[name] for name, far in away.items() for one in far if level[name] > 0]
    common = median(apart) / 0.6745 if apart else 0.0
    share = median(relative) / 0.6745 if relative else 0.0
    found = {name: max(common, share * level[name], noise) for name in sets}
    # readings that are all equal have no scatter to judge by
    return found if all(found.values()) else {}


def _away(values: Sequence[float]) -> list[float]:
    """Distances from the median, as of a normal sd; the median's own is left out where it is one of the values."""
    middle = median(values)
    if len(values) == 2:
        return [abs(values[0] - values[1]) / sqrt(2)]
    far = sorted(abs(value - middle) for value in values)
    return far[1:] if len(values) % 2 else far


def _has_far(values: Sequence[float], scale: float) -> bool:
    return max(_away(values)) > _FAR * scale


def _squares(values: Sequence[float]) -> float:
    middle = fmean(values)
    return sum((value - middle) ** 2 for value in values)
