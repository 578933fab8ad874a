"""What a world model answers: trajectories with uncertainty, for any number of experiments."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from .calibration import Calibration
from .contestants.trajectory_gp import FittedTrajectoryGP
from .contract import Fitted, Of
from .readouts import linear_weights, read_out
from .scores import Z90
from .terms.functionals import Functional

_DRAWS_FOR_READOUT = 256
_BLOCK = 512  # designs that are drawn together for a readout


@dataclass(frozen=True)
class MeanSd:
    """`mean` and `sd` of the same shape, in the values' own unit."""

    mean: Tensor
    sd: Tensor

    @property
    def low(self) -> Tensor:
        """Lower end of the central 90 %."""
        return self.mean - Z90 * self.sd

    @property
    def high(self) -> Tensor:
        """Upper end of the central 90 %."""
        return self.mean + Z90 * self.sd


@dataclass(frozen=True)
class TrajectoryPosterior:
    """The belief about `n` experiments. Nothing is computed until it is asked for.

    Attributes:
        design: `n x d`.
        times_h: `t`; a single nan for end points.
        variables: `y` names.
        calibration: factors on every sd, by time and observable.
    """

    design: Tensor
    fitted: Fitted
    times_h: Tensor
    variables: tuple[str, ...]
    calibration: Calibration

    def mean_sd(self, *, of: Of = "state") -> MeanSd:
        """`n x t x y`: of the state (what is), or of one more reading of it (with noise)."""
        told = self.fitted.beliefs(self.design)
        return MeanSd(mean=told.mean, sd=self.calibration.factor * told.variance(of).clamp_min(0).sqrt())

    def draws(self, n: int, seed: int, *, of: Of = "state") -> Tensor:
        """`s x n x t x y`: draw i is one hypothesis of the world, shared by all experiments."""
        drawn = self.fitted.draws(self.design, n, seed=seed, of=of)
        if self.calibration.is_one:
            return drawn
        centre = self.fitted.beliefs(self.design).mean
        return centre + self.calibration.factor * (drawn - centre)

    def readout(self, goal: Functional, *, of: Of = "state", seed: int = 0) -> MeanSd:
        """`n`: mean and sd of one goal's readout, in its own unit. Exact where it is linear and the model Gaussian, else drawn."""
        if isinstance(self.fitted, FittedTrajectoryGP) and self.is_exact(goal):
            return self._exact(self.fitted, goal, of=of)
        drawn = self.readout_draws(goal, of=of, seed=seed)
        return MeanSd(mean=drawn.mean(dim=0), sd=drawn.std(dim=0))

    def is_exact(self, goal: Functional) -> bool:
        """True where a readout's belief is Gaussian and known in closed form."""
        return isinstance(self.fitted, FittedTrajectoryGP) and (goal.is_linear or len(self.times_h) == 1)

    def readout_draws(self, goal: Functional, *, of: Of = "state", seed: int = 0) -> Tensor:
        """`s x n`: draws of a readout, designs by blocks, for its marginal belief."""
        chunks = []
        for block in self.design.split(_BLOCK):
            values = replace(self, design=block).draws(_DRAWS_FOR_READOUT, seed, of=of)
            chunks.append(read_out(goal, values, times_h=self.times_h, variables=self.variables))
        return torch.cat(chunks, dim=1)

    def _exact(self, fitted: FittedTrajectoryGP, goal: Functional, *, of: Of) -> MeanSd:
        told, basis = fitted.model.marginals(self.design), fitted.basis
        variances = told.variance if of == "state" else told.variance + fitted.reading_variance(self.design)
        weights = read_out(goal, basis.components, times_h=self.times_h, variables=self.variables)
        moves = fitted.moves(self.design).movedim(-1, 0)
        variance = variances @ weights.square() + read_out(goal, moves, times_h=self.times_h, variables=self.variables).square().sum(dim=0)
        if of == "reading":
            variance = variance + self._residual_variance(fitted, goal)
        centre = basis.mean.expand(len(self.design), -1, -1) if fitted.offset is None else basis.mean + fitted.offset.at(self.design)
        mean = read_out(goal, centre, times_h=self.times_h, variables=self.variables) + told.mean @ weights
        return MeanSd(mean=mean, sd=self._factor(goal) * variance.clamp_min(0).sqrt())

    def _residual_variance(self, fitted: FittedTrajectoryGP, goal: Functional) -> Tensor:
        y = self.variables.index(goal.readout)
        unit = torch.eye(len(self.times_h), dtype=torch.double).unsqueeze(-1).expand(-1, -1, len(self.variables))
        weights = read_out(goal, unit, times_h=self.times_h, variables=self.variables)
        return (weights.square() * fitted.basis.residual_sd[:, y].square()).sum()

    def _factor(self, goal: Functional) -> Tensor:
        """The calibration of a linear readout: that of the times it reads, by their weight."""
        y = self.variables.index(goal.readout)
        read = torch.ones(len(self.times_h), len(self.variables), dtype=torch.bool)
        weights = linear_weights(goal, times_h=self.times_h, variables=self.variables, read=read)
        if weights is None:
            return self.calibration.factor[-1, y]
        share = weights[:, y].abs()
        return (share * self.calibration.factor[:, y]).sum() / share.sum()
