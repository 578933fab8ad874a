"""One hypothesis of the world, asked step by step: every answer is of the same draw, whatever was asked before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import numpy as np
import torch
from botorch.models import SingleTaskGP
from linear_operator.utils.cholesky import psd_safe_cholesky
from torch import Tensor

from .chance import stream
from .contestants.trajectory_gp import FittedTrajectoryGP
from .fit import WorldModel
from .reading_noise import of_rows
from .terms.goals import Measurement
from .terms.lab import Lab
from .terms.space import Settings

DEALT = 32  # hypotheses that are drawn together from a model that is known by draws


class World(Protocol):
    """What an experiment would do: in one hypothesis of a model, or in a simulated lab."""

    def state(self, settings: Settings) -> np.ndarray:
        """`t x y`: the trajectory without the reader's noise. The same settings are the same answer."""
        ...

    def noise_sd(self, settings: Settings) -> np.ndarray:
        """`t x y`: of one reading."""
        ...


class Worlds(Protocol):
    """Where hypotheses come from."""

    def draw(self, seed: int) -> World:
        """One of them; the same seed is the same world."""
        ...


@dataclass(frozen=True)
class ModelWorlds:
    """Hypotheses of a fitted model, drawn from its belief (Thompson sampling's draw)."""

    world: WorldModel

    @cached_property
    def noise(self) -> np.ndarray:
        """`t x y`: sd of one reading, the mean over what was learned from."""
        aleatoric = self.world.fitted.beliefs(self.world.training.design).aleatoric.mean(dim=0)
        told: np.ndarray = (self.world.calibration.factor * aleatoric.clamp_min(0).sqrt()).numpy()
        return told

    @cached_property
    def columns(self) -> tuple[_Column, ...]:
        """The coefficients' GPs with their training covariance factored once for all hypotheses."""
        return tuple(_Column.of(gp) for gp in self.world.model.gps.models)

    def draw(self, seed: int) -> World:
        if isinstance(self.world.fitted, FittedTrajectoryGP):
            return _GaussianWorld(worlds=self, fitted=self.world.fitted, generator=torch.Generator().manual_seed(seed), seed=seed)
        return _DrawnWorld(worlds=self, seed=seed)


@dataclass(frozen=True)
class LabWorlds:
    """A simulated lab's truth, whatever the seed: where a policy that was trained in a model is scored.

    Attributes:
        noise: `t x y`, sd of the readings that are shown to the policy.
    """

    lab: Lab
    measurements: Sequence[Measurement]
    noise: np.ndarray

    def draw(self, seed: int) -> World:
        return self

    def state(self, settings: Settings) -> np.ndarray:
        """The lab's truth."""
        return self.lab.truth([settings], self.measurements)[0]

    def noise_sd(self, settings: Settings) -> np.ndarray:
        return self.noise


@dataclass(frozen=True)
class _Column:
    """One coefficient's GP, conditioned on its training rows: `features` `r x u`, `factor` `r x r`, `weights` `r`."""

    gp: SingleTaskGP
    features: Tensor
    factor: Tensor
    weights: Tensor

    @classmethod
    def of(cls, gp: SingleTaskGP) -> _Column:
        gp.eval()  # BoTorch keeps the training inputs as features then
        features = gp.train_inputs[0]
        with torch.no_grad():
            noise = torch.diag(of_rows(gp, len(features)))
            factor = psd_safe_cholesky(gp.covar_module(features).to_dense() + noise)
            weights = torch.cholesky_solve((gp.train_targets - gp.mean_module(features)).unsqueeze(-1), factor).squeeze(-1)
        return cls(gp=gp, features=features, factor=factor, weights=weights)

    def joint(self, design: Tensor) -> Joint:
        """Mean and covariance over designs `n x d`. Source: Rasmussen & Williams (2006), eqs. 2.25 and 2.26."""
        with torch.no_grad():
            features = self.gp.input_transform.transform(design)
            both = self.gp.covar_module(features, torch.cat([features, self.features])).to_dense()
            prior, across = both[:, : len(design)], both[:, len(design) :]
            solved = torch.linalg.solve_triangular(self.factor, across.T, upper=False)
            return Joint(mean=self.gp.mean_module(features) + across @ self.weights, covariance=prior - solved.T @ solved)


