"""The contest: every contestant fitted to the same records and scored on interventions that it did not see."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor

from .coefficients import FIT_FAILURES
from .contract import Belief, Contestant, Fitted, Progress, Training
from .judge import crps_by_intervention
from .terms.errors import NextwellError

CANT_FIT = (*FIT_FAILURES, NextwellError)


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
        except CANT_FIT as fault:
            failed[one.name] = f"{type(fault).__name__}: {str(fault)[:160]}"
            continue
        fitted[one.name], held_out[one.name], seconds[one.name] = model, told, time.process_time() - begun
    if not fitted:
        raise NextwellError(f"Expected a model that can be fitted to {len(training)} experiments, found none: {failed}. Look for readings that are wrong.")
    scores = {name: crps_by_intervention(told, training=training) for name, told in held_out.items()}
    return Contest(fitted=fitted, held_out=held_out, scores=scores, seconds=seconds, failed=failed)
