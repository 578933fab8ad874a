"""What if: ask the model what an experiment under way would do under other plans for the rest of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from world_model.terms.errors import ConflictError, DesignError, nearest

from ..state.campaign_state import CampaignState
from ..state.dataset import dataset
from ..state.progress import experiments, settings_as_done
from .mechanism_of import mechanism_of
from .open_campaign import OpenCampaign
from .outcome import Progress, silent

if TYPE_CHECKING:
    from world_model.filter import Method
    from world_model.state import History
    from world_model.terms.readings import Dataset
    from world_model.what_if import WhatIf

Plan = Mapping[str, float | str]
CERTIFIED = "certified"
DRAWS = 1000


def ask_what_if(
    campaign: OpenCampaign, *, experiment: str, plans: Mapping[str, Plan], until_h: float | None = None, goal: int = 0, n: int = DRAWS, seed: int = 0,
    claim: str = CERTIFIED, method: Method = "weights", progress: Progress = silent,
) -> WhatIf:  # fmt: skip
    """Compare plans for the rest of an experiment, from what was read of it until an hour.

    The model is fitted to all other experiments: this one's readings count once, as its history.

    Args:
        experiment: its id; one that is proposed and not yet read has no history, and everything in it may change.
        until_h: now; readings after it are held back. Without it, the last reading.
        goal: which of the campaign's goals ranks the plans, from 0.
        claim: `certified` needs a certificate of level 3; `exploration` needs none, and the answer says so.
        method: how a model that is known by draws alone uses the readings; see `world_model.filter`.

    Raises:
        ConflictError: no certificate that allows it.
        DesignError: an unknown experiment or claim, or a plan that can't be.
        ResultsError: too few results to learn from, or a history that the model can't use.
    """
    from world_model.departure import plan_from
    from world_model.fit import fit_world_model
    from world_model.what_if import what_if

    state = campaign.standing()
    allowed = _allowed(campaign, state, claim)
    goals = state.charter.goals
    if not 0 <= goal < len(goals):
        raise DesignError(f"Expected a goal from 0 to {len(goals) - 1}, found {goal}.")
    data = dataset(state)
    history = history_of(state, data, experiment, until_h)
    # before the fit, which takes its time; a plan that can't be is refused at once
    for name, plan in plans.items():
        plan_from(campaign.space, history.settings, plan, now_h=history.now_h, name=name)
    others = data.take(np.array([id != experiment for id in data.ids], dtype=bool))
    progress(f"fitting the model to {len(others)} other experiments")
    world = fit_world_model(campaign.space, others, seed=state.charter.seed, goals=goals, mechanism=mechanism_of(campaign))
    return what_if(world, history, plans, n=n, seed=seed, claim=allowed, goal=goals[goal], method=method)


def history_of(state: CampaignState, data: Dataset, id: str, until_h: float | None) -> History:
    """The history of an experiment until an hour (else until its last reading); one that is only proposed has none.

    Raises:
        DesignError: no such experiment, a blank, or one without readings where no hour is given.
    """
    from world_model.state import History

    if id in data.ids:
        row = data.values[data.ids.index(id)]
        read = data.times_h[np.isfinite(row).any(axis=1)]
        if until_h is None and not len(read):
            raise DesignError(f"Expected readings of {id!r}, found none that count. Say with until_h (--until) how far it has come.")
        return History.of(data, id, until_h=float(read[-1]) if until_h is None else until_h)
    known = {experiment.id: experiment.role for experiment in experiments(state) if experiment.role not in ("blank", "unused")}
    if id not in known:
        if any(experiment.id == id for experiment in experiments(state)):
            raise DesignError(f"Expected an experiment with settings, found {id!r}, a blank or unused well. {nearest(id, known)}")
        raise DesignError(f"Expected an experiment of this campaign, found {id!r}. {nearest(id, known)}")
    history = History.not_begun(settings_as_done(state)[id], data.variables)
    if until_h is None:
        return history
    from dataclasses import replace

    return replace(history, now_h=until_h)


def _allowed(campaign: OpenCampaign, state: CampaignState, claim: str) -> str:
    """What may be said on the answer."""
    if claim == "exploration":
        return claim
    if claim != CERTIFIED:
        raise DesignError(f"Expected claim 'certified' or 'exploration', found {claim!r}. {nearest(claim, (CERTIFIED, 'exploration'))}")
    from world_model.certify.gate import WHAT_IF, require_level

    from ..state.standing import standing

    stands = standing(state)
    try:
        require_level(stands, WHAT_IF, to="what_if")
    except ConflictError as refused:
        raise ConflictError(f"{refused} To think aloud without one: claim='exploration' (--claim exploration).") from refused
    return f"level {stands.level}, certified: {stands.why}"
