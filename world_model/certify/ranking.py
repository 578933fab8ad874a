"""How well plans were ranked: Kendall's tau with a bootstrap interval, and what it cost to take the plan that was said to be best."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import kendalltau, norm

RESAMPLES = 500


@dataclass(frozen=True)
class Interval:
    """A figure with its central 90 %; nan where there is none."""

    value: float
    low: float
    high: float


def tau(promised: np.ndarray, reached: np.ndarray, *, seed: int) -> Interval:
    """Kendall's tau-b of `n` plans, bootstrapped over plans.

    Source: Kendall (1938), Biometrika 30:81; percentile bootstrap, Efron & Tibshirani (1993), chapter 13.
    """
    if len(promised) < 3:
        return Interval(float("nan"), float("nan"), float("nan"))
    source = np.random.default_rng(seed)
    drawn = [_tau(promised[rows], reached[rows]) for rows in source.integers(0, len(promised), (RESAMPLES, len(promised)))]
    known = np.array([value for value in drawn if np.isfinite(value)])
    low, high = np.quantile(known, [0.05, 0.95]) if len(known) else (float("nan"), float("nan"))
    return Interval(_tau(promised, reached), float(low), float(high))


def regret_at_1(promised: np.ndarray, reached: np.ndarray) -> float:
    """What the best of the plans reached, less what the one reached that was promised to be best. More is better in both."""
    return float(reached.max() - reached[int(promised.argmax())])


def regret_by_chance(reached: np.ndarray) -> float:
    """The same for a plan taken at random, on average."""
    return float(reached.max() - reached.mean())


def regret_of_noise(n: int, noise: float) -> float:
    """What noise alone makes of it for `n` plans that are all equally good: the expected maximum of as many normal draws.

    Source: Blom (1958), Statistical Estimates and Transformed Beta-Variables: the normal quantile at (n - 0.375) / (n + 0.25).
    """
    return float(noise * norm.ppf((n - 0.375) / (n + 0.25))) if n > 1 else 0.0


def _tau(one: np.ndarray, other: np.ndarray) -> float:
    return float(kendalltau(one, other).statistic)
