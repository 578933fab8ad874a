"""From records to belief: fit the contestants, let the judge pick, calibrate, and hand back one model that answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Literal

import torch
from torch import Tensor

from .basis import Basis
from .calibration import Calibration, fit_calibration
from .censored import at_limits, fill_censored
from .coefficients import CoefficientModel
from .contest import CANT_FIT, Contest, hold_contest, refitted_held_out, stack_of, with_stack
from .contestants.registry import in_order, named
from .contestants.stack import STACK
from .contestants.trajectory_gp import FittedTrajectoryGP, TrajectoryGP
from .contract import Belief, Contestant, Fitted, Training
from .encoding import Encoder
from .judge import FEW_INTERVENTIONS, Verdict, crps_by_intervention, pick
from .mechanisms.mechanism import Mechanism
from .posterior import MeanSd, TrajectoryPosterior
from .terms.errors import NextwellError, ResultsError
from .terms.functionals import Functional
from .terms.readings import Dataset
from .terms.space import SearchSpace, Settings
from .trust import Range

FEWEST_RECORDS = 3
MOST_JUDGED = 1000  # interventions that contestants are judged on; the winner is fitted to all
MOST_REFITTED = 100  # interventions up to which intervals are calibrated on refitted folds; beyond, the closed form is as good
Purpose = Literal["plan", "forecast"]


@dataclass(frozen=True)
class WorldModel:
    """A fitted model of how trajectories depend on interventions, and the verdict that picked it.

    Attributes:
        fitted: the contestant that was picked.
        training: what it was fitted to.
        calibration: by how much its intervals are stretched.
    """

    fitted: Fitted
    training: Training
    verdict: Verdict
    calibration: Calibration

    @property
    def space(self) -> SearchSpace:
        return self.training.space

    @property
    def encoder(self) -> Encoder:
        return self.training.encoder

    @property
    def times_h(self) -> Tensor:
        return self.training.times_h

    @property
    def variables(self) -> tuple[str, ...]:
        return self.training.variables

    @property
    def model(self) -> CoefficientModel:
        """The coefficients' GPs.

        Raises:
            NextwellError: the picked model is none of coefficients.
        """
        return self._gaussian().model

    @property
    def basis(self) -> Basis:
        """Coefficients ↔ trajectories; raises as `model` does."""
        return self._gaussian().basis

    @cached_property
    def range(self) -> Range:
        """What it has learned from, and how far outside a design lies."""
        return Range.of(self.training)

    def within(self, levels: Mapping[str, str]) -> WorldModel:
        """The same model, asked at these levels of the contexts (donor D3); of models without random effects, themselves."""
        if not levels or not isinstance(self.fitted, FittedTrajectoryGP):
            return self
        return replace(self, fitted=self.fitted.within(levels))

    def posterior(self, rows: Sequence[Settings]) -> TrajectoryPosterior:
        """The belief about experiments with these settings."""
        return self.posterior_at(self.encoder.design_of(rows))

    def posterior_at(self, design: Tensor) -> TrajectoryPosterior:
        """The belief about designs `n x d`."""
        return TrajectoryPosterior(design=design, fitted=self.fitted, times_h=self.times_h, variables=self.variables, calibration=self.calibration)

    def readout(self, goal: Functional, rows: Sequence[Settings]) -> MeanSd:
        """`n`: mean and sd of a goal's readout."""
        return self.posterior(rows).readout(goal)

    def _gaussian(self) -> FittedTrajectoryGP:
        if not isinstance(self.fitted, FittedTrajectoryGP):
            raise NextwellError(f"Expected a model of Gaussian coefficients, found {self.verdict.picked!r}. Ask for draws, or fit with purpose = 'plan'.")
        return self.fitted


def fit_world_model(
    space: SearchSpace,
    data: Dataset,
    *,
    seed: int,
    goals: Sequence[Functional] = (),
    contestants: Sequence[str | Contestant] = (),
    purpose: Purpose = "plan",
    mechanism: Mechanism | None = None,
    previous: Verdict | None = None,
    progress: Callable[[str], None] | None = None,
) -> WorldModel:
    """Fit, judge, pick and calibrate.

    Args:
        data: experiments as done; replicates of one intervention are held out together.
        seed: of what is random in a fit, and of the shuffled actions that the pick is compared with.
        goals: what will be read out of the trajectories; each linear readout is learned as a coefficient of its own.
        contestants: who competes; empty for all that can, in the prior order.
        purpose: `plan`: those that the planner searches with; `forecast`: all, for who predicts best.
        mechanism: prior knowledge, which may be wrong.
        previous: the last verdict; its pick is kept until the records have grown by a quarter.
        progress: told what is being fitted.

    Raises:
        ResultsError: fewer than three records with a reading.
        NextwellError: no contestant could be fitted.
    """
    training = Training.of(space, at_limits(data), goals=goals, mechanism=mechanism)
    if len(training) < FEWEST_RECORDS:
        raise ResultsError(f"Expected at least {FEWEST_RECORDS} experiments with a reading to learn from, found {len(training)}.")
    return fit_training(fill_censored(training), seed=seed, contestants=contestants, purpose=purpose, previous=previous, progress=progress)


