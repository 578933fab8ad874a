"""The joint belief about what some designs are worth: means and covariances of one goal's score."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from world_model.contestants.trajectory_gp import FittedTrajectoryGP
from world_model.fit import WorldModel
from world_model.readouts import read_out
from world_model.terms.goals import Goal

DRAWS = 1024


@dataclass(frozen=True)
class Joint:
    """`mean` `n` and `covariance` `n x n` of the score (more is better) of the state, and `noise` `n`, the variance that one reading adds."""

    mean: Tensor
    covariance: Tensor
    noise: Tensor


def joint_of(world: WorldModel, goal: Goal, design: Tensor, *, seed: int, stretch: float = 1.0) -> Joint:
    """The belief about designs `n x d`: exact where the readout is linear and the model Gaussian, else moments of joint draws.

    Args:
        stretch: what past predictions ask the model's own sd to be multiplied by.
    """
    posterior = world.posterior_at(design)
    state, reading = posterior.readout(goal, seed=seed), posterior.readout(goal, of="reading", seed=seed)
    noise = stretch**2 * (reading.sd.square() - state.sd.square()).clamp_min(0)
    fitted = world.fitted
    if isinstance(fitted, FittedTrajectoryGP) and fitted.offset is None and posterior.is_exact(goal) and goal.direction in ("max", "min"):
        weights = read_out(goal, fitted.basis.components, times_h=world.times_h, variables=world.variables)
        covariance = torch.zeros(len(design), len(design), dtype=torch.double)
        with torch.no_grad():
            for weight, gp in zip(weights, fitted.model.gps.models, strict=True):
                covariance += weight.square() * gp.posterior(design).distribution.covariance_matrix
        # calibrated as the marginals are
        factor = stretch * state.sd / covariance.diagonal().clamp_min(1e-24).sqrt()
        return Joint(mean=goal.score(state.mean), covariance=factor.unsqueeze(1) * covariance * factor, noise=noise)
    drawn = score_draws(world, goal, design, n=DRAWS, seed=seed, stretch=stretch)
    return Joint(mean=drawn.mean(dim=0), covariance=torch.cov(drawn.T).reshape(len(design), len(design)), noise=noise)


def score_draws(world: WorldModel, goal: Goal, design: Tensor, *, n: int, seed: int, stretch: float = 1.0) -> Tensor:
    """`s x n`: the score of the state under hypotheses of the world, each shared by all designs."""
    values = world.posterior_at(design).draws(n, seed)
    read: Tensor = read_out(goal, values, times_h=world.times_h, variables=world.variables)
    centre = read.mean(dim=0)
    told: Tensor = goal.score(centre + stretch * (read - centre))
    return told
