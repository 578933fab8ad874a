"""Probabilistic ensemble: networks that move a latent state step by step, in members that never saw part of the runs.

The state holds the observables and a memory: filtered traces of where they have been, for what is not measured shows in the past of
what is (Takens' theorem is the idea). A member is trained first to move as the runs did (one step, all steps at once), then to
forecast whole runs from what is done to them (rollouts, Gaussian likelihood of the readings). One member is one world.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..contract import Belief, Capabilities, Of, Progress, Training
from ..drive import Drive
from ..encoding import Encoder
from .member_nets import MEMBER_DTYPE, Nets, bootstrap_shares, train
from .sequences import FOLDS, denoised, folds

FEWEST_INTERVENTIONS = 100
_MEMORIES = (0.5, 0.15)  # by how much of the way a trace follows its observable in one step
_BEYOND = 0.5  # rollouts stay within the range of the training readings, widened by this share of it on each side
_LOG_VARIANCE = (math.log(1e-4), math.log(4.0))  # of a reading, in units of the observable's variance
_BLOCK = 2048  # designs that are rolled out at a time


@dataclass(frozen=True)
class Ensemble:
    """Attributes:
    per_fold: members for each of the five folds that are left out.
    hidden: width of the two hidden layers.
    one_step, rollout: updates of the first and of the second part of the training.
    """

    name: str = "ensemble"
    per_fold: int = 2
    hidden: int = 48
    one_step: int = 300
    rollout: int = 200
    batch: int = 48

    def why_not(self, training: Training) -> str | None:
        """Networks want runs, and steps."""
        if len(training.times_h) < 3:
            return f"a step needs readings over time (at least 3 times), found {len(training.times_h)}"
        if training.n_interventions < FEWEST_INTERVENTIONS:
            return f"networks want {FEWEST_INTERVENTIONS} interventions, found {training.n_interventions}"
        return None

    def fit(self, training: Training, *, seed: int, progress: Progress | None = None) -> FittedEnsemble:
        """Train all members side by side."""
        generator = torch.Generator().manual_seed(seed)
        fold = folds(training.groups, seed=seed)
        shares = bootstrap_shares(training.groups, fold, per_fold=self.per_fold, generator=generator)
        drive = Drive.of(training.encoder, training.design, training.times_h)
        scene = _Scene.of(training, drive, shares.left_out, fold)
        y, u = training.values.shape[-1], len(scene.columns)
        members = len(shares.left_out)
        start = Nets.of([u, 24, 2 * y], members=members, generator=generator)
        step = Nets.of([y * (1 + len(_MEMORIES)) + u * (1 + len(_MEMORIES)) + 1, self.hidden, self.hidden, 2 * y], members=members, generator=generator)
        first = train(
            [*start.tensors, *step.tensors], scene.one_step_loss(len(start.tensors)), chances=shares.chances, held_back=shares.held_back,
            batch=self.batch, updates=self.one_step, rate=1e-2, generator=generator,
        )  # fmt: skip
        if progress:
            progress("ensemble: rollouts")
        best = train(
            first, scene.rollout_loss(len(start.tensors)), chances=shares.chances, held_back=shares.held_back, batch=self.batch,
            updates=self.rollout, rate=5e-3, generator=generator,
        )  # fmt: skip
        k = len(start.tensors)
        return FittedEnsemble(
            encoder=training.encoder, times_h=training.times_h, scene=scene.without_runs(), start=Nets.from_tensors(best[:k]),
            step=Nets.from_tensors(best[k:]), training_design=training.design, fold=fold, left_out=shares.left_out,
        )  # fmt: skip


@dataclass(frozen=True)
class _Rolled:
    """`mean` and `variance` of a reading, both `m x b x t x y`, in a member's standardised units."""

    mean: Tensor
    variance: Tensor


