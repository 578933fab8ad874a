"""Neural ODE: a small network gives the velocity of a latent state between readings; on a mechanism, of what its simulation leaves.

`y(t) = simulated(t) + r(t)`, `d(r, z)/dt = net(r, z, what drives the step, what is simulated)`. The solver sees piecewise constant
inputs, one interval between readings at a time. Needs torchdiffeq (extra `neural`).

Source: Chen et al. (2018), Neural ordinary differential equations; latent dimensions that start at zero: Dupont et al. (2019).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Literal

import torch
from torch import Tensor

from ..contract import Progress, Training
from ..terms.errors import NextwellError
from .ensemble import LOG_VARIANCE, likelihood, ridge, too_few
from .forecasts import FittedMembers, Forecasts
from .member_nets import MEMBER_DTYPE, Loss, Nets, bootstrap_shares, train
from .scene import Scene, Units, World
from .sequences import folds

FEWEST_INTERVENTIONS = 40
MOST_RUNS = 1500  # beyond this the ensemble learns the same from more, and quicker
LATENT = 2
_BLOCK = 2048  # designs that are solved at a time
_MOST_LINEAR = 1000
_QUICK = 10.0  # the variance is a single number: it learns at a multiple of the networks' rate

Solver = Callable[..., Tensor]


@dataclass(frozen=True)
class NeuralODE:
    """Attributes:
    mechanism: `residual`: the network moves what a mechanism's simulation leaves; `none`: a plain neural ODE, which costs what the
        networks of `ensemble` cost and forecast worse in what was measured.
    per_fold: members for each of the five folds that are left out.
    hidden: width of the two hidden layers.
    one_step, rollout: updates of the two parts of the training.
    """

    name: str = "neural ODE"
    mechanism: Literal["none", "residual"] = "residual"
    per_fold: int = 2
    hidden: int = 32
    one_step: int = 300
    rollout: int = 100

    def why_not(self, training: Training) -> str | None:
        """Needs torchdiffeq, runs and steps."""
        if find_spec("torchdiffeq") is None:
            return "needs torchdiffeq: pip install 'nextwell[neural]'"
        if self.mechanism != "none" and training.simulated is None:
            return "no mechanism is given"
        if training.n_interventions > MOST_RUNS:
            return f"beyond {MOST_RUNS} interventions the ensemble learns the same in less time, found {training.n_interventions}"
        return too_few(training, fewest=FEWEST_INTERVENTIONS)

    def fit(self, training: Training, *, seed: int, progress: Progress | None = None) -> FittedMembers:
        """Velocities first, matched to the denoised runs; then whole runs through the solver."""
        solver = _solver()
        generator = torch.Generator().manual_seed(seed)
        fold = folds(training.groups, seed=seed)
        shares = bootstrap_shares(training.groups, fold, per_fold=self.per_fold, generator=generator)
        world = World.of(training, mechanism=training.simulated if self.mechanism != "none" else None)
        scene = Scene.of(training, world, left_out=shares.left_out, fold=fold)
        y, members = training.values.shape[-1], len(shares.left_out)
        start = Nets.of([world.n_constant, 24, y], members=members, generator=generator)
        velocity = Nets.of([y + LATENT + world.n_inputs, self.hidden, self.hidden, y + LATENT], members=members, generator=generator)
        _start_linear(scene, start, velocity)
        spread = torch.zeros(members, 1, y, dtype=MEMBER_DTYPE)
        k = len(start.tensors)
        first = train(
            [*start.tensors, *velocity.tensors], _velocity_loss(scene, k), chances=shares.chances, held_back=shares.held_back, batch=16,
            updates=self.one_step, rate=1e-2, generator=generator,
        )  # fmt: skip
        if progress:
            progress(f"{self.name}: whole runs")
        best = train(
            [*first, spread], _solved_loss(scene, k, solver), chances=shares.chances, held_back=shares.held_back, batch=24,
            updates=self.rollout, rate=3e-3, generator=generator,
        )  # fmt: skip
        solved = Solved(
            world=world, units=scene.units, start=Nets.from_tensors(best[:k]), velocity=Nets.from_tensors(best[k:-1]), spread=best[-1], solver=solver
        )
        return FittedMembers(members=solved, training_design=training.design, fold=fold, left_out=shares.left_out)


def _solver() -> Solver:
    try:
        from torchdiffeq import odeint
    except ModuleNotFoundError as missing:
        raise NextwellError("Expected torchdiffeq for the neural ODE, found none. Install it: pip install 'nextwell[neural]'.") from missing
    return odeint


@dataclass(frozen=True)
class Solved:
    """Members' forecasts of designs."""

    world: World
    units: Units
    start: Nets
    velocity: Nets
    spread: Tensor
    solver: Solver

    def __call__(self, design: Tensor) -> Forecasts:
        """`m x n x t x y`, in own units."""
        told = []
        scale, centre = self.units.scale.unsqueeze(1), self.units.centre.unsqueeze(1)
        with torch.no_grad():
            for block in design.split(_BLOCK):
                inputs = self.world.inputs(block).expand(len(scale), -1, -1, -1)
                one = _solve(self.start, self.velocity, self.spread, self.units, inputs, step=self.world.step, solver=self.solver)
                mean = one.mean.double() * scale + centre + self.world.offset(block)
                told.append(Forecasts(mean=mean, variance=one.variance.double() * scale.square()))
        return Forecasts(mean=torch.cat([one.mean for one in told], dim=1), variance=torch.cat([one.variance for one in told], dim=1))


