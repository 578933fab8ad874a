"""Information: an experiment is worth what its reading is expected to tell about the readout all over the space.

Gaussian models answer by BoTorch's integrated posterior variance. Models that are known by draws alone (ensembles, simulations,
readouts that are no weighted sum) have no fantasies: there each draw is a hypothesis, and what a reading tells about an outcome
elsewhere is the mutual information of the two readings under equally likely hypotheses, which is a finite sum over them and one
integral over the noise. Hypotheses are told apart by what they say of outcomes, never by parameters that nobody asks for.

Source: expected predictive information gain, Bickford Smith et al. (2023), AISTATS; nested Monte Carlo with the hypotheses
themselves as the inner sample.
"""

from __future__ import annotations

import math

import torch
from botorch.acquisition import AcquisitionFunction
from botorch.acquisition.active_learning import qNegIntegratedPosteriorVariance
from botorch.acquisition.objective import ScalarizedPosteriorTransform
from botorch.sampling.base import MCSampler
from botorch.utils.transforms import t_batch_mode_transform
from torch import Tensor

from world_model.chance import stream
from world_model.contestants.trajectory_gp import FittedTrajectoryGP
from world_model.fit import WorldModel
from world_model.readouts import read_out

from ..acquisitions.task import Task
from ..surrogate.surrogate import Surrogate
from .where import all_over, reading_noise

POINTS = 128  # all over the space, where the variance is integrated
OUTCOMES = 16  # of these for a model that is known by draws: each costs the square of the draws


class PredictiveInformation(AcquisitionFunction):
    """Nats that readings of a point and of what is waiting tell about a reading at each of some outcomes, on average over these.

    Args:
        outcomes: `t x d`.
        noise: `t`, variance of one reading's readout at the outcomes; `own`: at a candidate.
    """

    def __init__(self, surrogate: Surrogate, *, waiting: Tensor, outcomes: Tensor, noise: Tensor, own: float, sampler: MCSampler, seed: int) -> None:
        super().__init__(model=surrogate.model)
        self.surrogate, self.waiting, self.outcomes, self.noise, self.own = surrogate, waiting, outcomes, noise, own
        self.sampler, self.seed = sampler, seed

    @t_batch_mode_transform(expected_q=1)  # type: ignore[untyped-decorator]
    def forward(self, X: Tensor) -> Tensor:
        """`b x 1 x d` → `b`."""
        others = torch.cat([self.waiting, self.outcomes]).expand(*X.shape[:-2], -1, -1)
        together = torch.cat([X, others], dim=-2)
        told = self.surrogate.read(self.sampler(self.model.posterior(together)), together)[..., 0].movedim(1, 0)  # b x s x 1 + p + t
        q = 1 + len(self.waiting)
        return information(told[..., :q], told[..., q:], noise=torch.full((q,), self.own, dtype=told.dtype), outcome_noise=self.noise, seed=self.seed)


def information(told: Tensor, outcomes: Tensor, *, noise: Tensor, outcome_noise: Tensor, seed: int) -> Tensor:
    """`b`: mutual information, in nats, of the readings of `q` experiments together and of one reading at each outcome, averaged over outcomes.

    Args:
        told: `b x s x q`, what each of `s` equally likely hypotheses says of the experiments.
        outcomes: `b x s x t`, and of the outcomes.
        noise, outcome_noise: `q` and `t`, variances of one reading.
    """
    s = told.shape[1]
    generator = stream(seed, "noise of readings")
    read = told + noise.sqrt() * torch.randn(s, told.shape[2], generator=generator, dtype=told.dtype)
    seen = outcomes + outcome_noise.sqrt() * torch.randn(s, outcomes.shape[2], generator=generator, dtype=told.dtype)
    # [i, j]: the log likelihood of what hypothesis i had read, under hypothesis j; constants cancel
    own = -0.5 * ((read.unsqueeze(2) - told.unsqueeze(1)).square() / noise).sum(dim=-1)
    marginal = torch.logsumexp(own, dim=2)
    gains = []
    for one, among, variance in zip(seen.unbind(2), outcomes.unbind(2), outcome_noise, strict=True):
        other = -0.5 * (one.unsqueeze(2) - among.unsqueeze(1)).square() / variance
        gains.append((torch.logsumexp(own + other, dim=2) - marginal - torch.logsumexp(other, dim=2)).mean(dim=1) + math.log(s))
    return torch.stack(gains).mean(dim=0)


def gain(surrogate: Surrogate, task: Task, *, waiting: Tensor, seed: int) -> AcquisitionFunction:
    """By the integrated variance where the model is Gaussian and the readout a weighted sum, else by hypotheses."""
    world, goal = surrogate.world, task.goals[0]
    weights = _weights(surrogate, task)
    if weights is not None:
        return qNegIntegratedPosteriorVariance(
            model=surrogate.model, mc_points=all_over(world.encoder, POINTS, seed=seed), X_pending=waiting if len(waiting) else None,
            posterior_transform=ScalarizedPosteriorTransform(weights=weights),
        )  # fmt: skip
    outcomes = all_over(world.encoder, OUTCOMES, seed=seed)
    own = float(reading_noise(world, goal, world.training.design, seed=seed).mean())
    return PredictiveInformation(
        surrogate, waiting=waiting, outcomes=outcomes, noise=reading_noise(world, goal, outcomes, seed=seed), own=own, sampler=surrogate.sampler(seed), seed=seed
    )


def _weights(surrogate: Surrogate, task: Task) -> Tensor | None:
    """`m`: the readout as a weighted sum of the model's outputs; None where it is none."""
    world, goal = surrogate.world, task.goals[0]
    fitted = world.fitted
    if not surrogate.gaussian or not isinstance(fitted, FittedTrajectoryGP) or not world.posterior_at(world.training.design).is_exact(goal):
        return None
    return read_out(goal, fitted.basis.components, times_h=world.times_h, variables=world.variables)


def bounds(world: WorldModel, task: Task, design: Tensor, *, seed: int) -> Tensor:
    """`c x 1`: how unsure the readout is."""
    return world.posterior_at(design).readout(task.goals[0], seed=seed).sd.unsqueeze(1)


def why(world: WorldModel, task: Task, design: Tensor, *, seed: int) -> list[str]:
    """A sentence a row."""
    goal = task.goals[0]
    told = world.posterior_at(design).readout(goal, seed=seed)
    usual = float(world.posterior_at(all_over(world.encoder, POINTS, seed=seed)).readout(goal, seed=seed).sd.mean())
    return [
        f"Tells most of {goal.what} elsewhere: expected {mean:.4g} ± {sd:.2g} here, {sd / max(usual, 1e-12):.1f} times as unsure as on average."
        for mean, sd in zip(told.mean.tolist(), told.sd.tolist(), strict=True)
    ]
