"""Experiments that will not be read: tried and failed, or never carried out."""

from __future__ import annotations

from collections.abc import Sequence

from world_model.terms.errors import ConflictError, DesignError, nearest

from ..state.payloads import ExperimentsFailed, Failure
from .open_campaign import OpenCampaign
from .outcome import Outcome


def set_aside(campaign: OpenCampaign, ids: Sequence[str], *, why: str, carried_out: bool) -> Outcome:
    """Say of experiments that they will not be read.

    Args:
        carried_out: they were tried and gave nothing; else they were never done, which says nothing about their settings.

    Raises:
        DesignError: no id, no reason, or an experiment that was never proposed.
        ConflictError: one that has readings, or is set aside already.
    """
    state = campaign.standing()
    if not ids or not why.strip():
        raise DesignError("Expected experiments and a reason, found none. The reason stays in the journal.")
    known = [experiment.id for opened in state.rounds for experiment in opened.experiments]
    if unknown := [id for id in ids if id not in known]:
        raise DesignError(f"Expected proposed experiments, found {', '.join(map(repr, unknown))}. {nearest(unknown[0], known)}")
    if read := [id for id in ids if id in state.answered]:
        raise ConflictError(f"Expected experiments without readings, found {', '.join(read)} read. A reading that is wrong is recorded again with flag = 'failed' and a reason.")
    again = [id for id in ids if id in state.failed and (id not in state.abandoned) == carried_out]
    if again:
        raise ConflictError(f"Expected experiments that are waited for, found {', '.join(again)} set aside already ({state.failed[again[0]]}).")
    told = tuple(Failure(id=id, why=why.strip(), carried_out=carried_out) for id in dict.fromkeys(ids))
    after = campaign.append([ExperimentsFailed(experiments=told)], on=state)
    what = "failed" if carried_out else "abandoned: never carried out, they count as nothing"
    return Outcome(state=after, messages=(f"{len(told)} experiment{'s' if len(told) > 1 else ''} {what} ({why.strip()}).",))
