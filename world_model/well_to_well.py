"""How wells of one intervention differ, learned from what the model missed when it did not see them.

A reading's distance from the held-out prediction holds four things: what the model does not know yet, the well's own deviation,
what the few components leave out of any curve, and the reader's noise. Telling them apart is what lets readings of one assay speak
for another: a well that is vigorous in one is vigorous in the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from .contestants.trajectory_gp import FittedTrajectoryGP
from .fit import WorldModel

FEWEST_GROUPS = 12  # distinct interventions from which a covariance is learned; below, wells differ by the fitted noise alone
_KNOWN: WeakKeyDictionary[torch.nn.Module, WellToWell] = WeakKeyDictionary()


@dataclass(frozen=True)
class WellToWell:
    """Attributes:
    own: `k x k`, covariance of a well's coefficients around those of its intervention.
    left_out_sd: `t x y`, of the part of a curve that the components don't reach.
    reader_sd: `t x y`, of one reading around the well's curve.
    """

    own: Tensor
    left_out_sd: Tensor
    reader_sd: Tensor


def well_to_well(world: WorldModel, fitted: FittedTrajectoryGP) -> WellToWell:
    """What the training rows tell; worked out once for a model."""
    key = fitted.model.gps
    if key not in _KNOWN:
        _KNOWN[key] = _learned(world, fitted)
    return _KNOWN[key]


def _learned(world: WorldModel, fitted: FittedTrajectoryGP) -> WellToWell:
    basis, model, training = fitted.basis, fitted.model, world.training
    values = training.values if fitted.offset is None else training.values - fitted.offset.at(training.design)
    smooth = _smooth_share(values - basis.decode(torch.nan_to_num(model.targets)))
    # a coefficient is a ridge estimate from a row's readings: with G their precision-weighted Gram matrix the reader's noise puts
    # (G + 1)^-1 G (G + 1)^-1 into it
    loadings, known = basis.components.flatten(1), torch.isfinite(values).flatten(1).double()
    gram = torch.einsum("kf,nf,lf->nkl", loadings, known * basis.residual_sd.flatten().square().clamp_min(1e-24).reciprocal(), loadings)
    ridge = torch.linalg.inv(gram + torch.eye(basis.size, dtype=gram.dtype))
    reader = (ridge @ gram @ ridge).mean(dim=0)
    noise = model.noise_variance()
    own = torch.diag(noise)
    if training.n_interventions >= FEWEST_GROUPS:
        told = model.held_out(training.groups)
        missed = model.targets - told.mean
        known_rows = torch.isfinite(missed).double()
        pairs = known_rows.T @ known_rows
        both = torch.nan_to_num(missed)
        ignorance = (told.variance - noise).clamp_min(0)
        own = (both.T @ both) / pairs.clamp_min(1) - torch.diag(ignorance.nanmean(dim=0))
    return WellToWell(own=_positive(own - reader), left_out_sd=basis.residual_sd * smooth.sqrt(), reader_sd=basis.residual_sd * (1 - smooth).sqrt())


def _smooth_share(left: Tensor) -> Tensor:
    """`y`: how much of what the components leave is smooth in time: its correlation from one time to the next. Noise has none."""
    now, then = left[:, :-1], left[:, 1:]
    both = torch.isfinite(now) & torch.isfinite(then)
    now, then = torch.where(both, now, 0.0), torch.where(both, then, 0.0)
    across = (now * then).sum(dim=(0, 1))
    size = (now.square().sum(dim=(0, 1)) * then.square().sum(dim=(0, 1))).sqrt().clamp_min(1e-300)
    return (across / size).clamp(0.0, 0.95)


def _positive(matrix: Tensor) -> Tensor:
    """The nearest covariance: negative eigenvalues are estimates of nothing."""
    values, vectors = torch.linalg.eigh((matrix + matrix.T) / 2)
    return (vectors * values.clamp_min(0)) @ vectors.T
