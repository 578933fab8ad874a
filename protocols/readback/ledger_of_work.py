"""The ledger walks L3 itself, before anything is written: what runs dry, overflows or would carry over is told with its numbers."""

from __future__ import annotations

from collections.abc import Sequence

from ..work import WorkStage, WorkStep
from .acts import Act, Bench
from .walk import Fault, open_ledger


def work_faults(stages: Sequence[WorkStage], bench: Bench) -> list[Fault]:
    """Every moment of a plan that can't be."""
    ledger = open_ledger(bench)
    for stage in stages:
        for steps in (stage.before, stage.steps, stage.after):
            ledger.walk(_acts(steps), stage=stage.name)
    return ledger.faults


def _acts(steps: Sequence[WorkStep]) -> list[Act]:
    acts: list[Act] = []
    for number, step in enumerate(steps, start=1):
        if step.fresh and acts:
            acts.append(Act("change", ("", ""), 0, number))
        acts += [Act("aspirate", step.source, step.volume_nl, number), Act("dispense", step.target, step.volume_nl, number)]
    return acts
