"""Probabilistic ensemble: networks that move a latent state step by step, in members that never saw part of the runs.

The state holds the observables and a memory: filtered traces of where they have been, for what is not measured shows in the past of
what is (Takens' theorem is the idea). A member is trained first to move as the runs did (one step, all steps at once), then to
forecast whole runs from what is done to them (rollouts, Gaussian likelihood of the readings). One member is one world.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from ..contract import Progress, Training
from .forecasts import FittedMembers, Forecasts
from .member_nets import MEMBER_DTYPE, Loss, Nets, bootstrap_shares, train
from .scene import MEMORIES, Scene, Units, World
from .sequences import folds

FEWEST_INTERVENTIONS = 40
LOG_VARIANCE = (math.log(1e-4), math.log(4.0))  # of a reading, in units of the observable's variance
_MOST_LINEAR = 1000  # runs that the linear part is learned from
_BLOCK = 2048  # designs that are rolled out at a time
_MOST_LONGER = 4.0  # times longer than at 200 runs, at most, is the training of many


@dataclass(frozen=True)
class Ensemble:
    """Attributes:
    mechanism: `none`, or `residual`: the networks learn what a mechanism's simulation leaves, with the simulation as further input.
    per_fold: members for each of the five folds that are left out.
    hidden: width of the two hidden layers.
    one_step, rollout: updates of the first and of the second part of the training, up to 200 runs.
    """

    name: str = "networks"
    mechanism: Literal["none", "residual"] = "none"
    per_fold: int = 2
    hidden: int = 48
    one_step: int = 300
    rollout: int = 150

    def why_not(self, training: Training) -> str | None:
        """Networks want runs, and steps."""
        if self.mechanism != "none" and training.simulated is None:
            return "no mechanism is given"
        return too_few(training, fewest=FEWEST_INTERVENTIONS)

    def fit(self, training: Training, *, seed: int, progress: Progress | None = None) -> FittedMembers:
        """Train all members side by side."""
        generator = torch.Generator().manual_seed(seed)
        fold = folds(training.groups, seed=seed)
        shares = bootstrap_shares(training.groups, fold, per_fold=self.per_fold, generator=generator)
        world = World.of(training, mechanism=training.simulated if self.mechanism != "none" else None)
        scene = Scene.of(training, world, left_out=shares.left_out, fold=fold)
        y, members = training.values.shape[-1], len(shares.left_out)
        start = Nets.of([world.n_constant, 24, 2 * y], members=members, generator=generator)
        step = Nets.of([y * (1 + len(MEMORIES)) + world.n_inputs, self.hidden, self.hidden, 2 * y], members=members, generator=generator)
        _start_linear(scene, start, step)
        longer = min(max((len(training) / 200) ** 0.5, 1.0), _MOST_LONGER)
        k = len(start.tensors)
        if progress:
            progress(f"{self.name}: single steps of {members} members")
        first = train(
            [*start.tensors, *step.tensors], _one_step_loss(scene, k), chances=shares.chances, held_back=shares.held_back, batch=24,
            updates=round(longer * self.one_step), rate=1e-2, generator=generator,
        )  # fmt: skip
        if progress:
            progress(f"{self.name}: whole runs")
        best = train(
            first, _rollout_loss(scene, k), chances=shares.chances, held_back=shares.held_back, batch=24,
            updates=round(longer * self.rollout), rate=2e-3, generator=generator,
        )  # fmt: skip
        rollouts = Rollouts(world=world, units=scene.units, start=Nets.from_tensors(best[:k]), step=Nets.from_tensors(best[k:]))
        return FittedMembers(members=rollouts, training_design=training.design, fold=fold, left_out=shares.left_out)


def too_few(training: Training, *, fewest: int) -> str | None:
    """Why networks do not compete, or None."""
    if len(training.times_h) < 3:
        return f"a step needs readings over time (at least 3 times), found {len(training.times_h)}"
    if training.n_interventions < fewest:
        return f"networks want {fewest} interventions, found {training.n_interventions}"
    return None


@dataclass(frozen=True)
class Rollouts:
    """Members' forecasts of designs."""

    world: World
    units: Units
    start: Nets
    step: Nets

    def __call__(self, design: Tensor) -> Forecasts:
        """`m x n x t x y`, in own units."""
        told = []
        scale, centre = self.units.scale.unsqueeze(1), self.units.centre.unsqueeze(1)
        with torch.no_grad():
            for block in design.split(_BLOCK):
                inputs = self.world.inputs(block).expand(len(scale), -1, -1, -1)
                one = _rolled(self.start, self.step, self.units, inputs, step_length=self.world.step)
                mean = one.mean.double() * scale + centre + self.world.offset(block)
                told.append(Forecasts(mean=mean, variance=one.variance.double() * scale.square()))
        return Forecasts(mean=torch.cat([one.mean for one in told], dim=1), variance=torch.cat([one.variance for one in told], dim=1))