def fit_training(
    training: Training, *, seed: int, contestants: Sequence[str | Contestant] = (), purpose: Purpose = "plan", previous: Verdict | None = None,
    progress: Callable[[str], None] | None = None,
) -> WorldModel:  # fmt: skip
    """`fit_world_model`, from a training set."""
    order = named(contestants) if contestants else in_order(training, plans=purpose == "plan")
    known = {one.name: one for one in order}
    standing = previous if previous is not None and previous.is_fresh(len(training)) and _used(previous) <= set(known) else None
    verdict, contest = standing, None
    if verdict is None:
        part = some_interventions(training, seed=seed)
        held = hold_contest(part, order, seed=seed, progress=progress)
        shuffled = shuffled_scores(held, order, training=part, seed=seed)
        verdict = replace(judged(held, order, training=part, shuffled=shuffled, purpose=purpose), n_records=len(training))
        contest = held if len(part) == len(training) else None
    if contest is None:
        try:
            contest = hold_contest(training, [one for one in order if one.name in _used(verdict)], seed=seed, progress=progress)
        except NextwellError:
            if standing is None:
                raise
            # what was picked last time can't be fitted to these records: all are judged again
            return fit_training(training, seed=seed, contestants=contestants, purpose=purpose, progress=progress)
    return world_of(contest, verdict, order, training=training, seed=seed, purpose=purpose)


def some_interventions(training: Training, *, seed: int) -> Training:
    """All records, or those of at most `MOST_JUDGED` interventions: who predicts best is settled by then, and a fit costs up to the cube."""
    groups = torch.unique(training.groups)
    if len(groups) <= MOST_JUDGED:
        return training
    dealt = groups[torch.randperm(len(groups), generator=torch.Generator().manual_seed(seed))[:MOST_JUDGED]]
    return training.take(torch.isin(training.groups, dealt))


def judged(
    contest: Contest, order: Sequence[Contestant], *, training: Training, shuffled: Tensor | None, purpose: Purpose = "forecast"
) -> Verdict:
    """The judge's verdict on a contest; a forecast may be left to a stack.

    Args:
        shuffled: of `shuffled_scores`; None where no level beyond the first is claimed.
    """
    order_of_entry = [one.name for one in order if one.name in contest.fitted]
    verdict = pick(order_of_entry, contest.scores, n_records=len(training), failed=contest.failed, shuffled=shuffled)
    return with_stack(verdict, contest, training=training) if purpose == "forecast" else verdict


def world_of(
    contest: Contest, verdict: Verdict, order: Sequence[Contestant], *, training: Training, seed: int, purpose: Purpose = "forecast"
) -> WorldModel:
    """What a verdict chose, calibrated."""
    stacked = verdict.picked == STACK
    fitted = stack_of(contest, verdict.weights) if stacked else contest.fitted[verdict.picked]
    told = fitted.held_out() if stacked else contest.held_out[verdict.picked]
    if purpose == "forecast" and FEW_INTERVENTIONS <= training.n_interventions <= MOST_REFITTED and isinstance(fitted, FittedTrajectoryGP):
        chosen = next(one for one in order if one.name == verdict.picked)
        told = refitted_held_out(chosen, training, seed=seed) or told
    foretold = fitted.foretold() if isinstance(fitted, FittedTrajectoryGP) else None
    calibration = fit_calibration(told, training.as_read, training.groups, foretold=foretold)
    return WorldModel(fitted=fitted, training=training, verdict=verdict, calibration=calibration)


def _used(verdict: Verdict) -> set[str]:
    """The contestants that a verdict rests on."""
    return set(verdict.weights) or {verdict.picked}


def shuffled_scores(contest: Contest, order: Sequence[Contestant], *, training: Training, seed: int) -> Tensor | None:
    """`g` scores of the best contestant when actions are dealt out at random between interventions; None where that can't be told."""
    known, scores = {one.name: one for one in order}, contest.scores
    best = min((name for name in scores if name != "mean"), key=lambda name: float(scores[name].nanmean()), default=None)
    unique, member = torch.unique(training.groups, return_inverse=True)
    if best is None or "mean" not in scores or len(unique) < FEW_INTERVENTIONS:
        return None
    dealt = torch.randperm(len(unique), generator=torch.Generator().manual_seed(seed))
    first = torch.stack([torch.nonzero(member == g).flatten()[0] for g in range(len(unique))])[dealt][member]
    if not isinstance(known[best], TrajectoryGP):
        # a refit to nonsense is dear and ends at the mean: the model's own forecasts, dealt out, are the cheaper test
        return crps_by_intervention(contest.held_out[best].take(first), training=training)
    try:
        told: Belief = known[best].fit(replace(training, design=training.design[first]), seed=seed).held_out()
    except CANT_FIT:
        return None
    return crps_by_intervention(told, training=training)


def verdict_as_dict(verdict: Verdict) -> dict[str, object]:
    """Plain data for the journal; `verdict_from_dict` reads it back."""
    return {
        "picked": verdict.picked, "scores": dict(verdict.scores), "lead": dict(verdict.lead), "n_records": verdict.n_records,
        "n_interventions": verdict.n_interventions, "level": verdict.level, "why": verdict.why, "failed": dict(verdict.failed),
        **({"weights": dict(verdict.weights)} if verdict.weights else {}),
    }  # fmt: skip


def verdict_from_dict(told: Mapping[str, object]) -> Verdict:
    """The verdict that `verdict_as_dict` wrote; what others have put beside it is theirs."""
    return Verdict(**{field.name: told[field.name] for field in fields(Verdict) if field.name in told})  # type: ignore[arg-type]
