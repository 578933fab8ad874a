"""Ask the model about experiments that were not done: numbers with their doubt, and draws of whole trajectories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from world_model.terms.errors import ResultsError
from world_model.terms.factors import Categorical
from world_model.terms.goals import Goal
from world_model.terms.space import SearchSpace

from ..state.campaign_state import CampaignState
from ..state.dataset import dataset
from .mechanism_of import mechanism_of
from .open_campaign import OpenCampaign

if TYPE_CHECKING:
    from world_model.fit import WorldModel

Settings = Mapping[str, float | str]
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True, kw_only=True)
class Trajectories:
    """Draws of what would be read without noise.

    Attributes:
        times_h: `t`; a single nan for end points.
        variables: `y` names.
        values: `s x n x t x y`, each observable's own unit; draw s is one hypothesis shared by all n experiments.
    """

    times_h: np.ndarray
    variables: tuple[str, ...]
    values: np.ndarray

    def frame(self, variable: str) -> pd.DataFrame:
        """One observable, long: draw, experiment (by position), time_h, value."""
        told = self.values[..., self.variables.index(variable)]
        draw, experiment, time = np.meshgrid(*(np.arange(size) for size in told.shape), indexing="ij")
        return pd.DataFrame({"draw": draw.ravel(), "experiment": experiment.ravel(), "time_h": self.times_h[time.ravel()], "value": told.ravel()})


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """The model as it stood at one event of the journal (`head`)."""

    world: WorldModel
    space: SearchSpace
    goals: tuple[Goal, ...]
    head: int

    def predict(self, experiments: pd.DataFrame | Sequence[Settings]) -> pd.DataFrame:
        """`mean`, `sd` and quantiles of each goal's readout (the state's, without the reader's noise)."""
        index = experiments.index if isinstance(experiments, pd.DataFrame) else None
        posterior = self.world.posterior(settings_of(experiments, self.space))
        blocks = []
        for goal in self.goals:
            told = posterior.readout(goal)
            mean, sd = told.mean.numpy(), told.sd.numpy()
            block = pd.DataFrame({"mean": mean, "sd": sd}, index=index)
            for share in QUANTILES:
                block[f"q{round(100 * share):02d}"] = mean + sd * _normal_quantile(share)
            if len(self.goals) > 1:
                block.insert(0, "goal", str(goal))
            blocks.append(block)
        return pd.concat(blocks)

    def simulate(self, experiments: pd.DataFrame | Sequence[Settings], times_h: Sequence[float], *, n: int, seed: int) -> Trajectories:
        """`n` draws, linear between the times that were read."""
        drawn = self.world.posterior(settings_of(experiments, self.space)).draws(n, seed).numpy()
        read_h = self.world.times_h.numpy()
        if not len(times_h):
            return Trajectories(times_h=read_h, variables=self.world.variables, values=drawn)
        if len(read_h) == 1:
            raise ResultsError("Expected no times where only end points were read, found some. Leave times_h out.")
        asked = np.asarray(times_h, dtype=float)
        if not np.isfinite(asked).all() or asked.min() < read_h[0] - 1e-9 or asked.max() > read_h[-1] + 1e-9:
            raise ResultsError(f"Expected times from {read_h[0]:g} to {read_h[-1]:g} h, found {asked.min():g} to {asked.max():g} h: the model knows nothing beyond what was read.")
        right = np.clip(np.searchsorted(read_h, asked), 1, len(read_h) - 1)
        share = np.clip((asked - read_h[right - 1]) / (read_h[right] - read_h[right - 1]), 0.0, 1.0)[None, None, :, None]
        return Trajectories(times_h=asked, variables=self.world.variables, values=drawn[:, :, right - 1] * (1 - share) + drawn[:, :, right] * share)


def forecast(campaign: OpenCampaign, state: CampaignState) -> Forecast:
    """Fit the model to what was read so far.

    Raises:
        ResultsError: too few results to learn from.
    """
    from world_model.fit import fit_world_model

    world = fit_world_model(campaign.space, dataset(state), seed=state.charter.seed, goals=state.charter.goals, mechanism=mechanism_of(campaign))
    return Forecast(world=world, space=campaign.space, goals=state.charter.goals, head=state.head)


def settings_of(experiments: pd.DataFrame | Sequence[Settings], space: SearchSpace) -> list[dict[str, float | str]]:
    """Settings by row; a frame may hold other columns too.

    Raises:
        ResultsError: a factor is missing.
    """
    rows = experiments.to_dict("records") if isinstance(experiments, pd.DataFrame) else list(experiments)
    settings: list[dict[str, float | str]] = []
    for i, row in enumerate(rows):
        missing = [name for name in space.names if name not in row or row[name] is None or row[name] != row[name]]
        if missing:
            raise ResultsError(f"Row {i}: expected a value for every factor, found none for {', '.join(missing)}.")
        settings.append({f.name: str(row[f.name]) if isinstance(f, Categorical) else float(row[f.name]) for f in space.factors})
    return settings


def _normal_quantile(share: float) -> float:
    from statistics import NormalDist

    return NormalDist().inv_cdf(share)
