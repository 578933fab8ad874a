"""Trajectory GPs averaged over their hyper-parameters: with few rows one best fit is surer of itself than the rows allow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from botorch.models import ModelListGP
from torch import Tensor

from ..basis import Basis, fit_basis
from ..coefficients import CoefficientModel, HeldOut
from ..contract import Belief, Capabilities, Of, Progress, Training
from ..encoding import Extra
from ..hyper_posterior import HyperParameters, sample_hyper_parameters
from ..kernels import build
from ..mechanisms.scores import MechanismScores
from ..mechanisms.simulated import Simulated
from ..plate_kernel import PlateKernel, unseen_plate

MOST_ROWS = 40  # beyond this the hyper-parameters are told well enough: at 50 rows intervals gain nothing more
MEMBERS = 12
_MOST_WEIGHT = 0.5  # no member counts for more than this in a held-out prediction: importance weights of few draws are noisy


@dataclass(frozen=True)
class HyperEnsemble:
    """The wide trajectory GP with `MEMBERS` draws of its hyper-parameters a coefficient instead of the best ones.

    Attributes:
        mechanism: as in `TrajectoryGP`.
    """

    name: str
    mechanism: Literal["none", "mean", "input"] = "none"

    def why_not(self, training: Training) -> str | None:
        """It is for few experiments."""
        if self.mechanism != "none" and training.simulated is None:
            return "no mechanism is given"
        return f"more than {MOST_ROWS} experiments tell the hyper-parameters well enough" if len(training) > MOST_ROWS else None

    def fit(self, training: Training, *, seed: int, progress: Progress | None = None) -> FittedHyperEnsemble:
        """Fit the basis, and sample."""
        simulated = training.simulated if self.mechanism != "none" else None
        offset = simulated if self.mechanism == "mean" else None
        values = training.values if offset is None else training.values - offset.at(training.design)
        basis = fit_basis(values, times_h=training.times_h, functionals=training.functionals)
        extra = MechanismScores.fit(simulated, training) if simulated is not None and self.mechanism == "input" else None
        targets = basis.encode(values)
        features = training.encoder.featurise(extra=extra).transform(training.design)
        told = sample_hyper_parameters(features, targets, encoder=training.encoder, plates=training.plates, members=MEMBERS, seed=seed)
        members = tuple(_member([column[i] for column in told], targets, training=training, extra=extra) for i in range(MEMBERS))
        return FittedHyperEnsemble(members=members, basis=basis, groups=training.groups, offset=offset)


def _member(told: list[HyperParameters], targets: Tensor, *, training: Training, extra: Extra | None) -> CoefficientModel:
    """The GPs of one draw."""
    further = None if extra is None else extra(training.design)
    plates = training.plates
    inputs = torch.cat([training.design, *([] if further is None else [further]), *([] if plates is None else [plates.unsqueeze(-1)])], dim=-1)
    gps = []
    for k, one in enumerate(told):
        known = torch.isfinite(targets[:, k])
        gp = build("wide", inputs=inputs[known], targets=targets[known, k : k + 1], encoder=training.encoder, with_plate=plates is not None, extra=extra)
        kernel = gp.covar_module
        if plates is not None:
            kernel, plate = kernel.kernels
            assert isinstance(plate, PlateKernel) and one.plate is not None  # as `build` makes it
            plate.set_extra(one.plate)
        kernel.base_kernel.lengthscale, kernel.outputscale = one.scales, one.signal
        gp.likelihood.noise, gp.mean_module.constant = one.noise, one.mean
        gps.append(gp.eval())
    return CoefficientModel(
        family="wide", gps=ModelListGP(*gps).eval(), design=training.design, targets=targets, plates=plates, extra=further,
        unseen_plate=unseen_plate(training.blocks),
    )  # fmt: skip


@dataclass(frozen=True)
class FittedHyperEnsemble:
    """Attributes:
    members: equally likely, for each coefficient on its own.
    groups: `n` of the training rows.
    offset: the mechanism whose residual the coefficients describe, or None.
    """

    members: tuple[CoefficientModel, ...]
    basis: Basis
    groups: Tensor
    offset: Simulated | None = None

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities()

    def _decode(self, coefficients: Tensor, design: Tensor) -> Tensor:
        values = self.basis.decode(coefficients)
        return values if self.offset is None else values + self.offset.at(design)

    def beliefs(self, design: Tensor) -> Belief:
        """Mean and variance of the mixture."""
        told = [member.marginals(design) for member in self.members]
        mean, within = torch.stack([one.mean for one in told]), torch.stack([one.variance for one in told])
        noise = torch.stack([member.noise_variance() + member.plate_variance(design) for member in self.members])
        return self._belief(mean, within, noise, weights=torch.full_like(mean, 1 / len(told)), design=design)

    def _belief(self, mean: Tensor, within: Tensor, noise: Tensor, *, weights: Tensor, design: Tensor) -> Belief:
        """Of `s x n x k` means and variances of the state and of the noise, with weights."""
        middle = (weights * mean).sum(dim=0)
        variance = (weights * (within + (mean - middle).square())).sum(dim=0)
        return Belief(
            mean=self._decode(middle, design),
            epistemic=self.basis.decode_variance(variance).clamp_min(0) + (0.0 if self.offset is None else self.offset.doubt(design)),
            aleatoric=self.basis.decode_variance((weights * noise).sum(dim=0)) + self.basis.residual_sd.square(),
        )  # fmt: skip

    def draws(self, design: Tensor, n: int, *, seed: int, of: Of = "state") -> Tensor:
        """Each world has its own draw of the hyper-parameters, coefficient by coefficient."""
        each = -(-n // len(self.members))
        drawn = torch.cat([member.draws(design, each, seed=seed + i) for i, member in enumerate(self.members)])
        noise = torch.cat([(member.noise_variance() + member.plate_variance(design)).expand(each, -1, -1) for member in self.members])
        generator = torch.Generator().manual_seed(seed)
        dealt = [torch.randperm(len(drawn), generator=generator)[:n] for _ in range(drawn.shape[2])]
        coefficients, variance = (torch.stack([told[rows, :, k] for k, rows in enumerate(dealt)], dim=-1) for told in (drawn, noise))
        if of == "state":
            return self._decode(coefficients, design)
        read = coefficients + variance.sqrt() * torch.randn(coefficients.shape, generator=generator, dtype=coefficients.dtype)
        values = self._decode(read, design)
        return values + self.basis.residual_sd * torch.randn(values.shape, generator=generator, dtype=values.dtype)

    def held_out(self) -> Belief:
        """Leave-one-intervention-out in closed form for each member; members count by how little they owe to what is left out.

        Source: importance weights of leave-one-out, Gelfand, Dey & Chang (1992): a draw from the posterior of all rows stands for
            the posterior without a group in proportion to one over the group's predictive density.
        """
        told = [member.held_out(self.groups) for member in self.members]
        mean, variance = torch.stack([one.mean for one in told]), torch.stack([one.variance for one in told])
        noise = torch.stack([member.noise_variance() for member in self.members]).unsqueeze(1).expand_as(mean)
        weights = _left_out_weights(told, targets=self.members[0].targets, groups=self.groups)
        # an end point that was not read is scored by nothing: the prior stands there, so that the row's other end points count
        unread = torch.isnan(mean) & torch.isfinite(mean).any(dim=2, keepdim=True)
        mean, variance = torch.where(unread, 0.0, mean), torch.where(unread, 1.0, variance)
        return self._belief(mean, (variance - noise).clamp_min(0), noise, weights=weights, design=self.members[0].design)


def _left_out_weights(told: list[HeldOut], *, targets: Tensor, groups: Tensor) -> Tensor:
    """`s x n x k`, equal within a group; each at most `_MOST_WEIGHT`."""
    mean, variance = torch.stack([one.mean for one in told]), torch.stack([one.variance for one in told])
    density = torch.nan_to_num(-0.5 * ((targets - mean).square() / variance + variance.log()))
    _, member = torch.unique(groups, return_inverse=True)
    by_group = torch.zeros(len(told), int(member.max()) + 1, targets.shape[1], dtype=targets.dtype).index_add_(1, member, density)
    weights = torch.softmax(-by_group, dim=0).clamp_max(_MOST_WEIGHT)
    return (weights / weights.sum(dim=0))[:, member]
