"""How good a forecast is and how well it knows: error, proper score, coverage with width, by horizon, and how far to trust it.

Everything is divided by the observable's sd over interventions and times, so that 1 is about the error of predicting the average.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import norm, spearmanr

Z50, Z90 = float(norm.ppf(0.75)), float(norm.ppf(0.95))
TRUSTED_ERROR, TRUSTED_COVERAGE = 0.5, 0.8


@dataclass(frozen=True)
class Told:
    """A Gaussian forecast, all `n x t x y`: `sd_state` of what is, `sd_reading` of one reading of it."""

    mean: np.ndarray
    sd_state: np.ndarray
    sd_reading: np.ndarray


def crps(mean: np.ndarray, sd: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Continuous ranked probability score of a normal forecast (Gneiting & Raftery 2007, eq. 21, sign turned)."""
    sd = np.maximum(sd, 1e-12)
    z = (value - mean) / sd
    return np.asarray(sd * (z * (2 * norm.cdf(z) - 1) + 2 * norm.pdf(z) - 1 / np.sqrt(np.pi)))


def accuracy(told: Told, *, truth: np.ndarray, scale: np.ndarray) -> dict[str, float]:
    """`nrmse` and `crps` of the state against the noise-free truth."""
    error = (told.mean - truth) / scale
    score = crps(told.mean / scale, told.sd_state / scale + 1e-6, truth / scale)
    return {"nrmse": float(np.sqrt(np.nanmean(error**2))), "crps": float(np.nanmean(score))}


def calibration(told: Told, *, readings: np.ndarray, scale: np.ndarray) -> dict[str, float]:
    """Of noisy readings: `crps reading`, coverage of the central 50 and 90 %, mean `width90` in sd, and the Kolmogorov-Smirnov
    distance of the probability integral transforms from uniform (`pit ks`, 0 is perfect)."""
    sd = np.maximum(told.sd_reading, 1e-12)
    z = ((readings - told.mean) / sd)[np.isfinite(readings)]
    levels = np.sort(norm.cdf(z))
    steps = np.arange(len(levels) + 1) / len(levels)
    return {
        "crps reading": float(np.nanmean(crps(told.mean / scale, sd / scale, readings / scale))),
        "coverage50": float((np.abs(z) < Z50).mean()), "coverage90": float((np.abs(z) < Z90).mean()),
        "width90": float((2 * Z90 * sd / scale).mean()),
        "pit ks": float(max((steps[1:] - levels).max(), (levels - steps[:-1]).max())),
    }  # fmt: skip


def horizon(told: Told, *, truth: np.ndarray, readings: np.ndarray, scale: np.ndarray, times: np.ndarray) -> list[dict[str, float]]:
    """One row a time: error and score of the state, coverage and width of readings, predicted sd and absolute error."""
    rows = []
    for i, time in enumerate(times):
        at = Told(*(part[:, i : i + 1] for part in (told.mean, told.sd_state, told.sd_reading)))
        read = calibration(at, readings=readings[:, i : i + 1], scale=scale)
        rows.append({
            "time": float(time), **accuracy(at, truth=truth[:, i : i + 1], scale=scale), "coverage90": read["coverage90"], "width90": read["width90"],
            "sd": float((at.sd_state / scale).mean()), "error": float(np.nanmean(np.abs(at.mean - truth[:, i : i + 1]) / scale)),
        })  # fmt: skip
    return rows


def sd_follows_error(rows: Sequence[dict[str, float]]) -> float | None:
    """Spearman correlation of predicted sd and absolute error along the horizon; None where either stands still."""
    sd, error = np.array([row["sd"] for row in rows]), np.array([row["error"] for row in rows])
    if len(rows) < 3 or np.ptp(sd) == 0 or np.ptp(error) == 0:
        return None
    return float(spearmanr(sd, error).statistic)


def trust_horizon(rows: Sequence[dict[str, float]]) -> float | None:
    """The last time up to which every 90 % interval covers at least 80 % of readings and the error is below 0.5; None where not even the first."""
    trusted = None
    for row in rows:
        if row["coverage90"] < TRUSTED_COVERAGE or row["nrmse"] >= TRUSTED_ERROR:
            break
        trusted = row["time"]
    return trusted


def forecast(told: Told, *, truth: np.ndarray, readings: np.ndarray, scale: np.ndarray, times: np.ndarray) -> dict[str, Any]:
    """All of the above, `horizon` as rows."""
    rows = horizon(told, truth=truth, readings=readings, scale=scale, times=times)
    return {
        **accuracy(told, truth=truth, scale=scale), **calibration(told, readings=readings, scale=scale),
        "sd follows error": sd_follows_error(rows), "trust horizon": trust_horizon(rows), "horizon": rows,
    }  # fmt: skip
