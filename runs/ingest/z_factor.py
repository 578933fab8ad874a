"""How well an assay parts its controls: Z′, signal window and signal to background.

Source: Zhang, Chung and Oldenburg, J. Biomol. Screen. 4 (1999) 67–73 (Z′); Sittampalam et al., ibid. 2 (1997) 159–169 (signal window).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from world_model.terms.errors import ResultsError


@dataclass(frozen=True, kw_only=True)
class AssayQuality:
    """Z′ of 1 is ideal, above 0.5 excellent, below 0 the controls overlap. `signal_window` is None where the positives do not vary."""

    z_prime: float
    signal_window: float | None
    signal_to_background: float | None
    positive_mean: float
    positive_sd: float
    negative_mean: float
    negative_sd: float
    positives: int
    negatives: int


def assay_quality(positive: Sequence[float], negative: Sequence[float]) -> AssayQuality:
    """Z′ = 1 − 3 (σ₊ + σ₋) / |μ₊ − μ₋|; signal window = (|μ₊ − μ₋| − 3 (σ₊ + σ₋)) / σ₊.

    Raises:
        ResultsError: fewer than two wells of either, or equal means.
    """
    for name, values in (("positive", positive), ("negative", negative)):
        if len(values) < 2:
            raise ResultsError(f"Expected at least two {name} controls with a reading, found {len(values)}: no spread, no Z′.")
    upper, lower, upper_sd, lower_sd = fmean(positive), fmean(negative), stdev(positive), stdev(negative)
    between = abs(upper - lower)
    if between == 0:
        raise ResultsError(f"Expected controls that differ, found a mean of {upper:g} in both: Z′ is not defined.")
    spread = 3 * (upper_sd + lower_sd)
    return AssayQuality(
        z_prime=1 - spread / between, signal_window=(between - spread) / upper_sd if upper_sd > 0 else None,
        signal_to_background=upper / lower if lower != 0 else None, positive_mean=upper, positive_sd=upper_sd,
        negative_mean=lower, negative_sd=lower_sd, positives=len(positive), negatives=len(negative),
    )  # fmt: skip
