"""Every contestant fitted to the same training set, each with its own calibration, and the judge's choice under each prior belief."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor

from world_model.calibration import Calibration, fit_calibration
from world_model.coefficients import FIT_FAILURES
from world_model.contestants.registry import in_order
from world_model.contract import Belief, Fitted, Training
from world_model.fit import WorldModel
from world_model.judge import Verdict, crps_by_intervention, pick
from world_model.terms.errors import NextwellError

from .forecast_measures import Told
from .world_model_tasks import Draw, Prior, Task

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Entry:
    """One fitted contestant: what it believed of held-out interventions, and the seconds that fitting and holding out took."""

    fitted: Fitted
    held_out: Belief
    score: Tensor
    seconds: float
    uses_mechanism: bool


@dataclass(frozen=True)
class Contest:
    """Who competed under one prior belief, and the model that came of it.

    Attributes:
        entries: contestant → entry.
        world: the judge's choice, calibrated: what a user gets.
        seconds: of everything that this prior belief needs, fits that are shared with others included.
    """

    prior: Prior
    training: Training
    entries: Mapping[str, Entry]
    world: WorldModel
    failed: Mapping[str, str] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        return sum(entry.seconds for entry in self.entries.values())


def training_of(task: Task, data: Draw, *, prior: Prior) -> Training:
    """The training set under one prior belief."""
    return Training.of(task.space, data.dataset(task.times, task.variables), mechanism=task.mechanism(prior))


def contest(training: Training, *, prior: Prior, seed: int, shared: Contest | None = None, progress: Progress = lambda _: None) -> Contest:
    """Fit whoever competes, and let the judge pick.

    Args:
        shared: a contest on the same records without a mechanism; those that need none are taken from it, for they would be the same.

    Raises:
        NextwellError: nobody could be fitted.
    """
    bare = replace(training, simulated=None)
    entries: dict[str, Entry] = {}
    failed: dict[str, str] = {}
    order = in_order(training, plans=False)
    for one in order:
        needs = training.simulated is not None and one.why_not(bare) is not None
        if shared is not None and not needs and one.name in shared.entries:
            entries[one.name] = shared.entries[one.name]
            continue
        progress(f"{one.name}")
        begun = time.perf_counter()
        try:
            fitted = one.fit(training, seed=seed)
            told = fitted.held_out()
        except (*FIT_FAILURES, NextwellError) as fault:
            failed[one.name] = f"{type(fault).__name__}: {str(fault)[:160]}"
            continue
        entries[one.name] = Entry(
            fitted=fitted, held_out=told, score=crps_by_intervention(told, training=training), seconds=time.perf_counter() - begun, uses_mechanism=needs
        )
    if not entries:
        raise NextwellError(f"Expected a contestant that can be fitted to {len(training)} experiments, found none: {failed}.")
    scores = {name: entry.score for name, entry in entries.items()}
    verdict = pick([one.name for one in order if one.name in entries], scores, n_records=len(training), shuffled=None, failed=failed)
    chosen = entries[verdict.picked]
    world = WorldModel(fitted=chosen.fitted, training=training, verdict=verdict, calibration=_calibrated(chosen, training))
    return Contest(prior=prior, training=training, entries=entries, world=world, failed=failed)


def told_by(contest: Contest, name: str, design: Tensor) -> Told:
    """What one contestant forecasts, with a calibration of its own."""
    entry = contest.entries[name]
    belief = entry.fitted.beliefs(design)
    return _as_told(belief, _calibrated(entry, contest.training))


def told_by_world(world: WorldModel, design: Tensor) -> Told:
    """What the chosen model forecasts."""
    state, reading = world.posterior_at(design).mean_sd(of="state"), world.posterior_at(design).mean_sd(of="reading")
    return Told(mean=state.mean.detach().numpy(), sd_state=state.sd.detach().numpy(), sd_reading=reading.sd.detach().numpy())


def design_of(world: WorldModel, columns: Mapping[str, np.ndarray]) -> Tensor:
    """`n x d`."""
    return world.encoder.design(columns)


def _calibrated(entry: Entry, training: Training) -> Calibration:
    return fit_calibration(entry.held_out, training.values, training.groups)


def _as_told(belief: Belief, calibration: Calibration) -> Told:
    def sd(variance: Tensor) -> np.ndarray:
        return np.asarray((calibration.factor * variance.clamp_min(0).sqrt()).detach().numpy())

    return Told(mean=belief.mean.detach().numpy(), sd_state=sd(belief.variance("state")), sd_reading=sd(belief.variance("reading")))


def one_thread() -> None:
    """For worker processes, which share the cores."""
    torch.set_num_threads(1)


__all__ = ["Contest", "Entry", "Verdict", "contest", "design_of", "one_thread", "told_by", "told_by_world", "training_of"]
