"""When to read: the few hours that leave the goal's readout least unsure, for the next round or for the rest of one experiment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from world_model.terms.errors import DesignError
from world_model.terms.goals import Goal

from ..state.campaign_state import CampaignState
from ..state.dataset import dataset
from ..state.progress import pending
from .mechanism_of import mechanism_of
from .open_campaign import OpenCampaign
from .outcome import Progress, silent
from .what_if import history_of

if TYPE_CHECKING:
    import pandas as pd

    from planner.sampling.schedule import Schedule

ALL_OVER = 32  # experiments all over the space, where no round waits


@dataclass(frozen=True, kw_only=True)
class SampleTimes:
    """Hours to read at, with what they are worth.

    Attributes:
        of: whose hours: an experiment's id, "round 3", or "the next round".
        goal: whose readout is meant; `unit`: its unit.
        experiments: how many the hours are chosen for together.
        measured: what is read at each hour.
        now_h: hours until this one are past.
        chosen: the hours, and what is left unsure after each.
    """

    of: str
    goal: Goal
    unit: str
    experiments: int
    measured: tuple[str, ...]
    now_h: float
    chosen: Schedule

    @property
    def hours(self) -> tuple[float, ...]:
        """In order of time."""
        return self.chosen.hours

    def frame(self) -> pd.DataFrame:
        """One row a read, by worth: `at_h`, `sd_after` of the readout, and `share`, of the variance that is gone by then."""
        import pandas as pd

        before, after = self.chosen.sd[0], self.chosen.sd[1:]
        return pd.DataFrame({"at_h": self.chosen.order, "sd_after": after, "share": [1 - (sd / before) ** 2 if before > 0 else 0.0 for sd in after]})


def reader_noise(state: CampaignState) -> dict[str, float]:
    """Observable → the reader's sd, where the campaign tells it."""
    return {measurement.name: measurement.noise for measurement in state.charter.measurements if measurement.noise is not None}


def sample_times(
    campaign: OpenCampaign, *, k: int, experiment: str | None = None, until_h: float | None = None, allowed: Sequence[float] = (),
    measured: Sequence[str] = (), goal: int = 0, seed: int = 0, progress: Progress = silent,
) -> SampleTimes:  # fmt: skip
    """The best `k` hours.

    Args:
        k: reads of each experiment.
        experiment: one that runs; its readings until `until_h` are known. Without it, the experiments that wait for results, or
            points all over the space where none does.
        allowed: hours at which one may read; else those of the measurements.
        measured: what is read at each of them; else every measurement.
        goal: which of the campaign's goals, from 0.

    Raises:
        DesignError: an unknown goal or experiment, no allowed hour, or a campaign of end points.
        ResultsError: too few results to learn from, or hours that the model has not learned.
    """
    from planner.information.where import all_over
    from planner.sampling.curves import readable_of
    from planner.sampling.schedule import schedule
    from world_model.fit import fit_world_model
    from world_model.state import History

    if k < 1:
        raise DesignError(f"Expected at least 1 read, found {k}.")
    state = campaign.standing()
    goals, data = state.charter.goals, dataset(state)
    if not 0 <= goal < len(goals):
        raise DesignError(f"Expected a goal from 0 to {len(goals) - 1}, found {goal}.")
    history = None if experiment is None else history_of(state, data, experiment, until_h)
    others = data if experiment is None else data.take(np.array([id != experiment for id in data.ids], dtype=bool))
    progress(f"fitting the model to {len(others)} experiments")
    world = fit_world_model(campaign.space, others, seed=state.charter.seed, goals=goals, mechanism=mechanism_of(campaign))
    waits = [row for row in pending(state) if row.role == "candidate"]
    if history is not None:
        of, histories = str(experiment), [history]
    elif waits:
        of, histories = f"{len(waits)} experiments that wait", [History.not_begun(row.settings, world.variables) for row in waits]
    else:
        rows = world.encoder.settings(all_over(world.encoder, ALL_OVER, seed=seed))
        of, histories = "the next round", [History.not_begun(row, world.variables) for row in rows]
    hours = tuple(allowed) or tuple(float(hour) for hour in world.times_h)
    readable = readable_of(world, goals[goal], histories, hours=hours, measured=measured, noise=reader_noise(state), seed=seed)
    wanted = goals[goal]
    unit = wanted.unit_of(state.charter.measurement(wanted.readout).unit, is_curve=True)
    return SampleTimes(
        of=of, goal=wanted, unit=unit, experiments=len(histories), measured=tuple(measured) or world.variables,
        now_h=max(one.now_h for one in histories), chosen=schedule(readable, k),
    )  # fmt: skip