@dataclass(frozen=True)
class _Scene:
    """Units and runs of all members.

    Attributes:
        centre, scale: `m x 1 x y`.
        low, high: `m x 1 x y`, within which rollouts stay; standardised.
        columns: the drive's inputs that vary.
        drive_centre, drive_scale: `u`.
        step: `t`, relative lengths.
        inputs: `n x t x v`, drives with their traces and the clock.
        values: `n x t x y` readings.
        clean: `f x n x t x y`, denoised without fold f (nan in it).
        left_out: `m`.
    """

    centre: Tensor
    scale: Tensor
    low: Tensor
    high: Tensor
    columns: tuple[int, ...]
    drive_centre: Tensor
    drive_scale: Tensor
    step: Tensor
    inputs: Tensor
    values: Tensor
    clean: Tensor
    left_out: Tensor

    @classmethod
    def of(cls, training: Training, drive: Drive, left_out: Tensor, fold: Tensor) -> _Scene:
        """Each fold's units and denoised runs from the other folds alone."""
        values = training.values
        clean = torch.full((FOLDS, *values.shape), torch.nan, dtype=values.dtype)
        for k in range(int(fold.max()) + 1):
            clean[k, fold != k] = denoised(values[fold != k], times_h=training.times_h).values
        inside = clean.flatten(1, 2)
        centre = inside.nanmean(dim=1, keepdim=True)
        scale = (inside - centre).square().nanmean(dim=1, keepdim=True).sqrt().clamp_min(1e-9)
        z = (inside - centre) / scale
        low, high = z.nan_to_num(torch.inf).amin(dim=1, keepdim=True), z.nan_to_num(-torch.inf).amax(dim=1, keepdim=True)
        wide = _BEYOND * (high - low)
        u = drive.inputs
        spans = u.flatten(0, 1).amax(dim=0) - u.flatten(0, 1).amin(dim=0)
        columns = tuple(torch.nonzero(spans > 1e-9).flatten().tolist())
        flat = u[..., list(columns)].flatten(0, 1)
        finite = drive.step_h[1:]
        told = cls(
            centre=centre[left_out], scale=scale[left_out], low=(low - wide)[left_out], high=(high + wide)[left_out], columns=columns,
            drive_centre=flat.mean(dim=0), drive_scale=flat.std(dim=0).clamp_min(1e-6),
            step=torch.cat([torch.zeros(1, dtype=u.dtype), finite / finite.mean()]), inputs=u, values=values, clean=clean, left_out=left_out,
        )  # fmt: skip
        single = {name: getattr(told, name).to(MEMBER_DTYPE) for name in ("centre", "scale", "low", "high", "step", "values", "clean")}
        return _Scene(**{**told.__dict__, **single, "inputs": told.prepared(u)})

    def without_runs(self) -> _Scene:
        """What is needed to roll out, and no more."""
        empty = torch.empty(0)
        return _Scene(**{**self.__dict__, "inputs": empty, "values": empty, "clean": empty})

    def prepared(self, drive: Tensor) -> Tensor:
        """`n x t x v`: standardised drives, traces of them, and the clock."""
        own = (drive[..., list(self.columns)] - self.drive_centre) / self.drive_scale
        parts = [own]
        for rate in _MEMORIES:
            trace = [own[:, 0]]
            for i in range(1, own.shape[1]):
                trace.append(trace[-1] + rate * (own[:, i] - trace[-1]))
            parts.append(torch.stack(trace, dim=1))
        clock = torch.linspace(-1, 1, own.shape[1], dtype=own.dtype).reshape(1, -1, 1).expand(len(own), -1, -1)
        return torch.cat([*parts, clock], dim=-1).to(MEMBER_DTYPE)

    def rolled(self, start: Nets, step: Nets, inputs: Tensor) -> _Rolled:
        """Rollouts of drives `m x b x t x v`."""
        u = len(self.columns)
        told = start(inputs[:, :, 0, :u])
        state = _within(told[..., : told.shape[-1] // 2], self.low, self.high)
        means, logs = [state], [told[..., told.shape[-1] // 2 :]]
        traces = [state for _ in _MEMORIES]
        for i in range(1, inputs.shape[2]):
            told = step(torch.cat([state, *traces, inputs[:, :, i]], dim=-1))
            traces = [trace + rate * (state - trace) for trace, rate in zip(traces, _MEMORIES, strict=True)]
            state = _within(state + self.step[i] * told[..., : told.shape[-1] // 2], self.low, self.high)
            means.append(state)
            logs.append(told[..., told.shape[-1] // 2 :])
        low, high = _LOG_VARIANCE
        logged = low + (high - low) * torch.sigmoid(torch.stack(logs, dim=2) + math.log((math.log(0.01) - low) / (high - math.log(0.01))))
        return _Rolled(mean=torch.stack(means, dim=2), variance=logged.exp())

    def rollout_loss(self, k: int):  # type: ignore[no-untyped-def]
        """Gaussian likelihood of readings under rollouts from time 0, each reading weighed by the root of its variance.

        Source: Seitzer et al. (2022), On the pitfalls of heteroscedastic uncertainty estimation, ICLR: beta = 1/2.
        """

        def loss(tensors: Sequence[Tensor], rows: Tensor) -> Tensor:
            told = self.rolled(Nets.from_tensors(tensors[:k]), Nets.from_tensors(tensors[k:]), self.inputs[rows])
            values = (self.values[rows] - self.centre.unsqueeze(1)) / self.scale.unsqueeze(1)
            known = torch.isfinite(values)
            gap = torch.where(known, values, told.mean) - told.mean
            each = (gap.square() / told.variance + told.variance.log()) * told.variance.detach().sqrt()
            return (each * known).flatten(1).sum(dim=1) / known.flatten(1).sum(dim=1).clamp_min(1)

        return loss

    def one_step_loss(self, k: int):  # type: ignore[no-untyped-def]
        """Squared error of the first state and of each step from the denoised state before it, all steps at once."""
        centre, scale = self.centre.unsqueeze(1), self.scale.unsqueeze(1)

        def loss(tensors: Sequence[Tensor], rows: Tensor) -> Tensor:
            start, step = Nets.from_tensors(tensors[:k]), Nets.from_tensors(tensors[k:])
            states = (self.clean[self.left_out[:, None], rows] - centre) / scale
            inputs = self.inputs[rows]
            m, b, t, y = states.shape
            traces = [states[:, :, 0].expand(len(_MEMORIES), -1, -1, -1)]
            rates = torch.tensor(_MEMORIES, dtype=MEMBER_DTYPE).reshape(-1, 1, 1, 1)
            for i in range(1, t - 1):
                traces.append(traces[-1] + rates * (states[:, :, i - 1] - traces[-1]))
            past = torch.stack(traces, dim=3).permute(1, 2, 3, 0, 4).flatten(3)  # m x b x t-1 x memories·y
            x = torch.cat([states[:, :, :-1], past, inputs[:, :, 1:]], dim=-1)
            rate = step(x.flatten(1, 2))[..., :y].reshape(m, b, t - 1, y)
            moved = (states[:, :, 1:] - states[:, :, :-1]) - self.step[1:, None] * rate
            begun = start(inputs[:, :, 0, : len(self.columns)])[..., :y] - states[:, :, 0]
            return (t - 1) * moved.square().flatten(1).mean(dim=1) + begun.square().flatten(1).mean(dim=1)

        return loss


@dataclass(frozen=True)
class FittedEnsemble:
    """Attributes:
    start, step: networks of all members.
    fold: `n`, of the training rows; `left_out`: `m`, the fold that a member never saw.
    """

    encoder: Encoder
    times_h: Tensor
    scene: _Scene
    start: Nets
    step: Nets
    training_design: Tensor
    fold: Tensor
    left_out: Tensor

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities()

    def members(self, design: Tensor) -> _Rolled:
        """Every member's forecast, `m x n x t x y`, in own units."""
        told = []
        with torch.no_grad():
            for block in design.split(_BLOCK):
                inputs = self.scene.prepared(Drive.of(self.encoder, block, self.times_h).inputs)
                told.append(self.scene.rolled(self.start, self.step, inputs.expand(len(self.left_out), -1, -1, -1)))
        scale, centre = self.scene.scale.unsqueeze(1).double(), self.scene.centre.unsqueeze(1).double()
        mean = torch.cat([one.mean for one in told], dim=1).double() * scale + centre
        return _Rolled(mean=mean, variance=torch.cat([one.variance for one in told], dim=1).double() * scale.square())

    def beliefs(self, design: Tensor) -> Belief:
        """Epistemic: spread of the members' means; aleatoric: mean of their variances."""
        return _moments(self.members(design))

    def draws(self, design: Tensor, n: int, *, seed: int, of: Of = "state") -> Tensor:
        """One member is one world; members are dealt out evenly."""
        generator = torch.Generator().manual_seed(seed)
        told = self.members(design)
        members = len(self.left_out)
        who = torch.cat([torch.randperm(members, generator=generator) for _ in range(-(-n // members))])[:n]
        states = told.mean[who]
        if of == "state":
            return states
        return states + told.variance[who].sqrt() * torch.randn(states.shape, generator=generator, dtype=states.dtype)

    def held_out(self) -> Belief:
        """Each row by the members that never saw its intervention."""
        told = self.members(self.training_design)
        parts = {k: _moments(_Rolled(mean=told.mean[self.left_out == k], variance=told.variance[self.left_out == k])) for k in self.left_out.unique().tolist()}
        by_row = [parts[k].take(torch.tensor([i])) for i, k in enumerate(self.fold.tolist())]
        return Belief(
            mean=torch.cat([one.mean for one in by_row]), epistemic=torch.cat([one.epistemic for one in by_row]),
            aleatoric=torch.cat([one.aleatoric for one in by_row]),
        )  # fmt: skip


def _moments(told: _Rolled) -> Belief:
    return Belief(mean=told.mean.mean(dim=0), epistemic=told.mean.var(dim=0), aleatoric=told.variance.mean(dim=0))


def _within(state: Tensor, low: Tensor, high: Tensor) -> Tensor:
    return torch.minimum(torch.maximum(state, low), high)