def _rolled(start: Nets, step: Nets, units: Units, inputs: Tensor, *, step_length: Tensor) -> Forecasts:
    """Standardised rollouts of inputs `m x b x t x v`."""
    told = start(inputs[:, :, 0, : start.inputs])
    y = told.shape[-1] // 2
    state = units.within(told[..., :y])
    means, logs = [state], [told[..., y:]]
    traces = torch.cat([state] * len(MEMORIES), dim=-1)
    rates = torch.tensor(MEMORIES, dtype=state.dtype).repeat_interleave(y)
    net = step.unrolled(own=y * (1 + len(MEMORIES)))
    ahead = net.ahead(inputs)
    for i in range(1, inputs.shape[2]):
        told = net.step(torch.cat([state, traces], dim=-1), ahead[i])
        traces = traces + rates * (torch.cat([state] * len(MEMORIES), dim=-1) - traces)
        state = units.within(state + step_length[i] * told[..., :y])
        means.append(state)
        logs.append(told[..., y:])
    logged = (units.noise.unsqueeze(1).to(MEMBER_DTYPE) + torch.stack(logs, dim=2)).clamp(*LOG_VARIANCE)
    return Forecasts(mean=torch.stack(means, dim=2), variance=logged.exp())


def likelihood(told: Forecasts, values: Tensor) -> Tensor:
    """`m`: mean Gaussian loss of standardised readings `m x b x t x y`, each weighed by the root of its variance.

    Source: Seitzer et al. (2022), On the pitfalls of heteroscedastic uncertainty estimation, ICLR: beta = 1/2.
    """
    known = torch.isfinite(values)
    gap = torch.where(known, values, told.mean) - told.mean
    each = (gap.square() / told.variance + told.variance.log()) * told.variance.detach().sqrt()
    return (each * known).flatten(1).sum(dim=1) / known.flatten(1).sum(dim=1).clamp_min(1)


def _rollout_loss(scene: Scene, k: int) -> Loss:
    def loss(tensors: Sequence[Tensor], rows: Tensor) -> Tensor:
        start, step = Nets.from_tensors(tensors[:k]), Nets.from_tensors(tensors[k:])
        return likelihood(_rolled(start, step, scene.units, scene.inputs[rows], step_length=scene.step), scene.readings(rows))

    return loss


@dataclass(frozen=True)
class _Steps:
    """`first` `m x b x y`, `before` `m x b x u`; `x` `m x b x t-1 x q` and `rate` `m x b x t-1 x y` of each step."""

    first: Tensor
    before: Tensor
    x: Tensor
    rate: Tensor

    @classmethod
    def of(cls, scene: Scene, rows: Tensor, *, first_inputs: int) -> _Steps:
        """What each step of denoised runs `m x b` starts from and how fast it moves."""
        states, inputs = scene.states(rows), scene.inputs[rows]
        traces = [states[:, :, 0].expand(len(MEMORIES), -1, -1, -1)]
        rates = torch.tensor(MEMORIES, dtype=MEMBER_DTYPE).reshape(-1, 1, 1, 1)
        for i in range(1, states.shape[2] - 1):
            traces.append(traces[-1] + rates * (states[:, :, i - 1] - traces[-1]))
        past = torch.stack(traces, dim=3).permute(1, 2, 3, 0, 4).flatten(3)  # m x b x t-1 x memories·y
        moved = (states[:, :, 1:] - states[:, :, :-1]) / scene.step[1:, None].clamp_min(1e-6)
        return cls(
            first=states[:, :, 0], before=inputs[:, :, 0, :first_inputs],
            x=torch.cat([states[:, :, :-1], past, inputs[:, :, 1:]], dim=-1), rate=moved,
        )  # fmt: skip


def _one_step_loss(scene: Scene, k: int) -> Loss:
    """Squared error of the first state and of each step from the denoised state before it, all steps at once."""

    def loss(tensors: Sequence[Tensor], rows: Tensor) -> Tensor:
        start, step = Nets.from_tensors(tensors[:k]), Nets.from_tensors(tensors[k:])
        told = _Steps.of(scene, rows, first_inputs=start.inputs)
        m, b, t, y = told.rate.shape
        rate = step(told.x.flatten(1, 2))[..., :y].reshape(m, b, t, y)
        missed = (rate - told.rate) * scene.step[1:, None]
        begun = start(told.before)[..., :y] - told.first
        return t * missed.square().flatten(1).mean(dim=1) + begun.square().flatten(1).mean(dim=1)

    return loss


def _start_linear(scene: Scene, start: Nets, step: Nets) -> None:
    """Put the best linear maps into the networks' linear parts, in place: much of biology moves nearly so."""
    y = scene.n_observables
    for k in scene.left_out.unique().tolist():
        seen = scene.seen(k)
        told = _Steps.of(scene.of_fold(k), seen[:: max(1, len(seen) // _MOST_LINEAR)].unsqueeze(0), first_inputs=start.inputs)
        own = torch.nonzero(scene.left_out == k).flatten()
        step.skip[own, :, :y] = ridge(told.x[0].flatten(0, 1), told.rate[0].flatten(0, 1))
        start.skip[own, :, :y] = ridge(told.before[0], told.first[0])


def ridge(x: Tensor, targets: Tensor) -> Tensor:
    """`q + 1 x y` weights of an affine map; the last row is the constant."""
    phi = torch.cat([x, torch.ones(len(x), 1, dtype=x.dtype)], dim=-1).double()
    weights: Tensor = torch.linalg.solve(phi.T @ phi + 1e-3 * len(x) ** 0.5 * torch.eye(phi.shape[1], dtype=phi.dtype), phi.T @ targets.double())
    return weights.to(x.dtype)
