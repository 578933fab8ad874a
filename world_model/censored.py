"""Readings beyond a reader's limit teach too: what they are expected to be, given that they lie beyond it and all else that was read.

A saturated well says 'more than this'. Left out, the model believes the best points to be no better than what could be read; taken at
the limit, it believes them to be exactly there. Here each such reading takes its expected value under a trajectory model of the
readings, truncated at its limit: hyper-parameters see the filled readings (expectation-maximisation), the expectation itself
rests on experiments that were read in full and on the experiment's own other readings, so that a guess never confirms itself.
The filled values carry no more noise than readings do: intervals near them are somewhat too narrow.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from linear_operator.utils.cholesky import psd_safe_cholesky
from torch import Tensor

from .basis import Basis
from .coefficients import CoefficientModel
from .contestants.trajectory_gp import FittedTrajectoryGP, TrajectoryGP
from .contract import ABOVE, BELOW, Training
from .reading_noise import of_one_more, of_rows
from .terms.readings import FLAGS, Dataset
from .truncation import Beyond, readings_beyond

_FITS = 3
_FEWEST_READ = 6  # readings of each observable, below which the fit begins with those at the limit too
_TOGETHER = 24  # experiments whose truncated readings are judged jointly; the work grows with the cube of it
_MOST_KNOWN = 1000  # experiments that were read in full and are conditioned on: those nearest


def at_limits(data: Dataset) -> Dataset:
    """The data set with each reading beyond a limit standing at that limit, so that its experiment counts as read.

    The limit is the one that was told (`Dataset.limits`, or a value beside the flag), else the outermost reading of that observable on
    the same plate, which the reader could still follow, else that of all plates. A reading stays nan where none of these is known.
    """
    above, below = data.flags == ABOVE, data.flags == BELOW
    if not (above | below).any():
        return data
    values = data.values.copy()
    read = np.where((data.flags == FLAGS.index("ok")) & np.isfinite(values), values, np.nan)
    blocks = np.array(data.blocks)
    for hidden, outermost in ((above, np.fmax), (below, np.fmin)):
        for i, t, y in np.argwhere(hidden):
            told = np.nan if data.limits is None else data.limits[i, t, y]
            if np.isfinite(told) or np.isfinite(values[i, t, y]):
                values[i, t, y] = told if np.isfinite(told) else values[i, t, y]
                continue
            same = outermost.reduce(read[blocks == blocks[i], :, y], axis=None)
            values[i, t, y] = same if np.isfinite(same) else outermost.reduce(read[:, :, y], axis=None)
    return replace(data, values=values)


def fill_censored(training: Training, *, fits: int = _FITS) -> Training:
    """The training set with each reading beyond a limit replaced by what it is expected to be.

    Args:
        training: of `at_limits(data)`: the flagged values are limits.
        fits: how often the model is fitted to the filled readings.

    Raises:
        one of `coefficients.FIT_FAILURES`: the trajectory model could not be fitted.
    """
    hidden = training.beyond_limit
    rows = torch.nonzero(hidden.flatten(1).any(dim=1)).flatten()
    if not len(rows):
        return training
    limits = training.values
    side = torch.where(training.flags == ABOVE, 1.0, -1.0).to(limits.dtype)
    # curves cut off at the limit would teach the basis a shape that they do not have: it begins with what was read
    read = training.as_read
    enough = bool((torch.isfinite(read).flatten(0, 1).sum(dim=0) >= _FEWEST_READ).all())
    filled = replace(training, values=read) if enough else training
    for _ in range(fits):
        fitted = TrajectoryGP(name="wide").fit(filled, seed=0)
        expected = _expected(fitted, training, hidden=hidden, limits=limits, side=side, rows=rows)
        filled = replace(training, values=torch.where(hidden, expected, limits))
    return filled


def _expected(fitted: FittedTrajectoryGP, training: Training, *, hidden: Tensor, limits: Tensor, side: Tensor, rows: Tensor) -> Tensor:
    """`n x t x y`: what the hidden readings are expected to be; the other cells mean nothing."""
    whole = ~hidden.flatten(1).any(dim=1)
    filled = limits.clone()
    # replicates next to each other, so that they are judged together
    ordered = rows[training.groups[rows].argsort(stable=True)]
    for block in ordered.split(_TOGETHER):
        prior = _coefficients_given(fitted.model, known=torch.nonzero(whole).flatten(), asked=block)
        prior = _given_own_readings(prior, fitted.basis, torch.where(hidden[block], torch.nan, limits[block]))
        cells = torch.nonzero(hidden[block].flatten(1))
        loadings, noise, mean = _flat(fitted.basis)
        k = fitted.basis.size
        design = torch.zeros(len(cells), len(block) * k, dtype=limits.dtype)
        for c, (row, cell) in enumerate(cells.tolist()):
            design[c, row * k : (row + 1) * k] = loadings[cell]
        beyond = Beyond(
            loadings=design, noise=noise[cells[:, 1]], limit=limits[block].flatten(1)[cells[:, 0], cells[:, 1]] - mean[cells[:, 1]],
            side=side[block].flatten(1)[cells[:, 0], cells[:, 1]],
        )  # fmt: skip
        told = readings_beyond(prior.mean, prior.covariance, beyond)
        flat = filled[block].flatten(1)
        flat[cells[:, 0], cells[:, 1]] = mean[cells[:, 1]] + told.mean
        filled[block] = flat.reshape(filled[block].shape)
    return filled


@dataclass(frozen=True)
class _Prior:
    """Of the coefficients of some experiments, an experiment after the other: `mean` `r k`, `covariance` `r k x r k`."""

    mean: Tensor
    covariance: Tensor


def _coefficients_given(model: CoefficientModel, *, known: Tensor, asked: Tensor) -> _Prior:
    """The coefficients of some training rows, each with the scatter of one experiment, given those of the rows read in full."""
    inputs, k = model.inputs, len(model.gps.models)
    if len(known) > _MOST_KNOWN:
        apart = torch.cdist(inputs[known], inputs[asked]).min(dim=1).values
        known = known[apart.argsort(stable=True)[:_MOST_KNOWN]].sort().values
    mean = torch.zeros(len(asked), k, dtype=inputs.dtype)
    covariance = torch.zeros(len(asked), k, len(asked), k, dtype=inputs.dtype)
    with torch.no_grad():
        for i, gp in enumerate(model.gps.models):
            own = known[torch.isfinite(model.targets[known, i])]
            here, there = gp.input_transform.transform(inputs[asked]), gp.input_transform.transform(inputs[own])
            # rows of this coefficient's GP, in their order, with the noise of each
            place = torch.full((len(model.targets),), -1)
            place[torch.isfinite(model.targets[:, i])] = torch.arange(int(torch.isfinite(model.targets[:, i]).sum()))
            noise = of_rows(gp, int(place.max()) + 1)
            factor = psd_safe_cholesky(gp.covar_module(there).to_dense() + torch.diag(noise[place[own]]))
            across = gp.covar_module(here, there).to_dense()
            left = torch.cholesky_solve((model.targets[own, i] - gp.mean_module(there)).unsqueeze(-1), factor).squeeze(-1)
            mean[:, i] = gp.mean_module(here) + across @ left
            scatter = of_one_more(gp) * torch.eye(len(asked), dtype=inputs.dtype)
            covariance[:, i, :, i] = gp.covar_module(here).to_dense() - across @ torch.cholesky_solve(across.T, factor) + scatter
    return _Prior(mean=mean.flatten(), covariance=covariance.reshape(len(asked) * k, len(asked) * k))


def _given_own_readings(prior: _Prior, basis: Basis, values: Tensor) -> _Prior:
    """The coefficients of `r` experiments, given also what was read of themselves, `r x t x y`."""
    if basis.identity and not torch.isfinite(values).any():
        return prior
    loadings, noise, centre = _flat(basis)
    k = basis.size
    read = torch.nonzero(torch.isfinite(values.flatten(1)))
    if not len(read):
        return prior
    design = torch.zeros(len(read), len(prior.mean), dtype=values.dtype)
    for c, (row, cell) in enumerate(read.tolist()):
        design[c, row * k : (row + 1) * k] = loadings[cell]
    left = values.flatten(1)[read[:, 0], read[:, 1]] - centre[read[:, 1]] - design @ prior.mean
    across = prior.covariance @ design.T
    factor = psd_safe_cholesky(design @ across + torch.diag(noise[read[:, 1]]))
    gain = torch.cholesky_solve(across.T, factor).T
    return _Prior(mean=prior.mean + gain @ left, covariance=prior.covariance - gain @ across.T)


def _flat(basis: Basis) -> tuple[Tensor, Tensor, Tensor]:
    """`f x k` loadings, `f` variances around them and `f` means of the flattened readings."""
    # an end point's own scatter is in its coefficient; what is left here keeps the algebra invertible
    least = (1e-4 * basis.scale).square().expand_as(basis.residual_sd)
    return basis.components.flatten(1).T, torch.maximum(basis.residual_sd.square(), least).flatten(), basis.mean.flatten()
