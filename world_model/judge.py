"""The judge: which contestant predicts unseen interventions best, by cross-validated CRPS, and how slowly it changes its mind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from .contract import Belief, Training
from .scores import gaussian_crps

FEW_INTERVENTIONS = 12  # below this the prior order stands: too little evidence to choose by
LEAST_GAIN = 0.02  # of the score: a smaller lead changes nothing, however sure
GROWTH = 1.25  # judged again when the records have grown by a quarter


@dataclass(frozen=True)
class Verdict:
    """What was picked, and on what evidence.

    Attributes:
        picked: the contestant that is used.
        scores: contestant → mean scaled CRPS over held-out interventions (smaller is better).
        lead: contestant → by how many standard errors it beats the first of the prior order (negative: it loses).
        n_records: records when judged.
        level: 2 when the pick beats the no-effect and the action-shuffled model by one standard error, else 1.
        why: one sentence.
        failed: contestants that could not be fitted, with the reason.
        weights: contestant → its share where a stack of several is used; empty where one was picked.
    """

    picked: str
    scores: Mapping[str, float]
    lead: Mapping[str, float]
    n_records: int
    n_interventions: int
    level: int
    why: str
    failed: Mapping[str, str] = field(default_factory=dict)
    weights: Mapping[str, float] = field(default_factory=dict)

    def is_fresh(self, n_records: int) -> bool:
        """True while the records have not grown by a quarter since."""
        return n_records < GROWTH * self.n_records


def crps_by_intervention(told: Belief, *, training: Training) -> Tensor:
    """`g`: mean CRPS of each held-out intervention's readings, every observable divided by its training sd."""
    scores = gaussian_crps(told.mean, told.variance("reading").sqrt(), training.as_read) / training.scale
    by_row = scores.flatten(1).nanmean(dim=1)
    _, member = torch.unique(training.groups, return_inverse=True)
    known = torch.isfinite(by_row)
    total = torch.zeros(int(member.max()) + 1, dtype=by_row.dtype).index_add(0, member[known], by_row[known])
    return total / torch.bincount(member[known], minlength=len(total))


def pick(
    order: Sequence[str], crps: Mapping[str, Tensor], *, n_records: int, shuffled: Tensor | None, failed: Mapping[str, str]
) -> Verdict:
    """The first of the prior order, unless a rival's CRPS is lower by one standard error of the paired differences, and by 2 %.

    Args:
        crps: contestant → `g` scores of the same held-out interventions.
        shuffled: `g` scores of the first choice fitted to shuffled actions; None below the least evidence.
    """
    standing = [family for family in order if family in crps]
    first = standing[0]
    n = len(crps[first])
    lead = {family: lead_of(crps[first], crps[family]) for family in standing}
    picked = first
    if n >= FEW_INTERVENTIONS:
        for family in standing[1:]:
            if family != "mean" and lead[family] > 1.0 and gains(crps[picked], crps[family]):
                picked = family
    scores = {family: float(crps[family].nanmean()) for family in standing}
    level = 1
    if n >= FEW_INTERVENTIONS and picked != "mean" and shuffled is not None and "mean" in crps:
        level = 2 if min(lead_of(crps["mean"], crps[picked]), lead_of(shuffled, crps[picked])) > 1.0 else 1
    if n < FEW_INTERVENTIONS:
        why = f"{picked}: prior order, for {n} distinct interventions are too few to judge by (needs {FEW_INTERVENTIONS})."
    elif picked == first:
        why = f"{picked}: no rival beats it by one standard error and by {100 * LEAST_GAIN:.0f} % (CRPS {scores[picked]:.3f} of an sd)."
    else:
        why = f"{picked}: beats {first} by {lead[picked]:.1f} standard errors (CRPS {scores[picked]:.3f} against {scores[first]:.3f} of an sd)."
    as_good = [family for family in standing if family in ("linear", "mean") and family != picked and lead_of(crps[family], crps[picked]) <= 1.0]
    if n >= FEW_INTERVENTIONS and as_good:
        why += f" The {' and the '.join(as_good)} model is as good here."
    return Verdict(
        picked=picked, scores=scores, lead=lead, n_records=n_records, n_interventions=n, level=level, why=why, failed=dict(failed)
    )


def gains(reference: Tensor, rival: Tensor) -> bool:
    """Whether the rival's mean score is lower by enough to matter: what many readings can tell need not be worth a change."""
    return bool(rival.nanmean() < (1 - LEAST_GAIN) * reference.nanmean())


def lead_of(reference: Tensor, rival: Tensor) -> float:
    """Standard errors by which the rival's scores lie below the reference's, paired by intervention."""
    difference = reference - rival
    difference = difference[torch.isfinite(difference)]
    if len(difference) < 2:
        return 0.0
    error = difference.std() / len(difference) ** 0.5
    return float(difference.mean() / error.clamp_min(1e-12))
