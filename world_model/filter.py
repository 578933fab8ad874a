"""Filter: from what was done and read so far to the state now, with assays missing.

Trajectory GPs answer exactly (Kalman). Any other model answers by hypotheses: draws of whole worlds, weighted by how well each
explains the readings, or moved onto them by their own covariance.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from .contestants.trajectory_gp import FittedTrajectoryGP
from .fit import WorldModel
from .hypotheses import moved, reading_variance, weighted
from .linear_gaussian import condition
from .readings_so_far import ReadingsSoFar, readings_so_far
from .state import Coefficients, History, Hypotheses, State
from .this_experiment import at_hours, curve_belief

Method = Literal["weights", "covariance"]
DRAWS = 2048


def filter(world: WorldModel, history: History, *, n: int = DRAWS, seed: int = 0, method: Method = "weights") -> State:
    """The state of an experiment now.

    Args:
        n: hypotheses, where the model is none of Gaussian coefficients; else unused.
        method: for such models: `weights` (importance weights, resampled: right for any shape of belief) or `covariance` (each draw
            is moved onto the readings by the draws' own covariance: right for bell shapes, and never at a loss).

    Raises:
        ResultsError: another set of observables, hours outside the model's, end points alone; or readings that so few of the
            hypotheses explain that weights mean nothing.
        SpaceError: a setting that is missing or unknown.
    """
    told = readings_so_far(world, history)
    if isinstance(world.fitted, FittedTrajectoryGP):
        return _exact(world, world.fitted, history, told)
    design = world.encoder.design_of([history.settings])
    drawn = world.posterior_at(design).draws(n, seed)
    explain = weighted if method == "weights" else moved
    kept = explain(drawn, base=drawn[:, 0], told=told, variance=reading_variance(world, design, told), seed=seed)
    now = torch.einsum("t,sty->sy", told.now, kept.values[:, 0])
    return State(
        time_h=told.now_h, variables=world.variables, mean=now.mean(dim=0), covariance=torch.cov(now.T).reshape(2 * (len(world.variables),)),
        age_h=told.age_h, history=history, inside=Hypotheses(values=kept.values[:, 0]), n_effective=kept.n_effective,
        log_likelihood=kept.log_likelihood,
    )  # fmt: skip


def _exact(world: WorldModel, fitted: FittedTrajectoryGP, history: History, told: ReadingsSoFar) -> State:
    belief = curve_belief(world, fitted, world.encoder.design_of([history.settings]), plate=history.plate)
    before, noise = belief.prior(0), told.pick(belief.noise_sd).square()
    known = condition(
        before.mean, before.covariance, loadings=reading_rows(before.loadings, told), surprise=told.values - told.pick(belief.centre[0]), noise=noise
    )
    now = torch.einsum("t,kty->yk", told.now, before.loadings)
    centre = at_hours(world, belief.centre[0], torch.tensor([told.now_h], dtype=torch.double))[0]
    left_out = (told.now @ belief.left_out_sd).square()
    return State(
        time_h=told.now_h, variables=world.variables, mean=centre + now @ (known.mean - before.mean),
        covariance=now @ known.covariance @ now.T + torch.diag(left_out),
        age_h=told.age_h, history=history, inside=Coefficients(mean=known.mean, covariance=known.covariance), n_effective=None,
        log_likelihood=known.log_likelihood,
    )  # fmt: skip


def reading_rows(loadings: Tensor, told: ReadingsSoFar) -> Tensor:
    """`m x k`: what each coefficient adds to each reading."""
    return told.pick(loadings).T
