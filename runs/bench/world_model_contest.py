"""Every contestant fitted to the same records, and what a user gets under each prior belief: the judge's choice, calibrated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from torch import Tensor

from world_model.calibration import fit_calibration
from world_model.contest import Contest, hold_contest
from world_model.contestants.registry import in_order
from world_model.contract import Training
from world_model.fit import WorldModel, fit_training, judged, world_of
from world_model.judge import Verdict

from .forecast_measures import Told
from .world_model_tasks import Draw, Prior, Task

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Held:
    """A contest under one prior belief.

    Attributes:
        with_mechanism: who could not compete without one.
        world: the judge's choice.
    """

    prior: Prior
    training: Training
    contest: Contest
    with_mechanism: frozenset[str]
    world: WorldModel

    @property
    def seconds(self) -> float:
        """CPU seconds of everything that this prior belief needs, fits that it shares with others included."""
        return sum(self.contest.seconds.values())


def training_of(task: Task, data: Draw, *, prior: Prior) -> Training:
    """The training set under one prior belief."""
    return Training.of(task.space, data.dataset(task.times, task.variables), mechanism=task.mechanism(prior))


def hold(training: Training, *, prior: Prior, seed: int, bare: Held | None = None, progress: Progress | None = None) -> Held:
    """Fit whoever competes, and let the judge pick.

    Args:
        bare: a contest on the same records without a mechanism; who needs none is taken from it, for it would be the same.

    Raises:
        NextwellError: nobody could be fitted.
    """
    order = in_order(training, plans=False)
    without = replace(training, simulated=None)
    needy = frozenset(one.name for one in order if training.simulated is not None and one.why_not(without) is not None)
    entered = [one for one in order if bare is None or one.name in needy]
    contest = hold_contest(training, entered, seed=seed, progress=progress) if entered else None
    parts = [part for part in (contest, None if bare is None else bare.contest) if part is not None]
    joined = Contest(*({name: value for part in parts for name, value in getattr(part, key).items()} for key in ("fitted", "held_out", "scores", "seconds", "failed")))
    verdict = judged(joined, order, training=training, shuffled=None)
    world = world_of(joined, verdict, order, training=training, seed=seed)
    return Held(prior=prior, training=training, contest=joined, with_mechanism=needy, world=world)


def refit(task: Task, data: Draw, *, prior: Prior, verdict: Verdict, seed: int) -> WorldModel:
    """What a judge chose on as many experiments, fitted to others."""
    return fit_training(training_of(task, data, prior=prior), seed=seed, purpose="forecast", previous=verdict)


def told_by(held: Held, name: str, design: Tensor) -> Told:
    """What one contestant forecasts, with a calibration of its own."""
    calibration = fit_calibration(held.contest.held_out[name], held.training.values, held.training.groups)
    return told_by_world(replace(held.world, fitted=held.contest.fitted[name], calibration=calibration), design)


def told_by_world(world: WorldModel, design: Tensor) -> Told:
    """What a world model forecasts at designs `n x d`."""
    posterior = world.posterior_at(design)
    state, reading = posterior.mean_sd(of="state"), posterior.mean_sd(of="reading")
    return Told(mean=state.mean.detach().numpy(), sd_state=state.sd.detach().numpy(), sd_reading=reading.sd.detach().numpy())


def design_of(world: WorldModel, columns: Mapping[str, np.ndarray]) -> Tensor:
    """`n x d`."""
    return world.encoder.design(columns)
