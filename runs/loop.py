"""The closed loop in memory: the same verbs and the same sensor as on disk, without robot files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from world_model.terms.lab import Lab
from world_model.terms.space import SearchSpace

from .ingest.reading_plan import ReadingPlan
from .report.best_so_far import best_so_far
from .state.campaign_state import CampaignState
from .state.charter import Charter
from .state.dataset import dataset
from .state.payloads import PastResultsImported, Readings
from .verbs.answer import order_of
from .verbs.open_campaign import LabFile, OpenCampaign, begin
from .verbs.outcome import Progress, silent
from .verbs.propose import Strategy, propose
from .verbs.record import reading_plan, record_content


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where a simulated plate's experiments stand: the wells that a compiled protocol would have used."""

    plate: str
    wells: Mapping[str, str]
    volume_ul: float | None


def closed_loop(
    *, charter: Charter, space: SearchSpace, lab: Lab, candidates: Sequence[int], seed: int, strategy: Strategy = "auto",
    lab_file: LabFile | None = None, past: PastResultsImported | None = None, progress: Progress = silent,
) -> CampaignState:  # fmt: skip
    """Run a whole campaign in memory and hand back where it ends.

    Args:
        candidates: new candidates of each round; as many rounds as there are entries, or fewer where the budget ends.
        seed: of the campaign: the planner's and the sensor's.
        lab_file: the bench, so that the same plates are laid out and the same settings are reachable; nothing is compiled.
        past: past results to start from.

    Raises:
        ConflictError: the budget holds not one round.
    """
    campaign = begin(charter.model_copy(update={"seed": seed, "protocol": False}), space, workspace=None, lab=lab_file)
    if past is not None:
        campaign.append([past], on=campaign.standing())
    for n in candidates:
        propose(campaign, n=n, strategy=strategy, progress=progress)
        _answer(campaign, lab)
    state = campaign.standing()
    campaign.close()
    return state


def best_true_curves(state: CampaignState, lab: Lab) -> tuple[np.ndarray, ...]:
    """One `k` a goal: the best noise-free value after each experiment, in the order of the budget; nan before the first."""
    data = dataset(state)
    curves = (best_so_far(state, data, goal, lab=lab).best_true for goal in state.charter.goals)
    return tuple(curve for curve in curves if curve is not None)


def past_of(state: CampaignState) -> PastResultsImported | None:
    """The past results of a campaign, to start another one from; None where it has none."""
    if not state.past:
        return None
    ids = {experiment.id for experiment in state.past}
    rows = [(block.readings, i) for block in state.blocks for i, id in enumerate(block.readings.experiment_id) if id in ids]
    readings = Readings(**{name: tuple(getattr(told, name)[i] for told, i in rows) for name in Readings.model_fields})
    return PastResultsImported(source="past results", sha256="", experiments=state.past, readings=readings)


def _answer(campaign: OpenCampaign, lab: Lab) -> None:
    state = campaign.standing()
    opened = state.rounds[-1]
    laid = _layout(campaign, state) if campaign.lab is not None else None
    order = order_of(
        state, opened, campaign.space, layout=laid.wells if laid else None, plate=laid.plate if laid else "", volume_ul=laid.volume_ul if laid else None
    )  # fmt: skip
    file = lab.answer(order)
    plan = reading_plan(state, [opened])
    if laid is not None:
        plan = ReadingPlan(measurements=plan.measurements, roles=plan.roles, plates={laid.plate: laid.wells})
    record_content(campaign, file.text.encode(), name=file.name, round=opened.number, simulated=True, plan=plan)


def _layout(campaign: OpenCampaign, state: CampaignState) -> Layout:
    from protocols.layout import lay_out

    from .verbs.compile_round import plate_id

    assert campaign.lab is not None
    profile = campaign.lab.profile
    plate = plate_id(state.name, len(state.rounds))
    wells = lay_out(state.rounds[-1].experiments, profile, seed=state.charter.seed, plate=plate).wells
    return Layout(plate=plate, wells=wells, volume_ul=profile.plate.volume_ul)
