"""Futures from a state: one experiment's remaining time under plans, draw by draw under the same hypotheses and the same noise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from .chance import stream
from .contestants.trajectory_gp import FittedTrajectoryGP
from .contract import Of
from .departure import departs_h, plan_from
from .filter import Method, reading_rows
from .fit import WorldModel
from .hypotheses import moved, reading_variance, weighted
from .linear_gaussian import condition
from .readings_so_far import ReadingsSoFar, readings_so_far
from .state import History, State
from .terms.space import Settings
from .this_experiment import CurveBelief, at_hours, curve_belief


@dataclass(frozen=True)
class Rollouts:
    """Attributes:
    times_h: `t'`: now, and the model's times after it.
    variables: `y` names.
    values: `s x t' x y`, each in its observable's own unit.
    """

    times_h: Tensor
    variables: tuple[str, ...]
    values: Tensor


@dataclass(frozen=True)
class Branches:
    """Attributes:
    values: `s x p x t x y` at the model's times; draw i is one hypothesis of the world, of this well and of the noise for all plans.
    leak: `p`, what the model believes that each plan changes before it acts, at most, in sd of a reading. It is taken out of
        `values`; a large one says that the model has not learned when acts act.
    n_effective: of how many equally good hypotheses the draws consist.
    """

    values: Tensor
    leak: Tensor
    n_effective: float


def simulate_from(world: WorldModel, state: State, plan: Settings, n: int, seed: int, *, of: Of = "state", method: Method = "weights") -> Rollouts:
    """Rollouts of an experiment from its state under a plan.

    Args:
        plan: all factors, or those that change; what has happened can't.
        of: `state`, or `reading` with the reader's noise.

    Raises:
        DesignError: the plan changes the past, or lies outside the space.
        ResultsError: as `filter`.
    """
    told = branches(world, state.history, {"the plan": plan}, n=n, seed=seed, of=of, method=method)
    later = world.times_h[world.times_h > state.time_h + 1e-9]
    hours = torch.cat([torch.tensor([state.time_h], dtype=torch.double), later])
    return Rollouts(times_h=hours, variables=world.variables, values=at_hours(world, told.values[:, 0], hours))


def branches(
    world: WorldModel, history: History, plans: Mapping[str, Settings], *, n: int, seed: int, of: Of = "state", method: Method = "weights"
) -> Branches:
    """The trajectories of one experiment under several plans, given what was read of it.

    Until a plan departs from the history's own settings its trajectory is that of the history's settings: an act has no effect
    before its time. What was read counts for every plan, for until then all of them are this very experiment.
    """
    whole = [plan_from(world.space, history.settings, plan, now_h=history.now_h, name=name) for name, plan in plans.items()]
    told = readings_so_far(world, history)
    design = world.encoder.design_of([history.settings, *whole])
    unique, which = torch.unique(design, dim=0, return_inverse=True)
    if isinstance(world.fitted, FittedTrajectoryGP):
        belief = curve_belief(world, world.fitted, unique, plate=history.plate)
        drawn, n_effective = _exact(world.fitted, belief, told, n=n, seed=seed), float(n)
        noise_sd, expected = belief.reader_sd, belief.centre
    else:
        posterior = world.posterior_at(unique)
        free = posterior.draws(n, seed)
        explain = weighted if method == "weights" else moved
        base = design[:1]
        kept = explain(free, base=free[:, which[0]], told=told, variance=reading_variance(world, base, told), seed=seed)
        drawn, n_effective = kept.values, kept.n_effective
        noise_sd = world.calibration.factor * world.fitted.beliefs(base).aleatoric[0].clamp_min(0).sqrt()
        expected = posterior.mean_sd().mean
    departs = torch.tensor([departs_h(world.space, history.settings, plan) for plan in whole], dtype=torch.double)
    common = world.times_h <= departs.unsqueeze(-1) + 1e-9  # `p x t`; a reading at the instant of an act is taken before it
    values = torch.where(common[None, :, :, None], drawn[:, which[:1]], drawn[:, which[1:]])
    if of == "reading":
        generator = stream(seed, "reader")
        values = values + (noise_sd * torch.randn(n, *noise_sd.shape, generator=generator, dtype=torch.double)).unsqueeze(1)
    moves = ((expected[which[1:]] - expected[which[0]]) / noise_sd.clamp_min(1e-12)).abs() * common[:, :, None]
    return Branches(values=values, leak=moves.flatten(1).amax(dim=1), n_effective=n_effective)


def _exact(fitted: FittedTrajectoryGP, belief: CurveBelief, told: ReadingsSoFar, *, n: int, seed: int) -> Tensor:
    """`s x u x t x y`: joint draws of all plans' coefficients, this well's deviation and the readings' noise, moved onto the readings.

    Source: Matheron's rule, as in Wilson et al. (2020), arXiv 2002.09309; each plan's margin is the exact posterior.
    """
    generator = stream(seed, "this well")
    k = belief.mean.shape[-1]
    well = torch.randn(n, k, generator=generator, dtype=torch.double)
    noise_sd = told.pick(belief.noise_sd)
    noise = noise_sd * torch.randn(n, len(told.values), generator=generator, dtype=torch.double)
    deviation = fitted.model.draws(belief.inputs, n, seed=seed) - belief.mean + torch.einsum("pkl,sl->spk", _root(belief.own), well)
    constants = torch.randn(n, 1, belief.moves.shape[1], generator=stream(seed, "mechanism"), dtype=torch.double)
    deviation = torch.cat([deviation, constants.expand(-1, len(belief.mean), -1)], dim=-1)
    updated = []
    for p in range(len(belief.mean)):
        surprise, before = told.values - told.pick(belief.centre[p]), belief.prior(p)
        rows = reading_rows(before.loadings, told)
        gain = condition(before.mean, before.covariance, loadings=rows, surprise=surprise, noise=noise_sd.square()).gain
        updated.append(deviation[:, p] + (surprise - deviation[:, p] @ rows.T - noise) @ gain.T)
    left_out = belief.left_out_sd * torch.randn(n, 1, 1, len(belief.left_out_sd[0]), generator=generator, dtype=torch.double)
    return belief.curves(torch.stack(updated, dim=1)) + left_out


def _root(covariance: Tensor) -> Tensor:
    """`… k x k`: a square root, also where some directions have no variance at all."""
    values, vectors = torch.linalg.eigh(covariance)
    return vectors * values.clamp_min(0).sqrt().unsqueeze(-2)
