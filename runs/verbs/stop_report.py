"""The stop report: what the next batch is worth and which reasons to stop hold. Nothing is recorded."""

from __future__ import annotations

from world_model.terms.errors import ConflictError, DesignError
from world_model.terms.stop import StopReport

from ..state.progress import unfinished_rounds
from .assess_round import assess_round
from .open_campaign import OpenCampaign
from .outcome import Progress, silent
from .propose import plan_round


def stop_report(campaign: OpenCampaign, *, n: int | None = None, progress: Progress = silent) -> StopReport:
    """Plan the next batch, as `propose` would, and say what it is worth. A round that still waits for results counts as under way.

    Args:
        n: new candidates of that batch; else as the campaign's batch says.

    Raises:
        ConflictError: the campaign has not begun.
    """
    state = campaign.standing()
    try:
        planned = plan_round(campaign, n=n, ahead=bool(unfinished_rounds(state)), progress=progress)
    except ConflictError as spent:
        return assess_round(campaign, state, (), budget=str(spent), progress=progress)
    except DesignError as none_left:
        return assess_round(campaign, state, (), exhausted=str(none_left), progress=progress)
    if planned.report is not None:
        return planned.report
    return assess_round(campaign, state, planned.proposal.experiments, progress=progress)
