"""Calibration by horizon: coverage, error and width of held-out predictions at each hour, their PIT, and how far they can be trusted."""

from __future__ import annotations

import math

import torch

from ..scores import Z90
from ..terms.certificate import Reliability
from ..trust import trust_horizon
from .figures import finite
from .held_out import HeldOut, as_belief

PIT_BINS = 10


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


def trusted_to(held: HeldOut) -> dict[str, float | None]:
    """Observable → the last hour until which held-out forecasts are good, as `trust.trust_horizon` says; None where not even the first is.

    Empty for end points, which have no horizon.
    """
    if len(held.training.times_h) < 2:
        return {}
    return {name: finite(hour) for name, hour in trust_horizon(as_belief(held), held.training).items()}


def pit_counts(held: HeldOut) -> tuple[int, ...]:
    """How many held-out readings fall into each tenth of their predicted distribution: level where it is calibrated.

    Source: Dawid (1984), J. R. Stat. Soc. A 147:278; Gneiting, Balabdaoui & Raftery (2007), J. R. Stat. Soc. B 69:243.
    """
    z = (held.training.values - held.reading.mean) / held.reading.sd.clamp_min(1e-12)
    pit = 0.5 * (1 + torch.erf(z[torch.isfinite(z)] / math.sqrt(2)))
    return tuple(int(count) for count in torch.histc(pit, bins=PIT_BINS, min=0.0, max=1.0).tolist())
