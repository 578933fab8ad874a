"""One experiment as trajectory GPs see it: coefficients that it shares with every repeat, and a deviation of its own well and plate.

Curves are linear in both, so that readings condition them exactly. The calibration of forecasts is not used here: its factors differ
by time and assay, which would bend the curves that readings are held against; how wells differ is learned from held-out rows instead.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .contestants.trajectory_gp import FittedTrajectoryGP
from .fit import WorldModel
from .times_between import between
from .well_to_well import well_to_well


@dataclass(frozen=True)
class CurveBelief:
    """What is believed of experiments on one plate before they are read.

    Attributes:
        inputs: `n x d…`, designs with the extra features and the plate's code that the GPs take.
        centre: `n x t x y`, the expected curves.
        mean: `n x k` coefficients.
        shared: `n x k` variance that other experiments would reduce.
        own: `n x k x k` covariance of this well around them, and of its plate where the model has not seen that.
        loadings: `k x t x y`, what one unit of a coefficient adds to a curve.
        moves: `n x m x t x y`, what one sd of each thing that is unsure of a mechanism adds; `m` is 0 without one.
        left_out_sd: `t x y`, of the smooth part of a curve that no coefficient reaches.
        noise_sd: `t x y`, of one reading around what the coefficients reach.
        reader_sd: `t x y`, the reader's part of that.
    """

    inputs: Tensor
    centre: Tensor
    mean: Tensor
    shared: Tensor
    own: Tensor
    loadings: Tensor
    moves: Tensor
    left_out_sd: Tensor
    noise_sd: Tensor
    reader_sd: Tensor

    @property
    def covariance(self) -> Tensor:
        """`n x k x k`, of the coefficients of each experiment."""
        return torch.diag_embed(self.shared) + self.own

    def curves(self, deviation: Tensor) -> Tensor:
        """Deviations from the mean coefficients, and sd of the moves, `… x n x k + m` → curves `… x n x t x y`."""
        k = len(self.loadings)
        moved = torch.einsum("...nm,nmty->...nty", deviation[..., k:], self.moves)
        return self.centre + torch.einsum("...k,kty->...ty", deviation[..., :k], self.loadings) + moved

    def prior(self, i: int) -> Prior:
        """Of experiment `i`: its coefficients, and what is unsure of the mechanism, which are independent before it is read."""
        m = self.moves.shape[1]
        return Prior(
            mean=torch.cat([self.mean[i], self.mean.new_zeros(m)]),
            covariance=torch.block_diag(self.covariance[i], torch.eye(m, dtype=self.mean.dtype)),
            loadings=torch.cat([self.loadings, self.moves[i]]),
        )


@dataclass(frozen=True)
class Prior:
    """`mean` `k + m`, `covariance` `k + m x k + m`, and what one unit of each adds to a curve, `loadings` `k + m x t x y`."""

    mean: Tensor
    covariance: Tensor
    loadings: Tensor


def curve_belief(world: WorldModel, fitted: FittedTrajectoryGP, design: Tensor, *, plate: str = "") -> CurveBelief:
    """The belief about designs `n x d` on one plate."""
    inputs = _with_plate(fitted, design, _code(world, plate))
    told = fitted.model.marginals(inputs)
    wells = well_to_well(world, fitted)
    own = wells.own.expand(len(design), -1, -1)
    if inputs.shape[-1] == design.shape[-1]:
        own = own + torch.diag_embed(fitted.model.plate_variance(design))
    moves = fitted.moves(design).movedim(-1, 1)
    moves = moves[:, moves.abs().transpose(0, 1).flatten(1).sum(dim=1) > 0] if moves.shape[1] else moves
    return CurveBelief(
        inputs=inputs, centre=fitted.decode(told.mean, design), mean=told.mean, shared=told.variance, own=own,
        loadings=fitted.basis.components, moves=moves, left_out_sd=wells.left_out_sd, noise_sd=fitted.basis.residual_sd, reader_sd=wells.reader_sd,
    )  # fmt: skip


def at_hours(world: WorldModel, values: Tensor, hours: Tensor) -> Tensor:
    """Curves `… x t x y` at other hours: `… x q x y`, linear in between."""
    return torch.einsum("qt,...ty->...qy", between(world.times_h, hours), values)


def _code(world: WorldModel, plate: str) -> float | None:
    """The code that the training gave a plate; None where it has not seen it, or where plates have no effect."""
    if world.training.plates is None or plate not in world.training.blocks:
        return None
    return float(world.training.plates[world.training.blocks.index(plate)])


def _with_plate(fitted: FittedTrajectoryGP, design: Tensor, code: float | None) -> Tensor:
    if code is None:
        return design
    known = fitted.model.gps.models[0].input_transform
    codes = design.new_tensor([*known.codes[:-1], code]).expand(len(design), -1)
    return torch.cat([design, *([] if known.extra is None else [known.extra(design)]), codes], dim=-1)
