"""What a world model answers: trajectories with uncertainty, for any number of experiments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from .basis import Basis
from .coefficients import CoefficientModel
from .readouts import read_out
from .scores import Z90
from .terms.goals import Goal

_DRAWS_FOR_PEAK = 256


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
        widen: calibration factor on every sd.
    """

    design: Tensor
    model: CoefficientModel
    basis: Basis
    times_h: Tensor
    variables: tuple[str, ...]
    widen: float = 1.0

    def mean_sd(self, *, of: Literal["state", "reading"] = "state") -> MeanSd:
        """`n x t x y`: of the state (what is), or of one more reading of it (with noise)."""
        means, variances = self._coefficients(of=of)
        mean = self.basis.decode(means)
        variance = self.basis.decode_variance(variances)
        if of == "reading":
            variance = variance + self.basis.residual_sd.square()
        return MeanSd(mean=mean, sd=self.widen * variance.clamp_min(0).sqrt())

    def draws(self, n: int, seed: int, *, of: Literal["state", "reading"] = "state") -> Tensor:
        """`s x n x t x y`: draw i is one hypothesis of the world, shared by all experiments."""
        generator = torch.Generator().manual_seed(seed)
        coefficients = self.model.draws(self.design, n, seed=seed)
        if self.widen != 1.0:
            centre = self.model.marginals(self.design).mean
            coefficients = centre + self.widen * (coefficients - centre)
        if of == "state":
            return self.basis.decode(coefficients)
        # each experiment is read once, on a plate of its own
        extra = (self.model.noise_variance() + self.model.plate_variance(self.design)).sqrt()
        coefficients = coefficients + self.widen * extra * torch.randn(coefficients.shape, generator=generator, dtype=coefficients.dtype)
        values = self.basis.decode(coefficients)
        return values + self.widen * self.basis.residual_sd * torch.randn(values.shape, generator=generator, dtype=values.dtype)

    def readout(self, goal: Goal, *, of: Literal["state", "reading"] = "state", seed: int = 0) -> MeanSd:
        """`n`: mean and sd of one goal's readout, in its own unit. End points and areas are exact, peaks are drawn."""
        if goal.take == "peak" and len(self.times_h) > 1:
            chunks = []
            for block in self.design.split(512):
                values = self._on(block).draws(_DRAWS_FOR_PEAK, seed, of=of)
                chunks.append(read_out(goal, values, times_h=self.times_h, variables=self.variables))
            drawn = torch.cat(chunks, dim=1)
            return MeanSd(mean=drawn.mean(dim=0), sd=drawn.std(dim=0))
        # linear readouts of the basis: one weight a coefficient
        means, variances = self._coefficients(of=of)
        offset = read_out(goal, self.basis.mean, times_h=self.times_h, variables=self.variables)
        weights = read_out(goal, self.basis.components, times_h=self.times_h, variables=self.variables)
        variance = variances @ weights.square()
        if of == "reading":
            variance = variance + self._residual_variance(goal)
        return MeanSd(mean=offset + means @ weights, sd=self.widen * variance.clamp_min(0).sqrt())

    def _residual_variance(self, goal: Goal) -> Tensor:
        y = self.variables.index(goal.readout)
        unit = torch.eye(len(self.times_h), dtype=torch.double).unsqueeze(-1).expand(-1, -1, len(self.variables))
        weights = read_out(goal, unit, times_h=self.times_h, variables=self.variables)
        return (weights.square() * self.basis.residual_sd[:, y].square()).sum()

    def _coefficients(self, *, of: str) -> tuple[Tensor, Tensor]:
        told = self.model.marginals(self.design)
        if of == "state":
            return told.mean, told.variance
        return told.mean, told.variance + self.model.noise_variance() + self.model.plate_variance(self.design)

    def _on(self, design: Tensor) -> TrajectoryPosterior:
        return TrajectoryPosterior(design=design, model=self.model, basis=self.basis, times_h=self.times_h, variables=self.variables, widen=self.widen)
