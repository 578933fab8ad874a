"""Paired comparisons and shares, with the uncertainty that whole interventions give and not single readings."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from ..scores import Z90

NOMINAL = 0.9
# Intervals are honest where their coverage lies in this band, or within what chance allows around the nominal 90 %.
TOLERATED = (0.85, 0.95)
FEWEST_EFFECTIVE = 12  # the band is never wider than that of so many independent cases, however much they err together
Z95 = 1.959963984540054


@dataclass(frozen=True)
class Lead:
    """By how much a rival's scores lie above ours (more is better for us), paired by intervention.

    `error` is the standard error of the mean difference, `cases` the interventions.
    """

    mean: float
    error: float
    cases: int

    @property
    def errors(self) -> float:
        """In standard errors; infinite where every difference is the same and not zero."""
        if self.error > 0:
            return self.mean / self.error
        return math.copysign(math.inf, self.mean) if self.mean else 0.0

    @property
    def holds(self) -> bool:
        """Ahead by more than one standard error."""
        return self.cases >= 2 and self.errors > 1.0

    @property
    def low(self) -> float:
        """Lower end of the central 90 %."""
        return self.mean - Z90 * self.error

    @property
    def high(self) -> float:
        """Upper end of the central 90 %."""
        return self.mean + Z90 * self.error


def lead(ours: Tensor, rival: Tensor, member: Tensor) -> Lead:
    """Compare scores `n x t x y` where both have one, averaged over each cluster first.

    Args:
        member: `n` codes of what is held out together.
    """
    difference = torch.where(torch.isfinite(ours) & torch.isfinite(rival), rival - ours, torch.nan)
    by_cluster = by_member(difference.flatten(1), member)
    by_cluster = by_cluster[torch.isfinite(by_cluster)]
    n = len(by_cluster)
    if n < 2:
        return Lead(mean=float(by_cluster.sum()), error=0.0, cases=n)
    return Lead(mean=float(by_cluster.mean()), error=float(by_cluster.std() / math.sqrt(n)), cases=n)


def by_member(scores: Tensor, member: Tensor) -> Tensor:
    """`g`: the mean of each cluster's finite scores `n x k`, in the order of its code."""
    return torch.stack([scores[member == code].nanmean() for code in torch.unique(member)])


@dataclass(frozen=True)
class Share:
    """How many of `cases` hold, and what chance allows around the nominal share.

    `effective` is as many independent cases as these are worth: readings of one curve, and wells of one plate, err together.
    """

    share: float
    cases: int
    effective: float

    @property
    def band(self) -> tuple[float, float]:
        """The coverages that are taken for honest: 85 to 95 %, or the binomial 95 % around 90 % where that is wider."""
        half = Z95 * math.sqrt(NOMINAL * (1 - NOMINAL) / max(self.effective, min(FEWEST_EFFECTIVE, self.cases), 1.0))
        return min(TOLERATED[0], NOMINAL - half), min(max(TOLERATED[1], NOMINAL + half), 1.0)

    @property
    def holds(self) -> bool:
        low, high = self.band
        return self.cases > 0 and low <= self.share <= high


def coverage(inside: Tensor, *clusterings: Tensor) -> Share:
    """The share of `inside` (`n x k`, 1, 0 or nan), with the effective number of cases by the worst of the clusterings.

    Args:
        clusterings: `n` codes each: what errs together.

    Source: design effect of cluster samples, Kish (1965), Survey Sampling: the variance of a mean of cluster totals over that of
        as many independent cases.
    """
    known = torch.isfinite(inside)
    cases = int(known.sum())
    if not cases:
        return Share(share=math.nan, cases=0, effective=0.0)
    share = float(inside[known].mean())
    effective = min([float(cases), *(_effective(inside, member, share, cases) for member in clusterings)])
    return Share(share=share, cases=cases, effective=effective)


def _effective(inside: Tensor, member: Tensor, share: float, cases: int) -> float:
    codes = torch.unique(member)
    sums = torch.stack([(inside[member == code] - share).nansum() for code in codes])
    g = len(codes)
    independent = cases * max(share * (1 - share), 1e-12)
    if g < 2:
        return float(cases)
    together = float(sums.square().sum()) * g / (g - 1)
    # never fewer than the clusters themselves, never more than the readings
    return min(max(cases * independent / max(together, 1e-12), float(g)), float(cases))
