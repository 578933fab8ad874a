"""The seam with BoTorch for Gaussian coefficients: exact posteriors over them, and an objective that decodes them to what is wanted."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from botorch.sampling.normal import SobolQMCNormalSampler
from torch import Tensor

from world_model.contestants.trajectory_gp import FittedTrajectoryGP
from world_model.fit import WorldModel
from world_model.readouts import desirability, read_out
from world_model.terms.goals import Goal

from .surrogate import Surrogate

MC_SAMPLES = 128
_CHUNK = 512


def coefficient_surrogate(world: WorldModel, fitted: FittedTrajectoryGP, goals: Sequence[Goal]) -> Surrogate:
    """A `ModelListGP` over `m` coefficients: every acquisition works, fantasies too.

    With a mechanism there are no gradients, for its simulations have none: candidates are compared.
    """
    return Surrogate(
        world=world, goals=tuple(goals), model=fitted.model.gps,
        wanted=lambda samples, design: wanted(world, fitted, goals, samples, design),
        sampler=lambda seed: SobolQMCNormalSampler(torch.Size([MC_SAMPLES]), seed=seed), gaussian=True,
        gradients=fitted.capabilities.gradients, chunk=_CHUNK,
    )  # fmt: skip


def wanted(world: WorldModel, fitted: FittedTrajectoryGP, goals: Sequence[Goal], coefficients: Tensor, design: Tensor | None) -> Tensor:
    """Each goal's readout, more is better: `… x n x m` coefficients of designs `… x n x d` → `… x n x g`.

    Raises:
        ValueError: a mechanism's residual without the designs that it is a residual at.
    """
    values = fitted.basis.decode(coefficients)
    if fitted.offset is not None:
        if design is None:
            raise ValueError("Expected the designs beside the coefficients, found none: they are residuals of a mechanism's simulation.")
        told = fitted.offset.at(design.reshape(-1, design.shape[-1]))
        values = values + told.reshape(*design.shape[:-1], *told.shape[1:])
    return torch.stack(
        [desirability(goal, read_out(goal, values, times_h=world.times_h, variables=world.variables)) for goal in goals], dim=-1
    )
