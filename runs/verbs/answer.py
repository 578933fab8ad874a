"""Ask a simulated lab for the results of a round, as a plate reader would write them."""

from __future__ import annotations

from collections.abc import Mapping

from world_model.terms.experiment import Experiment
from world_model.terms.lab import Lab, LabOrder, RawFile
from world_model.terms.space import SearchSpace

from ..state.campaign_state import CampaignState, RoundState
from ..state.progress import settings_as_done


def order_of(
    state: CampaignState, opened: RoundState, space: SearchSpace, *, layout: Mapping[str, str] | None = None, plate: str = "",
    volume_ul: float | None = None,
) -> LabOrder:  # fmt: skip
    """What the lab is asked to carry out: the settings that the pipetting really reaches, in the wells of the layout.

    Args:
        layout: well → experiment; else the compiled one, else no plate.
    """
    compiled = opened.compiled
    if compiled is not None:
        layout, plate, volume_ul = compiled.layout, compiled.plate, compiled.volume_ul
    well_of = {id: well for well, id in (layout or {}).items()}
    done = settings_as_done(state)
    times = tuple(sorted({hour for measurement in state.charter.measurements for hour in measurement.at_h}))
    experiments = tuple(
        Experiment(
            id=e.id, system=state.charter.system, context=state.charter.context, sample_times_h=times, role=e.role, repeat_of=e.repeat_of,
            interventions=() if e.role in ("blank", "unused") else space.interventions(done[e.id]),
        )
        for e in opened.experiments
    )  # fmt: skip
    return LabOrder(
        experiments=experiments, measurements=state.charter.measurements, round=opened.number, seed=state.charter.seed, plate=plate,
        wells=tuple(well_of[e.id] for e in opened.experiments) if well_of else (), volume_ul=volume_ul,
    )  # fmt: skip


def answer(lab: Lab, state: CampaignState, opened: RoundState, space: SearchSpace) -> RawFile:
    """The lab's results file for a round.

    Raises:
        ResultsError: the lab does not hold, or can't carry out, what is asked.
    """
    return lab.answer(order_of(state, opened, space))
