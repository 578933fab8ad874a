"""Better than noise allows: a prediction that meets the mean of replicates more closely than chance permits has seen them."""

from __future__ import annotations

import math

import torch
from scipy.stats import f

from ..terms.certificate import Evidence
from .held_out import HeldOut

FEWEST_REPLICATED = 6  # interventions with replicates
SUSPICION = 0.001  # how often an honest model would be refused


def noise_ceiling(held: HeldOut) -> Evidence:
    """The squared distance between predictions and the means of replicates, over what the replicates' own scatter makes of it.

    Nobody can foresee the scatter: for an honest model the ratio is 1 where it knows the truth, and above where it does not. A
    ratio far below 1 means that the readings themselves were seen. Each intervention counts as one case, though it has many
    readings, for they err together.

    Source: the ratio of a mean's squared error to the pooled variance within replicates is F-distributed; one-way analysis of variance.
    """
    training = held.training
    groups = [rows for g in torch.unique(training.groups) if len(rows := torch.nonzero(training.groups == g).flatten()) >= 2]
    name = "held-out error against the scatter of replicates"
    if len(groups) < FEWEST_REPLICATED:
        return Evidence(
            name=name, cases=len(groups), of="replicated interventions", bound=f"told from {FEWEST_REPLICATED} replicated interventions on; found {len(groups)}"
        )
    within = torch.stack([(training.values[rows] - training.values[rows].nanmean(dim=0)).square().nansum(dim=0) for rows in groups])
    freedom = torch.stack([(torch.isfinite(training.values[rows]).sum(dim=0) - 1).clamp_min(0) for rows in groups])
    pooled = within.sum(dim=0) / freedom.sum(dim=0).clamp_min(1)
    ratios = []
    for rows in groups:
        values = training.values[rows]
        count = torch.isfinite(values).sum(dim=0)
        off = (values.nanmean(dim=0) - held.state.mean[rows].nanmean(dim=0)).square() * count / pooled
        off = off[(pooled > 0) & (count >= 2) & torch.isfinite(off)]
        if len(off):
            ratios.append(float(off.mean()))
    if len(ratios) < FEWEST_REPLICATED:
        return Evidence(name=name, cases=len(ratios), of="replicated interventions", bound="replicates do not scatter, so nothing can be told")
    ratio = sum(ratios) / len(ratios)
    lowest = float(f.ppf(SUSPICION, len(ratios), max(int(freedom.sum(dim=0).max()), 1)))
    return Evidence(
        name=name, value=ratio if math.isfinite(ratio) else None, met=ratio >= lowest, cases=len(ratios), of="replicated interventions",
        bound=f"at least {lowest:.2f}: below it the answers were seen before",
    )  # fmt: skip
