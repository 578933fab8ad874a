"""How many candidates the budget still allows."""

from __future__ import annotations

from dataclasses import dataclass

from world_model.terms.errors import ConflictError

from .campaign_state import CampaignState
from .progress import experiments_used


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """`candidates` may be proposed now; `message` says so where that is less than what was asked."""

    candidates: int
    message: str = ""


def allowance(state: CampaignState, asked: int) -> Allowance:
    """Cut what is asked to whole candidates with their replicates that fit beside controls and blanks.

    Raises:
        ConflictError: the budget is spent, or what is left holds not one candidate.
    """
    charter = state.charter
    budget, batch = charter.budget, charter.batch
    if budget.rounds is not None and len(state.rounds) >= budget.rounds:
        raise ConflictError(
            f"Expected a round within the budget of {budget.rounds} rounds, found {len(state.rounds)} proposed. "
            f"Raise `rounds` under [budget] in the campaign file, or write the report."
        )
    if budget.experiments is None:
        return Allowance(candidates=asked)
    used = experiments_used(state)
    left = budget.experiments - used
    overhead = batch.blanks + sum(control.wells for control in charter.controls)
    fitting = (left - overhead) // batch.wells_each
    if fitting < 1:
        need = overhead + batch.wells_each
        raise ConflictError(
            f"Expected a batch within the budget of {budget.experiments} experiments, found {used} used and {max(left, 0)} left: one candidate "
            f"needs {need} ({batch.wells_each} well{'s' if batch.wells_each > 1 else ''}, {overhead} controls and blanks). Raise `experiments` under [budget] in the campaign file, or write the report."
        )
    if fitting >= asked:
        return Allowance(candidates=asked)
    return Allowance(
        candidates=fitting,
        message=f"The budget of {budget.experiments} experiments has {left} left: {fitting} candidates are proposed instead of {asked}.",
    )


def rounds_left(state: CampaignState, candidates: int) -> int | None:
    """Rounds of so many candidates that the budget still holds, the next one among them; None where it names no end."""
    charter = state.charter
    budget, batch = charter.budget, charter.batch
    each = candidates * batch.wells_each + batch.blanks + sum(control.wells for control in charter.controls)
    told = [] if budget.rounds is None else [budget.rounds - len(state.rounds)]
    if budget.experiments is not None:
        told.append(-(-(budget.experiments - experiments_used(state)) // each))
    return min(told, default=None)


def is_spent(state: CampaignState) -> bool:
    """True where not one more candidate fits."""
    try:
        allowance(state, 1)
    except ConflictError:
        return True
    return False
