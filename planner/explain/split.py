"""How much of a choice exploits what is believed, and how much explores what is not known."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.special import ndtr


@dataclass(frozen=True)
class Split:
    """The two terms of expected improvement, in the score's unit.

    Attributes:
        exploit: what the mean promises over the best so far; 0 where it promises none.
        explore: what the uncertainty may bring.
        beats: probability of beating the best so far.
    """

    exploit: float
    explore: float
    beats: float

    @property
    def exploration(self) -> float:
        """Share of exploration, 0 to 1; 1 where nothing is expected of either."""
        whole = self.exploit + self.explore
        return self.explore / whole if whole > 0 else 1.0


def split_of(mean: float, sd: float, best: float) -> Split:
    """Of a Gaussian belief about a score (more is better) beside the best so far.

    `EI = (mean - best) Φ(z) + sd φ(z)` with `z = (mean - best) / sd`: the first term grows with the mean, the second with the
    uncertainty. Where the mean lies under the best so far the first is negative: nothing is exploited, all is exploration.

    Source: Jones, Schonlau & Welch (1998), J. Global Optim. 13:455, eq. 15 and the reading of its two terms there.
    """
    if sd <= 0:
        return Split(exploit=max(mean - best, 0.0), explore=0.0, beats=float(mean > best))
    z = (mean - best) / sd
    return Split(
        exploit=max(mean - best, 0.0) * float(ndtr(z)), explore=sd * math.exp(-0.5 * z * z) / math.sqrt(2 * math.pi), beats=float(ndtr(z))
    )
