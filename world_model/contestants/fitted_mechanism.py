"""The mechanism with constants estimated from the readings: alone, and with a Gaussian process on what it leaves.

Held out: the estimate is linearised about its peak and each intervention's readings are taken out of the normal equations again, for a
refit by intervention would cost hundreds of estimations. A wrong structure can't be bent to the readings, so what it leaves stands in
the held-out scores as noise and bias, and the judge sees it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ..basis import fit_basis
from ..coefficients import fit_coefficients
from ..contract import Belief, Capabilities, Of, Progress, Training
from ..kernels import Family
from ..mechanisms.estimate import Budget, EstimateReport
from ..mechanisms.estimated import Estimated, estimated
from ..mechanisms.simulated import Simulated
from ..plate_kernel import unseen_plate
from .trajectory_gp import FittedTrajectoryGP

FEW_TO_REFIT = 60  # interventions
FEWEST_LEFT = 4


@dataclass(frozen=True)
class FittedMechanism:
    """Estimated constants, the spread that the readings leave them, and one noise for each observable.

    Attributes:
        budget: of the estimation; None for the usual one.
    """

    name: str = "fitted mechanism"
    budget: Budget | None = None

    def why_not(self, training: Training) -> str | None:
        """It needs a mechanism."""
        return "no mechanism is given" if training.simulated is None else None

    def fit(self, training: Training, *, seed: int, progress: Progress | None = None) -> FittedConstants:
        """Estimate. `seed` changes nothing: the search is deterministic."""
        found = estimated(training, budget=self.budget)
        if progress:
            progress(str(found.estimate.report))
        return FittedConstants(estimated=found)


@dataclass(frozen=True)
class FittedConstants:
    """A mechanism at its estimate. Members differ along the directions in which the constants are unsure."""

    estimated: Estimated

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities()

    @property
    def report(self) -> EstimateReport:
        """Which constants, by how much, and how well determined."""
        return self.estimated.estimate.report

    def beliefs(self, design: Tensor) -> Belief:
        """The simulation, the constants' uncertainty through its slopes, and the noise."""
        mean = self.estimated.peak.at(design)
        return Belief(mean=mean, epistemic=self.estimated.variance(design), aleatoric=self.estimated.noise.expand_as(mean))

    def draws(self, design: Tensor, n: int, *, seed: int, of: Of = "state") -> Tensor:
        """Draw i has one set of constants for all designs, linearised about the peak."""
        generator = torch.Generator().manual_seed(seed)
        moves = self.estimated.moves(design)
        chance = torch.randn(n, moves.shape[-1], generator=generator, dtype=torch.double)
        values = self.estimated.peak.at(design) + torch.einsum("ntyk,sk->snty", moves, chance)
        if of == "state":
            return values
        return values + self.estimated.noise.sqrt() * torch.randn(values.shape, generator=generator, dtype=torch.double)

    def held_out(self) -> Belief:
        """Each intervention taken out of the linearised estimate."""
        told = self.estimated.held_out()
        return Belief(mean=told.mean, epistemic=told.variance, aleatoric=self.estimated.noise.expand_as(told.mean))


@dataclass(frozen=True)
class FittedMechanismResidual:
    """A trajectory GP on what the estimated mechanism leaves."""

    name: str = "fitted mechanism residual"
    family: Family = "wide"
    budget: Budget | None = None

    def why_not(self, training: Training) -> str | None:
        """It needs a mechanism."""
        return "no mechanism is given" if training.simulated is None else None

    def fit(self, training: Training, *, seed: int, progress: Progress | None = None) -> FittedResidual:
        """Estimate, then fit basis and GPs to the residuals; deterministic."""
        found = estimated(training, budget=self.budget)
        told = _on_residuals(training, found.peak.at(training.design), offset=found.peak, family=self.family)
        return FittedResidual(model=told.model, basis=told.basis, groups=training.groups, offset=found.peak, estimated=found, training=training, family=self.family)


def _on_residuals(training: Training, simulated: Tensor, *, offset: Simulated, family: Family) -> FittedTrajectoryGP:
    """Basis and GPs of what these simulations `n x t x y` of the training rows leave."""
    values = training.values - simulated
    basis = fit_basis(values, times_h=training.times_h, functionals=training.functionals)
    model = fit_coefficients(family, design=training.design, targets=basis.encode(values), encoder=training.encoder, plates=training.plates)
    return FittedTrajectoryGP(model=replace(model, unseen_plate=unseen_plate(training.blocks)), basis=basis, groups=training.groups, offset=offset)


def _prior_where_unread(coefficients: Tensor) -> Tensor:
    """An end point that was not read is scored by nothing; the prior stands there, so that the row's other end points count."""
    unread = torch.isnan(coefficients) & torch.isfinite(coefficients).any(dim=1, keepdim=True)
    return torch.where(unread, 0.0, coefficients)


@dataclass(frozen=True, kw_only=True)
class FittedResidual(FittedTrajectoryGP):
    """A trajectory GP on top of estimated constants."""

    estimated: Estimated
    training: Training
    family: Family

    def moves(self, design: Tensor) -> Tensor:
        """What is unsure of the constants."""
        return self.estimated.moves(design)

    def held_out(self) -> Belief:
        """Five folds of interventions, each predicted with constants that did not see it.

        With few interventions basis and GPs are fitted again for each fold, for principal components of a handful of residuals know
        those residuals well; with more they are kept, and the GP leaves each intervention out in closed form.
        """
        plain = super().held_out()
        mean, epistemic, aleatoric = plain.mean.clone(), plain.epistemic.clone(), plain.aleatoric.clone()
        few = self.training.n_interventions <= FEW_TO_REFIT
        for rows, simulated in self.estimated.folds():
            if few and bool((~rows).sum() >= FEWEST_LEFT):
                left = _on_residuals(self.training.take(~rows), simulated[~rows], offset=self.estimated.peak, family=self.family)
                told = left.model.marginals(self.training.design[rows])
                mean[rows] = left.basis.decode(told.mean) + simulated[rows]
                epistemic[rows] = left.basis.decode_variance(told.variance)
                noise = left.basis.decode_variance(left.reading_variance(self.training.design[rows]))
                aleatoric[rows] = noise + left.basis.residual_sd.square()
            else:
                model = replace(self.model, targets=self.basis.encode(self.training.values - simulated))
                mean[rows] = (self.basis.decode(_prior_where_unread(model.held_out(self.groups).mean)) + simulated)[rows]
        return Belief(mean=mean, epistemic=epistemic + self.estimated.held_out().variance, aleatoric=aleatoric)
