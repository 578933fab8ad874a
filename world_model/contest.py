"""The contest: every contestant fitted to the same records and scored on interventions that it did not see."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from .coefficients import FIT_FAILURES
from .contestants.registry import is_own
from .contestants.stack import STACK, Stack, mixed, stacking_weights
from .contract import Belief, Contestant, Fitted, Progress, Training
from .judge import FEW_INTERVENTIONS, Verdict, crps_by_intervention, gains, lead_of
from .terms.errors import NextwellError

FOLDS = 5
# Held-out predictions flatter when they beat a refit without a tenth of the interventions (4 at least) by more than these standard
# errors and are so many times better: what saw a little less is a little worse too, but not by that much.
FLATTERS_BY, FLATTERS_TIMES, FEWEST_REFITTED = 2.0, 3.0, 4
CANT_FIT = (*FIT_FAILURES, NextwellError, np.linalg.LinAlgError, torch.linalg.LinAlgError)  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Contest:
    """Who competed, and how.

    Attributes:
        fitted: contestant → its fit to all records, in the order of entry.
        held_out: contestant → what it believes of each record without that record's intervention.
        scores: contestant → `g` CRPS of held-out interventions, in units of the observables' sd.
        seconds: contestant → CPU seconds of fit and held-out belief.
        failed: contestant → why it could not be fitted.
    """

    fitted: Mapping[str, Fitted]
    held_out: Mapping[str, Belief]
    scores: Mapping[str, Tensor]
    seconds: Mapping[str, float]
    failed: Mapping[str, str]


def hold_contest(training: Training, entered: Sequence[Contestant], *, seed: int, progress: Progress | None = None) -> Contest:
    """Fit and score every contestant that entered.

    Raises:
        NextwellError: none could be fitted.
    """
    fitted: dict[str, Fitted] = {}
    held_out: dict[str, Belief] = {}
    seconds: dict[str, float] = {}
    failed: dict[str, str] = {}
    for one in entered:
        if progress:
            progress(f"fitting the {one.name} model to {len(training)} experiments")
        begun = time.process_time()
        try:
            model = one.fit(training, seed=seed, progress=progress)
            told = model.held_out()
            fault = unfit(one, told, training, seed=seed)
        except CANT_FIT as error:
            fault = f"{type(error).__name__}: {str(error)[:160]}"
        if fault:
            failed[one.name] = fault
            continue
        fitted[one.name], held_out[one.name], seconds[one.name] = model, told, time.process_time() - begun
    if not fitted:
        raise NextwellError(f"Expected a model that can be fitted to {len(training)} experiments, found none: {failed}. Look for readings that are wrong.")
    scores = {name: crps_by_intervention(told, training=training) for name, told in held_out.items()}
    return Contest(fitted=fitted, held_out=held_out, scores=scores, seconds=seconds, failed=failed)


def unfit(one: Contestant, told: Belief, training: Training, *, seed: int) -> str:
    """Why held-out predictions can't be scored: some are missing, or they have met the readings; empty where they can.

    Our own contestants' held-out predictions are tested to be what they say. Another package's are compared with a refit that did
    not see some of the interventions, for a contestant that hands back what it has read would win every contest.
    """
    known = torch.isfinite(training.as_read)
    lacking = known & ~(torch.isfinite(told.mean) & (told.variance("reading") >= 0) & torch.isfinite(told.variance("reading")))
    if lacking.any():
        return f"Expected a held-out prediction of every reading, found none of {int(lacking.sum())} of {int(known.sum())}."
    groups = torch.unique(training.groups)
    if is_own(one) or len(groups) < FEW_INTERVENTIONS:
        return ""
    dealt = groups[torch.randperm(len(groups), generator=torch.Generator().manual_seed(seed))]
    out = torch.isin(training.groups, dealt[: max(FEWEST_REFITTED, len(groups) // 10)])
    part = training.take(out)
    refit = one.fit(training.take(~out), seed=seed).beliefs(part.design)
    claimed, found = crps_by_intervention(told.take(out), training=part), crps_by_intervention(refit, training=part)
    if lead_of(found, claimed) > FLATTERS_BY and float(claimed.nanmean()) < float(found.nanmean()) / FLATTERS_TIMES:
        return (
            f"Expected held-out predictions that have not met the readings, found a CRPS of {float(claimed.nanmean()):.3f} of an sd where "
            f"a refit without these interventions has {float(found.nanmean()):.3f}."
        )
    return ""


def refitted_held_out(one: Contestant, training: Training, *, seed: int) -> Belief | None:
    """What a contestant believes of each fold of interventions when it is fitted to the others, basis and hyper-parameters included.

    Closed-form leave-one-out keeps what was learned from the row that is left out; with few rows that makes intervals too narrow.
    None where a fold can't be fitted.
    """
    groups = torch.unique(training.groups)
    dealt = groups[torch.randperm(len(groups), generator=torch.Generator().manual_seed(seed))]
    told: list[tuple[Tensor, Belief]] = []
    for fold in range(FOLDS):
        out = torch.isin(training.groups, dealt[fold::FOLDS])
        try:
            told.append((torch.nonzero(out).flatten(), one.fit(training.take(~out), seed=seed).beliefs(training.design[out])))
        except CANT_FIT:
            return None
    order = torch.cat([rows for rows, _ in told]).argsort()
    return Belief(
        mean=torch.cat([belief.mean for _, belief in told])[order], epistemic=torch.cat([belief.epistemic for _, belief in told])[order],
        aleatoric=torch.cat([belief.aleatoric for _, belief in told])[order],
    )  # fmt: skip


def stack_of(contest: Contest, weights: Mapping[str, float]) -> Stack:
    """The fitted members of a stack; what is missing from the contest (it could not be fitted this time) loses its share."""
    names = tuple(name for name in weights if name in contest.fitted)
    share = torch.tensor([weights[name] for name in names], dtype=torch.double)
    return Stack(
        names=names, members=tuple(contest.fitted[name] for name in names), weights=share / share.sum(),
        told=tuple(contest.held_out[name] for name in names),
    )  # fmt: skip


def with_stack(verdict: Verdict, contest: Contest, *, training: Training) -> Verdict:
    """The verdict, or one for a stack where that predicts unseen interventions better by one standard error.

    The stack is scored with weights learned from the other half of the interventions.
    """
    names = list(contest.held_out)
    groups = torch.unique(training.groups)
    if len(groups) < FEW_INTERVENTIONS or len(names) < 2:
        return verdict
    told = [contest.held_out[name] for name in names]
    even = torch.isin(training.groups, groups[::2])
    scores = torch.empty(len(groups), dtype=torch.double)
    for rows, half in ((even, slice(1, None, 2)), (~even, slice(0, None, 2))):
        weights = stacking_weights(told, training, rows=rows)
        scores[half] = crps_by_intervention(mixed(told, weights), training=training)[half]
    lead = lead_of(contest.scores[verdict.picked], scores)
    if lead <= 1.0 or not gains(contest.scores[verdict.picked], scores):
        return replace(verdict, scores={**verdict.scores, STACK: float(scores.nanmean())})
    weights = stacking_weights(told, training)
    shares = {name: round(float(weight), 6) for name, weight in zip(names, weights, strict=True) if weight > 0}
    parts = ", ".join(f"{name} {share:.0%}" for name, share in sorted(shares.items(), key=lambda item: -item[1]))
    return replace(
        verdict, picked=STACK, weights=shares, scores={**verdict.scores, STACK: float(scores.nanmean())}, lead={**verdict.lead, STACK: lead},
        why=f"stack ({parts}): beats {verdict.picked} by {lead:.1f} standard errors (CRPS {float(scores.nanmean()):.3f} against {verdict.scores[verdict.picked]:.3f} of an sd).",
    )  # fmt: skip
