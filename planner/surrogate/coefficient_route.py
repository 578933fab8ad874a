"""The seam with BoTorch for Gaussian coefficients: exact posteriors over them, and an objective that decodes them to what is wanted."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from botorch.sampling.normal import SobolQMCNormalSampler
from torch import Tensor

from world_model.contestants.trajectory_gp import FittedTrajectoryGP
from world_model.fit import WorldModel
from world_model.readouts import read_out
from world_model.terms.functionals import Functional

from ..acquisitions.task import Task
from .surrogate import Surrogate

MC_SAMPLES = 128
_CHUNK = 512


def coefficient_surrogate(world: WorldModel, fitted: FittedTrajectoryGP, task: Task) -> Surrogate:
    """A `ModelListGP` over `m` coefficients: every acquisition works, fantasies too.

    With a mechanism there are no gradients, for its simulations have none, nor where a readout jumps: candidates are compared.
    """
    is_curve = len(world.times_h) > 1
    return Surrogate(
        world=world, task=task, model=fitted.model.gps,
        read=lambda samples, design: readouts(world, fitted, task.readouts, samples, design),
        sampler=lambda seed: SobolQMCNormalSampler(torch.Size([MC_SAMPLES]), seed=seed), gaussian=True,
        gradients=fitted.capabilities.gradients and not (is_curve and any(not one.is_smooth for one in task.readouts)), chunk=_CHUNK,
    )  # fmt: skip


def readouts(world: WorldModel, fitted: FittedTrajectoryGP, wanted: Sequence[Functional], coefficients: Tensor, design: Tensor | None) -> Tensor:
    """Each readout in its own unit: `… x n x m` coefficients of designs `… x n x d` → `… x n x r`.

    Raises:
        ValueError: a mechanism's residual without the designs that it is a residual at.
    """
    values = fitted.basis.decode(coefficients)
    if fitted.offset is not None:
        if design is None:
            raise ValueError("Expected the designs beside the coefficients, found none: they are residuals of a mechanism's simulation.")
        told = fitted.offset.at(design.reshape(-1, design.shape[-1]))
        values = values + told.reshape(*design.shape[:-1], *told.shape[1:])
    return torch.stack([read_out(one, values, times_h=world.times_h, variables=world.variables) for one in wanted], dim=-1)
