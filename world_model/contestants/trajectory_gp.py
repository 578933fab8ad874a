"""Trajectory GPs: curves as a few coefficients, one Gaussian process a coefficient; with a mechanism as mean, as inputs, or without one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from ..basis import Basis, fit_basis
from ..chance import stream
from ..coefficients import CoefficientModel, HeldOut, fit_coefficients
from ..context_kernel import ContextCodes
from ..contract import Belief, Capabilities, Of, Progress, Training
from ..kernels import Family
from ..mechanisms.scores import MechanismScores
from ..mechanisms.simulated import Simulated
from ..misfit import misfit
from ..plate_kernel import unseen_plate


@dataclass(frozen=True)
class TrajectoryGP:
    """Functional principal components with a GP of one family on each coefficient.

    Attributes:
        family: kernel and priors; see `kernels`.
        mechanism: `mean`: the GP learns what the simulation leaves (residual GP); `input`: the simulation's scores are further
            inputs of the GP, so that it may be bent, scaled or ignored (Perdikaris et al. 2017 for the idea).
    """

    name: str
    family: Family = "wide"
    mechanism: Literal["none", "mean", "input"] = "none"

    def why_not(self, training: Training) -> str | None:
        """Forms with a mechanism need one; a family needs factors that suit it."""
        if self.mechanism != "none" and training.simulated is None:
            return "no mechanism is given"
        return misfit(self.family, training)

    def fit(self, training: Training, *, seed: int, progress: Progress | None = None) -> FittedTrajectoryGP:
        """Fit basis and GPs. `seed` changes nothing: the fit is deterministic."""
        simulated = training.simulated if self.mechanism != "none" else None
        offset = simulated if self.mechanism == "mean" else None
        values = training.values if offset is None else training.values - offset.at(training.design)
        basis = fit_basis(values, times_h=training.times_h, functionals=training.functionals)
        extra = MechanismScores.fit(simulated, training) if simulated is not None and self.mechanism == "input" else None
        model = fit_coefficients(
            self.family, design=training.design, targets=basis.encode(values), encoder=training.encoder, plates=training.plates, extra=extra,
            contexts=None if training.contexts is None else training.contexts.codes, noise=training.noise,
            known_variance=None if training.sd is None else basis.encode_variance(training.sd.square(), values),
        )
        model = replace(model, unseen_plate=unseen_plate(training.blocks))
        return FittedTrajectoryGP(model=model, basis=basis, groups=training.groups, offset=offset, contexts=training.contexts)


@dataclass(frozen=True)
class FittedTrajectoryGP:
    """Attributes:
    model: the GPs, one a coefficient.
    basis: coefficients ↔ trajectories.
    groups: `n` of the training rows.
    offset: the mechanism whose residual the coefficients describe, or None.
    contexts: whose levels have random effects, or None.
    """

    model: CoefficientModel
    basis: Basis
    groups: Tensor
    offset: Simulated | None = None
    contexts: ContextCodes | None = None

    def within(self, levels: Mapping[str, str]) -> FittedTrajectoryGP:
        """The same belief, asked for these levels of the contexts (donor D3): what is known of a level that was seen, and the
        typical one of a level that was not."""
        if self.contexts is None or not levels:
            return self
        return replace(self, model=self.model.within(self.contexts.at(levels)))

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(gaussian=True, gradients=self.offset is None and self.model.extra is None)

    def decode(self, coefficients: Tensor, design: Tensor) -> Tensor:
        """`… x n x k` coefficients of designs `n x d` → `… x n x t x y`."""
        values = self.basis.decode(coefficients)
        return values if self.offset is None else values + self.offset.at(design)

    def beliefs(self, design: Tensor) -> Belief:
        """Exact marginals."""
        told = self.model.marginals(design)
        return Belief(
            mean=self.decode(told.mean, design),
            epistemic=self.basis.decode_variance(told.variance).clamp_min(0) + self.moves(design).square().sum(dim=-1),
            aleatoric=self.basis.decode_variance(self.reading_variance(design)) + self.basis.residual_sd.square(),
        )  # fmt: skip

    def moves(self, design: Tensor) -> Tensor:
        """`n x t x y x m`: independent moves of the state by one sd each, on top of the coefficients': by how much what stands in for
        failed runs of the mechanism may be off."""
        shape = (len(design), *self.basis.mean.shape)
        if self.offset is None:
            return design.new_zeros(*shape, 0)
        return self.offset.doubt(design).sqrt().unsqueeze(-1)

    def reading_variance(self, design: Tensor) -> Tensor:
        """`n x k`: what one more reading, on a plate of its own, adds to each coefficient's variance."""
        return self.model.noise_variance() + self.model.plate_variance(design)

    def draws(self, design: Tensor, n: int, *, seed: int, of: Of = "state") -> Tensor:
        """Joint draws of the coefficients over all designs, decoded."""
        coefficients = self.model.draws(design, n, seed=seed)
        moves = self.moves(design)
        moved = torch.einsum("ntyk,sk->snty", moves, torch.randn(n, moves.shape[-1], generator=stream(seed, "mechanism"), dtype=torch.double))
        if of == "state":
            return self.decode(coefficients, design) + moved
        generator = stream(seed, "reading")
        noise = torch.randn(coefficients.shape, generator=generator, dtype=coefficients.dtype)
        values = self.decode(coefficients + self.reading_variance(design).sqrt() * noise, design) + moved
        return values + self.basis.residual_sd * torch.randn(values.shape, generator=generator, dtype=values.dtype)

    def held_out(self) -> Belief:
        """Leave-one-intervention-out in closed form, hyper-parameters and basis kept."""
        return self._unseen(self.model.held_out(self.groups))

    def foretold(self) -> Belief | None:
        """Each row from the rows of earlier plates alone, nan where there are none; None where plates are not told apart."""
        return None if self.model.plates is None else self._unseen(self.model.foretold(self.model.plates))

    def _unseen(self, told: HeldOut) -> Belief:
        # an end point that was not read is scored by nothing: the prior stands there, so that the row's other end points count
        unread = torch.isnan(told.mean) & torch.isfinite(told.mean).any(dim=1, keepdim=True)
        told = HeldOut(mean=torch.where(unread, 0.0, told.mean), variance=torch.where(unread, 1.0, told.variance))
        noise = self.model.noise_variance()
        return Belief(
            mean=self.decode(told.mean, self.model.design),
            epistemic=self.basis.decode_variance((told.variance - noise).clamp_min(0)) + (0.0 if self.offset is None else self.offset.doubt(self.model.design)),
            aleatoric=self.basis.decode_variance(noise.expand_as(told.variance)) + self.basis.residual_sd.square(),
        )  # fmt: skip