@dataclass(frozen=True)
class Joint:
    """`mean` `n` and `covariance` `n x n`."""

    mean: Tensor
    covariance: Tensor


@dataclass
class _GaussianWorld:
    """Coefficients drawn when first asked for, given all that were drawn before: one function, evaluated where it is needed.

    `expected` and `drawn` hold `k` numbers for each design that was asked for.
    """

    worlds: ModelWorlds
    fitted: FittedTrajectoryGP
    generator: torch.Generator
    seed: int
    designs: list[Tensor] = field(default_factory=list)
    expected: list[Tensor] = field(default_factory=list)
    drawn: list[Tensor] = field(default_factory=list)

    def state(self, settings: Settings) -> np.ndarray:
        design = self.worlds.world.encoder.design_of([settings])
        known = next((i for i, earlier in enumerate(self.designs) if torch.equal(earlier, design)), None)
        if known is None:
            known = len(self.designs)
            self._draw(design)
        centre, told = self.fitted.decode(torch.stack([self.expected[known], self.drawn[known]]), design.expand(2, -1))
        moves = self.fitted.moves(design)[0]  # one set of constants for the whole world
        moved = moves @ torch.randn(moves.shape[-1], generator=stream(self.seed, "mechanism"), dtype=torch.double)
        values: np.ndarray = (centre + self.worlds.world.calibration.factor * (told + moved - centre)).numpy()
        return values

    def noise_sd(self, settings: Settings) -> np.ndarray:
        return self.worlds.noise

    def _draw(self, design: Tensor) -> None:
        """Draw the coefficients at a design, given those at the earlier ones."""
        stacked, before = torch.cat([*self.designs, design]), torch.stack(self.drawn) if self.drawn else None
        normal = torch.randn(len(self.worlds.columns), generator=self.generator, dtype=torch.double)
        told = [_last_given_others(column.joint(stacked), None if before is None else before[:, k]) for k, column in enumerate(self.worlds.columns)]
        self.designs.append(design)
        self.expected.append(torch.stack([one.expected for one in told]))
        self.drawn.append(torch.stack([one.mean + one.sd * normal[k] for k, one in enumerate(told)]))


@dataclass(frozen=True)
class _Last:
    """The last of several jointly Gaussian numbers: what was `expected` of it alone; `mean` and `sd` given the others."""

    expected: Tensor
    mean: Tensor
    sd: Tensor


def _last_given_others(joint: Joint, others: Tensor | None) -> _Last:
    expected, variance = joint.mean[-1], joint.covariance[-1, -1]
    if others is None:
        return _Last(expected=expected, mean=expected, sd=variance.clamp_min(0).sqrt())
    old = joint.covariance[:-1, :-1]
    # a little more than rounding, so that two designs that hardly differ can be told apart
    old = old + 1e-9 * joint.covariance.diagonal().max() * torch.eye(len(old), dtype=torch.double)
    weights = torch.linalg.solve(old, joint.covariance[:-1, -1])
    left = (variance - weights @ joint.covariance[:-1, -1]).clamp_min(0)
    return _Last(expected=expected, mean=expected + weights @ (others - joint.mean[:-1]), sd=left.sqrt())


@dataclass(frozen=True)
class _DrawnWorld:
    """A model that is known by draws: its contract says that a seed is a world.

    A stack deals a set of draws out to its members, so that one draw alone would always be its heaviest member's.
    """

    worlds: ModelWorlds
    seed: int

    def state(self, settings: Settings) -> np.ndarray:
        told: np.ndarray = self.worlds.world.posterior([settings]).draws(DEALT, self.seed // DEALT)[self.seed % DEALT, 0].numpy()
        return told

    def noise_sd(self, settings: Settings) -> np.ndarray:
        return self.worlds.noise
