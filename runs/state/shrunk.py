"""Means of few readings drawn towards all others: one lucky reading of a noisy point does not beat a point that was read often."""

from __future__ import annotations

import numpy as np

FEWEST = 4  # degrees of freedom among repeats, below which nobody knows how noisy one reading is


def shrunk(means: np.ndarray, counts: np.ndarray, *, within: float, freedom: int) -> np.ndarray:
    """`k` posterior means of points under noise: each mean drawn towards the middle of all, the more the fewer readings it rests on.

    Means themselves where repeats don't tell the noise, or where all points were read equally often: the order is the same then.

    Args:
        means, counts: `k`, of each point's readings; nan and 0 where there are none.
        within: sum of squared deviations of readings from their own point's mean.
        freedom: readings beyond the first of each point.

    Source: the empirical-Bayes estimate of a normal mean with known sampling variance; Efron & Morris (1975).
    """
    known = np.isfinite(means) & (counts > 0)
    if freedom < FEWEST or known.sum() < 3 or len(np.unique(counts[known])) == 1:
        return means
    noise = within / freedom
    weight = counts[known] / counts[known].sum()
    middle = float(weight @ means[known])
    # method of moments: what means scatter beyond what noise makes them
    between = max(float(np.var(means[known], ddof=1)) - noise * float(np.mean(1 / counts[known])), 0.0)
    believed = means.copy()
    believed[known] = middle + (means[known] - middle) * between / (between + noise / counts[known]) if between + noise > 0 else means[known]
    return believed