def _solve(start: Nets, velocity: Nets, spread: Tensor, units: Units, inputs: Tensor, *, step: Tensor, solver: Solver) -> Forecasts:
    """Standardised solutions for inputs `m x b x t x v`, one interval between readings at a time."""
    begun = units.within(start(inputs[:, :, 0, : start.inputs]))
    y = begun.shape[-1]
    state = torch.cat([begun, begun.new_zeros(*begun.shape[:2], LATENT)], dim=-1)
    means = [begun]
    net = velocity.unrolled(own=y + LATENT)
    ahead = net.ahead(inputs)
    for i in range(1, inputs.shape[2]):

        def flow(_: Tensor, now: Tensor, acting: Tensor = ahead[i]) -> Tensor:
            return net.step(now, acting)

        solved = solver(flow, state, torch.stack([step.new_zeros(()), step[i]]), method="midpoint")[-1]
        # what runs away is held at the edge of what was seen, widened by a half
        state = torch.cat([units.within(solved[..., :y]), solved[..., y:].clamp(-10, 10)], dim=-1)
        means.append(state[..., :y])
    mean = torch.stack(means, dim=2)
    variance = (units.noise.to(mean.dtype) + _QUICK * spread).clamp(*LOG_VARIANCE).exp().unsqueeze(2).expand_as(mean)
    return Forecasts(mean=mean, variance=variance)


def _solved_loss(scene: Scene, k: int, solver: Solver) -> Loss:
    def loss(tensors: Sequence[Tensor], rows: Tensor) -> Tensor:
        start, velocity = Nets.from_tensors(tensors[:k]), Nets.from_tensors(tensors[k:-1])
        told = _solve(start, velocity, tensors[-1], scene.units, scene.inputs[rows], step=scene.step, solver=solver)
        return likelihood(told, scene.readings(rows))

    return loss


@dataclass(frozen=True)
class _Middles:
    """Halfway through each step of denoised runs: `x` `m x b x t-1 x q`, `rate` `m x b x t-1 x y`; and what they begin with."""

    before: Tensor
    first: Tensor
    x: Tensor
    rate: Tensor

    @classmethod
    def of(cls, scene: Scene, rows: Tensor, *, first_inputs: int) -> _Middles:
        states, inputs = scene.states(rows), scene.inputs[rows]
        middle = (states[:, :, 1:] + states[:, :, :-1]) / 2
        rate = (states[:, :, 1:] - states[:, :, :-1]) / scene.step[1:, None].clamp_min(1e-6)
        x = torch.cat([middle, middle.new_zeros(*middle.shape[:3], LATENT), inputs[:, :, 1:]], dim=-1)
        return cls(before=inputs[:, :, 0, :first_inputs], first=states[:, :, 0], x=x, rate=rate)


def _velocity_loss(scene: Scene, k: int) -> Loss:
    """Squared error of the velocity halfway through each step."""

    def loss(tensors: Sequence[Tensor], rows: Tensor) -> Tensor:
        start, velocity = Nets.from_tensors(tensors[:k]), Nets.from_tensors(tensors[k:])
        told = _Middles.of(scene, rows, first_inputs=start.inputs)
        m, b, t, y = told.rate.shape
        rate = velocity(told.x.flatten(1, 2))[..., :y].reshape(m, b, t, y)
        missed = (rate - told.rate) * scene.step[1:, None]
        return t * missed.square().flatten(1).mean(dim=1) + (start(told.before) - told.first).square().flatten(1).mean(dim=1)

    return loss


def _start_linear(scene: Scene, start: Nets, velocity: Nets) -> None:
    y = scene.n_observables
    for k in scene.left_out.unique().tolist():
        seen = scene.seen(k)
        told = _Middles.of(scene.of_fold(k), seen[:: max(1, len(seen) // _MOST_LINEAR)].unsqueeze(0), first_inputs=start.inputs)
        own = torch.nonzero(scene.left_out == k).flatten()
        velocity.skip[own, :, :y] = ridge(told.x[0].flatten(0, 1), told.rate[0].flatten(0, 1))
        start.skip[own] = ridge(told.before[0], told.first[0])


