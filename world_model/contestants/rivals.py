"""Baselines that others would take, competent but plain: for benches to compare with, not among those that the judge chooses from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..contract import Belief, Capabilities, Of, Progress, Training
from .ensemble import LOG_VARIANCE, too_few
from .forecasts import FittedMembers, Forecasts
from .member_nets import MEMBER_DTYPE, Nets, bootstrap_shares, train
from .scene import Scene, Units, World
from .sequences import folds


@dataclass(frozen=True)
class MLPEnsemble:
    """Networks from the design to the whole trajectory; five members, each from a bootstrap of four fifths of the interventions."""

    name: str = "MLP ensemble"
    hidden: int = 64
    updates: int = 1500

    def why_not(self, training: Training) -> str | None:
        """Competes from five interventions."""
        return None if training.n_interventions >= 5 else f"needs 5 interventions, found {training.n_interventions}"

    def fit(self, training: Training, *, seed: int, progress: Progress | None = None) -> FittedMembers:
        """Mean squared error of the readings; the variance is that of what was held back."""
        generator = torch.Generator().manual_seed(seed)
        fold = folds(training.groups, seed=seed)
        shares = bootstrap_shares(training.groups, fold, per_fold=1, generator=generator)
        features = training.encoder.features(training.design).to(MEMBER_DTYPE) * 2 - 1
        n, t, y = training.values.shape
        left_out = [training.values[fold != k] for k in shares.left_out.tolist()]
        centre = torch.stack([part.nanmean(dim=0) for part in left_out])
        scale = torch.stack([(part - part.nanmean(dim=(0, 1))).square().nanmean(dim=(0, 1)).sqrt().clamp_min(1e-9) for part in left_out]).unsqueeze(1)
        values = ((training.values - centre.unsqueeze(1)) / scale.unsqueeze(1)).to(MEMBER_DTYPE).flatten(2)  # m x n x t·y
        nets = Nets.of([features.shape[1], self.hidden, self.hidden, t * y], members=len(left_out), generator=generator)
        who = torch.arange(len(left_out)).unsqueeze(1)

        def loss(tensors: Sequence[Tensor], rows: Tensor) -> Tensor:
            wanted = values[who, rows]
            known = torch.isfinite(wanted)
            missed = torch.where(known, Nets.from_tensors(tensors)(features[rows]) - wanted, 0.0)
            return missed.square().flatten(1).sum(dim=1) / known.flatten(1).sum(dim=1).clamp_min(1)

        best = train(
            nets.tensors, loss, chances=shares.chances, held_back=shares.held_back, batch=min(32, n), updates=self.updates, rate=3e-3, generator=generator
        )
        with torch.no_grad():
            noise = loss(best, shares.held_back).double().clamp_min(1e-6)
        direct = _Direct(training=training, nets=Nets.from_tensors(best), centre=centre, scale=scale, noise=noise)
        return FittedMembers(members=direct, training_design=training.design, fold=fold, left_out=shares.left_out)


@dataclass(frozen=True)
class _Direct:
    training: Training
    nets: Nets
    centre: Tensor
    scale: Tensor
    noise: Tensor

    def __call__(self, design: Tensor) -> Forecasts:
        features = self.training.encoder.features(design).to(MEMBER_DTYPE) * 2 - 1
        with torch.no_grad():
            told = self.nets(features.expand(len(self.centre), -1, -1)).double()
        mean = self.centre.unsqueeze(1) + told.reshape(*told.shape[:2], *self.centre.shape[1:]) * self.scale.unsqueeze(1)
        variance = (self.noise.reshape(-1, 1, 1) * self.scale.square()).unsqueeze(1)
        return Forecasts(mean=mean, variance=variance.expand_as(mean))


@dataclass(frozen=True)
class OneStepEnsemble:
    """PETS-like: five bootstrap networks of one step with Gaussian heads, 20 particles, no memory.

    Source: Chua et al. (2018), Deep reinforcement learning in a handful of trials using probabilistic dynamics models, NeurIPS.
    """

    name: str = "one-step ensemble"
    hidden: int = 64
    updates: int = 800
    particles: int = 20

    def why_not(self, training: Training) -> str | None:
        """Needs steps."""
        return too_few(training, fewest=5)

    def fit(self, training: Training, *, seed: int, progress: Progress | None = None) -> FittedParticles:
        """Each network learns how a reading differs from the one before it, from readings as they are (gaps filled)."""
        generator = torch.Generator().manual_seed(seed)
        fold = folds(training.groups, seed=seed)
        shares = bootstrap_shares(training.groups, fold, per_fold=1, generator=generator)
        world = World.of(training, mechanism=None)
        scene = Scene.of(training, world, left_out=shares.left_out, fold=fold)
        y, u = training.values.shape[-1], len(world.columns)
        nets = Nets.of([y + u, self.hidden, self.hidden, 2 * y], members=len(shares.left_out), generator=generator)

        def loss(tensors: Sequence[Tensor], rows: Tensor) -> Tensor:
            clean = scene.states(rows)
            read = scene.readings(rows)
            states = torch.where(torch.isfinite(read), read, clean)
            x = torch.cat([states[:, :, :-1], scene.inputs[rows][:, :, 1:, :u]], dim=-1)
            told = Nets.from_tensors(tensors)(x.flatten(1, 2)).reshape(*x.shape[:3], 2 * y)
            variance = told[..., y:].clamp(*LOG_VARIANCE).exp()
            missed = states[:, :, 1:] - states[:, :, :-1] - told[..., :y]
            return (missed.square() / variance + variance.log()).flatten(1).mean(dim=1)

        best = train(
            nets.tensors, loss, chances=shares.chances, held_back=shares.held_back, batch=16, updates=self.updates, rate=3e-3, generator=generator
        )
        begun = torch.stack([scene.states(scene.seen(int(k)).unsqueeze(0).expand(len(shares.left_out), -1))[i, :, 0].mean(dim=0) for i, k in enumerate(shares.left_out)])
        return FittedParticles(
            world=world, units=scene.units, nets=Nets.from_tensors(best), begun=begun, training_design=training.design, fold=fold,
            left_out=shares.left_out, particles=self.particles, seed=seed,
        )  # fmt: skip


@dataclass(frozen=True)
class FittedParticles:
    """Attributes:
    begun: `m x y`, mean first state, standardised.
    """

    world: World
    units: Units
    nets: Nets
    begun: Tensor
    training_design: Tensor
    fold: Tensor
    left_out: Tensor
    particles: int
    seed: int

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities()

    def beliefs(self, design: Tensor) -> Belief:
        """Moments over all members' particles."""
        return self._moments(self._rolled(design), noise=self._noise().mean(dim=0))

    def draws(self, design: Tensor, n: int, *, seed: int, of: Of = "state") -> Tensor:
        """One member is one world, without the noise of its steps."""
        generator = torch.Generator().manual_seed(seed)
        told = self._rolled(design).mean(dim=1)
        who = torch.cat([torch.randperm(len(told), generator=generator) for _ in range(-(-n // len(told)))])[:n]
        states = told[who]
        if of == "state":
            return states
        return states + self._noise().mean(dim=0).sqrt() * torch.randn(states.shape, generator=generator, dtype=states.dtype)

    def held_out(self) -> Belief:
        """Each row by the member that never saw its intervention."""
        told = self._rolled(self.training_design)
        own = told[self.fold, :, torch.arange(len(self.fold))].transpose(0, 1).unsqueeze(0)
        return self._moments(own, noise=self._noise()[self.fold])

    def _noise(self) -> Tensor:
        """`m x 1 x y`: variance of a reading, as each member knows it."""
        return self.units.noise.exp() * self.units.scale.square()

    def _moments(self, told: Tensor, *, noise: Tensor) -> Belief:
        """Epistemic: between members. Aleatoric: within, of which a step's noise is twice a reading's, so that half is added for the last."""
        mean, within = told.mean(dim=(0, 1)), told.var(dim=1).mean(dim=0)
        between = told.mean(dim=1).var(dim=0) if len(told) > 1 else torch.zeros_like(mean)
        return Belief(mean=mean, epistemic=between, aleatoric=within + 0.5 * noise)

    def _rolled(self, design: Tensor) -> Tensor:
        """`m x p x n x t x y`, own units."""
        generator = torch.Generator().manual_seed(self.seed + 11)
        m, p, n, y = len(self.left_out), self.particles, len(design), self.begun.shape[-1]
        inputs = self.world.inputs(design)[..., : len(self.world.columns)].repeat(p, 1, 1).expand(m, -1, -1, -1)
        state = self.begun.unsqueeze(1).expand(m, p * n, y)
        states = [state]
        with torch.no_grad():
            for i in range(1, inputs.shape[2]):
                told = self.nets(torch.cat([state, inputs[:, :, i]], dim=-1))
                sd = (0.5 * told[..., y:].clamp(*LOG_VARIANCE)).exp()
                state = self.units.within(state + told[..., :y] + sd * torch.randn(state.shape, generator=generator, dtype=state.dtype))
                states.append(state)
        rolled = torch.stack(states, dim=2).double() * self.units.scale.unsqueeze(1) + self.units.centre.unsqueeze(1)
        return rolled.reshape(m, p, n, len(states), y)
