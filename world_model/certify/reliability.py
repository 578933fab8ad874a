"""Calibration by horizon: coverage, error and width of held-out predictions at each hour, their PIT, and how far they can be trusted."""

from __future__ import annotations

import math

import torch

from ..scores import Z90
from ..terms.certificate import Reliability
from .figures import finite
from .held_out import HeldOut

PIT_BINS = 10
LEAST_COVERED = 0.8  # with few rows an hour's coverage scatters: 0.8 is what 12 honest cases stay above nine times in ten
MOST_NRMSE = 0.5


def reliability(held: HeldOut) -> tuple[Reliability, ...]:
    """One entry an observable and hour that was read; errors in sd of the observable over all readings."""
    training = held.training
    told = []
    for y, variable in enumerate(training.variables):
        for t, hour in enumerate(training.times_h.tolist()):
            known = torch.isfinite(training.values[:, t, y])
            if not known.any():
                continue
            off = (training.values[known, t, y] - held.reading.mean[known, t, y]) / training.scale[y]
            half = Z90 * held.reading.sd[known, t, y] / training.scale[y]
            told.append(
                Reliability(
                    variable=variable, at_h=finite(hour), coverage=float((off.abs() <= half).double().mean()), nrmse=finite(float(off.square().mean().sqrt())),
                    width=finite(float(2 * half.mean())), cases=int(known.sum()),
                )
            )  # fmt: skip
    return tuple(told)


def trusted_to(entries: tuple[Reliability, ...]) -> float | None:
    """The last hour before coverage falls below 80 % or the error exceeds half an sd for any observable; None where none is trusted.

    End points have no horizon: None.
    """
    hours = sorted({entry.at_h for entry in entries if entry.at_h is not None})
    trusted = None
    for hour in hours:
        at = [entry for entry in entries if entry.at_h == hour]
        if any((entry.coverage or 0.0) < LEAST_COVERED or (entry.nrmse if entry.nrmse is not None else math.inf) > MOST_NRMSE for entry in at):
            break
        trusted = hour
    return trusted


def pit_counts(held: HeldOut) -> tuple[int, ...]:
    """How many held-out readings fall into each tenth of their predicted distribution: level where it is calibrated.

    Source: Dawid (1984), J. R. Stat. Soc. A 147:278; Gneiting, Balabdaoui & Raftery (2007), J. R. Stat. Soc. B 69:243.
    """
    z = (held.training.values - held.reading.mean) / held.reading.sd.clamp_min(1e-12)
    pit = 0.5 * (1 + torch.erf(z[torch.isfinite(z)] / math.sqrt(2)))
    return tuple(int(count) for count in torch.histc(pit, bins=PIT_BINS, min=0.0, max=1.0).tolist())
