"""One experiment's own curve as sampling times see it: how its readout goes together with what may be read on the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from world_model.contestants.trajectory_gp import FittedTrajectoryGP
from world_model.filter import filter
from world_model.fit import WorldModel
from world_model.readouts import read_out
from world_model.state import Coefficients, History, Hypotheses
from world_model.terms.errors import DesignError
from world_model.terms.goals import Goal
from world_model.this_experiment import curve_belief
from world_model.times_between import between

from .schedule import Readable

DRAWS = 1024


def readable_of(
    world: WorldModel, goal: Goal, histories: Sequence[History], *, hours: Sequence[float], measured: Sequence[str] = (),
    noise: Mapping[str, float] | None = None, seed: int = 0,
) -> Readable:  # fmt: skip
    """What may be read of some experiments.

    Exact for Gaussian coefficients and a readout that is a weighted sum of the curve; else by the covariance of draws.

    Args:
        histories: one an experiment; readings in it are taken as known, and only later hours may be read.
        hours: allowed ones.
        measured: what is read at each of them; empty for every observable.
        noise: observable → the reader's sd, where somebody told it: no reading is better than that.

    Raises:
        DesignError: end points alone, an observable that is not measured, or no allowed hour that is still to come.
        ResultsError: hours outside the model's.
    """
    if len(world.times_h) < 2:
        raise DesignError("Expected a campaign that reads over time, found end points alone: there is one moment to read at.")
    unknown = [name for name in measured if name not in world.variables]
    if unknown:
        raise DesignError(f"Expected a measurement of {', '.join(world.variables)}, found {unknown[0]!r}.")
    now = max(history.now_h for history in histories)
    allowed = tuple(hour for hour in sorted(set(hours)) if hour > now + 1e-9)
    if not allowed:
        raise DesignError(f"Expected an allowed hour after now, {now:g} h, found none.")
    columns = [world.variables.index(name) for name in (measured or world.variables)]
    weights = between(world.times_h, torch.tensor(allowed, dtype=torch.double))
    covariances = torch.stack([_covariance(world, goal, history, weights, columns, seed=seed) for history in histories])
    design = world.encoder.design_of([history.settings for history in histories])
    told = torch.tensor([(noise or {}).get(name, 0.0) ** 2 for name in world.variables], dtype=torch.double)
    variance = torch.maximum(torch.einsum("qt,ty->qy", weights, _reading_variance(world, design)), told)[:, columns]
    return Readable(covariance=covariances, noise=variance.flatten(), moment=torch.arange(len(allowed)).repeat_interleave(len(columns)), hours=allowed)


def _covariance(world: WorldModel, goal: Goal, history: History, weights: Tensor, columns: list[int], *, seed: int) -> Tensor:
    """`1 + m x 1 + m`."""
    rows = readout_rows(world, goal, history, seed=seed)
    if isinstance(rows, tuple):
        loadings, covariance, readout = rows
        reads = torch.einsum("qt,kty->qyk", weights, loadings)[:, columns].flatten(0, 1)
        both = torch.cat([readout.unsqueeze(0), reads])
        return both @ covariance @ both.T
    values = rows
    readout = read_out(goal, values, times_h=world.times_h, variables=world.variables)
    reads = torch.einsum("qt,sty->sqy", weights, values)[:, :, columns].flatten(1)
    return torch.cov(torch.cat([readout.unsqueeze(1), reads], dim=1).T)


def readout_rows(world: WorldModel, goal: Goal, history: History, *, seed: int) -> tuple[Tensor, Tensor, Tensor] | Tensor:
    """Of a linear readout of Gaussian coefficients: their loadings `k x t x y`, covariance `k x k` and the readout's weights `k`; else
    draws of the curve, `s x t x y`."""
    fitted = world.fitted
    if not isinstance(fitted, FittedTrajectoryGP):
        return curve_draws(world, history, seed=seed)
    prior = curve_belief(world, fitted, world.encoder.design_of([history.settings]), plate=history.plate).prior(0)
    covariance = prior.covariance
    if history.read.any():
        inside = filter(world, history).inside
        assert isinstance(inside, Coefficients)  # as trajectory GPs answer
        covariance = inside.covariance
    if goal.is_linear:
        return prior.loadings, covariance, read_out(goal, prior.loadings, times_h=world.times_h, variables=world.variables)
    return curve_draws(world, history, seed=seed)


def curve_draws(world: WorldModel, history: History, *, seed: int, n: int = DRAWS) -> Tensor:
    """`s x t x y` curves of this experiment, in agreement with what was read."""
    state = filter(world, history, n=n, seed=seed, method="covariance")
    if isinstance(state.inside, Hypotheses):
        return state.inside.values
    fitted = world.fitted
    assert isinstance(fitted, FittedTrajectoryGP)  # Gaussian coefficients
    belief = curve_belief(world, fitted, world.encoder.design_of([history.settings]), plate=history.plate)
    values, vectors = torch.linalg.eigh(state.inside.covariance)
    chance = torch.randn(n, len(values), generator=torch.Generator().manual_seed(seed), dtype=torch.double)
    deviation = chance * values.clamp_min(0).sqrt() @ vectors.T + state.inside.mean - belief.prior(0).mean
    return belief.centre[0] + torch.einsum("sk,kty->sty", deviation, belief.prior(0).loadings)


def _reading_variance(world: WorldModel, design: Tensor) -> Tensor:
    """`t x y`: what one reading adds to the curve, averaged over designs."""
    fitted = world.fitted
    if isinstance(fitted, FittedTrajectoryGP):
        variance = curve_belief(world, fitted, design).noise_sd.square()
    else:
        variance = fitted.beliefs(design).aleatoric.mean(dim=0)
    scale = world.training.scale.square()
    return torch.maximum(variance, 1e-8 * scale)
