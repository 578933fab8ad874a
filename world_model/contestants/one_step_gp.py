"""One-step GP: Gaussian processes learn how far the state moves in one step; whole functions are drawn and rolled out.

State = the observables. What moves it: the state, what drives the step, and when it is. A linear map is taken out first, for much of
biology moves nearly so. A path is one draw of the transition and of the initial state: one world, for every experiment.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from botorch.fit import fit_gpytorch_mll
from botorch.models import SingleTaskGP
from gpytorch.constraints import GreaterThan
from gpytorch.kernels import MaternKernel, ScaleKernel
from gpytorch.likelihoods import GaussianLikelihood
from gpytorch.mlls import ExactMarginalLogLikelihood
from gpytorch.priors import LogNormalPrior
from torch import Tensor

from ..contract import Belief, Capabilities, Of, Progress, Training
from ..drive import Drive
from ..encoding import Encoder
from .matheron import Conditioned, Hyperparameters, Paths
from .sequences import FOLDS, denoised, folds

FEWEST_INTERVENTIONS = 8
MOST_INTERVENTIONS = 150  # networks learn steps from all runs: at 200 their held-out error was lower on every system that was tried
MOST_FITTED = 200  # transitions that hyper-parameters are learned from; the fit costs the cube of this
BELIEF_PATHS = 24
HELD_OUT_PATHS = 12
_STILL = 1e-6  # sd below which nothing is left to learn
_BLOCK = 200_000  # rows of paths times designs that are evaluated at a time
_BEYOND = 0.5  # rollouts stay within the range of the training states, widened by this share of it on each side


@dataclass(frozen=True)
class OneStepGP:
    """Attributes:
    most_transitions: what predictions are conditioned on; more than this are thinned to a subset that is spread over the inputs.
    """

    name: str = "one-step GP"
    most_transitions: int = 600

    def why_not(self, training: Training) -> str | None:
        """Needs steps, and a few interventions."""
        if len(training.times_h) < 3:
            return f"a step needs readings over time (at least 3 times), found {len(training.times_h)}"
        if training.n_interventions < FEWEST_INTERVENTIONS:
            return f"needs {FEWEST_INTERVENTIONS} interventions, found {training.n_interventions}"
        if training.n_interventions > MOST_INTERVENTIONS:
            return f"beyond {MOST_INTERVENTIONS} interventions networks learn steps from all of them, found {training.n_interventions}"
        return None

    def fit(self, training: Training, *, seed: int, progress: Progress | None = None) -> FittedOneStepGP:
        """Hyper-parameters from all rows; predictions of a row for the judge from the other folds' rows alone."""
        drive = Drive.of(training.encoder, training.design, training.times_h)
        world = _learn(training.values, drive, training.times_h, most=self.most_transitions, seed=seed)
        fold = folds(training.groups, seed=seed)
        return FittedOneStepGP(world=world, training=training, fold=fold, seed=seed, most=self.most_transitions)


@dataclass(frozen=True)
class _World:
    """A transition and an initial state with what they have seen, in standardised units.

    Attributes:
        centre, scale: `y`, of the observables.
        columns: positions of the drive's inputs that vary.
        input_centre, input_scale: `q` = observables, inputs, clock.
        linear: `q + 1 x y`, the part of the transition that is linear.
        first_linear: the same of the initial state, on the first inputs.
        low, high: `y`, within which rollouts stay.
        noise: `y`, variance of one reading, in own units.
    """

    centre: Tensor
    scale: Tensor
    columns: tuple[int, ...]
    input_centre: Tensor
    input_scale: Tensor
    linear: Tensor
    transition: Conditioned
    first_centre: Tensor
    first_scale: Tensor
    first_linear: Tensor
    first: Conditioned
    low: Tensor
    high: Tensor
    noise: Tensor
    step: Tensor
    clock: Tensor

    def rolled(self, inputs: Tensor, moves: Paths, *, start: Tensor, begin: int) -> Tensor:
        """States `s x n x (t - begin) x y` of drives `n x t x u` from states `s x n x y` at time `begin`; in standardised units."""
        s, n = start.shape[:2]
        states = [start]
        for i in range(begin + 1, inputs.shape[1]):
            own = inputs[:, i, list(self.columns)].expand(s, -1, -1)
            clock = self.clock[i - 1].expand(s, n, -1)
            z = (torch.cat([states[-1], own, clock], dim=-1) - self.input_centre) / self.input_scale
            rate = moves(z) + _affine(z, self.linear)
            states.append((states[-1] + self.step[i] * rate).clamp(self.low, self.high))
        return torch.stack(states, dim=2)

    def begun(self, inputs: Tensor, first: Paths, s: int) -> Tensor:
        """`s x n x y` initial states."""
        z = (inputs[:, 0, list(self.columns)] - self.first_centre) / self.first_scale
        z = z.expand(s, -1, -1)
        return (first(z) + _affine(z, self.first_linear)).clamp(self.low, self.high)

    def simulate(self, inputs: Tensor, n: int, *, seed: int) -> Tensor:
        """`s x n x t x y`, own units."""
        moves, first = self.transition.paths(n, seed=seed), self.first.paths(n, seed=seed + 1)
        block = max(1, _BLOCK // n)
        told = [self.rolled(part, moves, start=self.begun(part, first, n), begin=0) for part in inputs.split(block)]
        return self.centre + self.scale * torch.cat(told, dim=1)


@dataclass(frozen=True)
class FittedOneStepGP:
    """Attributes:
    world: what all rows taught.
    fold: `n`, in which each training row is held out.
    """

    world: _World
    training: Training
    fold: Tensor
    seed: int
    most: int

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities()

    @property
    def encoder(self) -> Encoder:
        return self.training.encoder

    def beliefs(self, design: Tensor) -> Belief:
        """Moments over paths."""
        paths = self.draws(design, BELIEF_PATHS, seed=self.seed)
        return _moments(paths, self.world.noise)

    def draws(self, design: Tensor, n: int, *, seed: int, of: Of = "state") -> Tensor:
        """Rollouts of `n` paths."""
        with torch.no_grad():
            states = self.world.simulate(self._inputs(design), n, seed=seed)
        return states if of == "state" else states + _noise(states, self.world.noise, seed=seed)

    def held_out(self) -> Belief:
        """Five folds of interventions: each row by transitions of the other folds alone, with the hyper-parameters kept."""
        return cross_fitted(self.world, self.training, fold=self.fold, most=self.most, seed=self.seed)

    def _inputs(self, design: Tensor) -> Tensor:
        return Drive.of(self.encoder, design, self.training.times_h).inputs


def cross_fitted(kept: _World, training: Training, *, fold: Tensor, most: int, seed: int) -> Belief:
    """What each row is believed to do by those who saw the other folds; only hyper-parameters are kept from `kept`."""
    drive = Drive.of(training.encoder, training.design, training.times_h)
    mean, epistemic, aleatoric = (torch.full_like(training.values, torch.nan) for _ in range(3))
    for k in range(FOLDS):
        out = fold == k
        if not out.any():
            continue
        rest = Drive(inputs=drive.inputs[~out], names=drive.names, step_h=drive.step_h)
        world = _learn(training.values[~out], rest, training.times_h, most=most, seed=seed, kept=kept)
        with torch.no_grad():
            told = _moments(world.simulate(drive.inputs[out], HELD_OUT_PATHS, seed=seed), world.noise)
        mean[out], epistemic[out], aleatoric[out] = told.mean, told.epistemic, told.aleatoric
    return Belief(mean=mean, epistemic=epistemic, aleatoric=aleatoric)


def _learn(values: Tensor, drive: Drive, times_h: Tensor, *, most: int, seed: int, kept: _World | None = None) -> _World:
    """Condition on these rows; hyper-parameters are learned too, unless some are kept."""
    clean = denoised(values, times_h=times_h)
    states, inputs = clean.values, drive.inputs
    t = len(times_h)
    centre, scale = states.mean(dim=(0, 1)), states.std(dim=(0, 1)).clamp_min(1e-9)
    z = (states - centre) / scale
    columns = kept.columns if kept else tuple(j for j in range(inputs.shape[-1]) if float(inputs[..., j].max() - inputs[..., j].min()) > 1e-9)
    finite = drive.step_h[1:]
    step = torch.cat([torch.zeros(1, dtype=z.dtype), finite / finite.mean()])
    share = torch.linspace(-1, 1, t - 1, dtype=z.dtype).unsqueeze(-1)
    irregular = float(finite.max() - finite.min()) > 1e-6 * float(finite.mean())
    clock = torch.cat([share, torch.log(step[1:]).unsqueeze(-1)], dim=-1) if irregular else share
    own = inputs[:, 1:, list(columns)]
    x = torch.cat([z[:, :-1], own, clock.expand(len(z), -1, -1)], dim=-1).flatten(0, 1)
    rates = ((z[:, 1:] - z[:, :-1]) / step[1:, None]).flatten(0, 1)
    input_centre, input_scale = x.mean(dim=0), x.std(dim=0).clamp_min(1e-6)
    x = (x - input_centre) / input_scale
    linear = _ridge(x, rates)
    left = rates - _affine(x, linear)
    some = _spread(x, most)
    hypers = kept.transition.hypers if kept else _fit(x[_spread(x, MOST_FITTED)], left[_spread(x, MOST_FITTED)])
    begin = inputs[:, 0, list(columns)]
    first_centre, first_scale = begin.mean(dim=0), begin.std(dim=0).clamp_min(1e-6)
    b = (begin - first_centre) / first_scale
    first_linear = _ridge(b, z[:, 0])
    first_left = z[:, 0] - _affine(b, first_linear)
    few = _spread(b, MOST_FITTED)
    first_hypers = kept.first.hypers if kept else _fit(b[few], first_left[few])
    low, high = z.flatten(0, 1).min(dim=0).values, z.flatten(0, 1).max(dim=0).values
    return _World(
        centre=centre, scale=scale, columns=columns, input_centre=input_centre, input_scale=input_scale, linear=linear,
        transition=Conditioned.on(hypers, x[some], left[some]), first_centre=first_centre, first_scale=first_scale, first_linear=first_linear,
        first=Conditioned.on(first_hypers, b[few], first_left[few]), low=low - _BEYOND * (high - low), high=high + _BEYOND * (high - low),
        noise=clean.noise, step=step, clock=clock,
    )  # fmt: skip


def _fit(x: Tensor, targets: Tensor) -> Hyperparameters:
    """One GP an output by its marginal likelihood with priors, all outputs at once."""
    spread = targets.std(dim=0).clamp_min(1e-9)
    y, q = targets.shape[1], x.shape[1]
    if float(spread.max()) < _STILL or q == 0:
        return Hyperparameters(lengthscale=torch.ones(y, q, dtype=x.dtype), signal=spread.square(), noise=spread.square())
    batch = torch.Size([y] if y > 1 else [])
    kernel = ScaleKernel(
        MaternKernel(nu=2.5, ard_num_dims=q, batch_shape=batch, lengthscale_prior=LogNormalPrior(0.5 + 0.5 * float(torch.log(torch.tensor(float(q)))), 1.0)),
        batch_shape=batch, outputscale_prior=LogNormalPrior(0.0, 1.0),
    )  # fmt: skip
    likelihood = GaussianLikelihood(batch_shape=batch, noise_prior=LogNormalPrior(-4.0, 1.5), noise_constraint=GreaterThan(1e-5))
    gp = SingleTaskGP(x, targets / spread, covar_module=kernel, likelihood=likelihood, outcome_transform=None)
    fit_gpytorch_mll(ExactMarginalLogLikelihood(gp.likelihood, gp), optimizer_kwargs={"options": {"maxiter": 40}})
    return Hyperparameters(
        lengthscale=kernel.base_kernel.lengthscale.detach().reshape(y, q), signal=kernel.outputscale.detach().reshape(y) * spread.square(),
        noise=likelihood.noise.detach().reshape(y) * spread.square(),
    )  # fmt: skip


def _ridge(x: Tensor, targets: Tensor) -> Tensor:
    """`q + 1 x y` weights of an affine map; the last row is the constant."""
    phi = torch.cat([x, torch.ones(len(x), 1, dtype=x.dtype)], dim=-1)
    return torch.linalg.solve(phi.T @ phi + 1e-3 * torch.eye(phi.shape[1], dtype=x.dtype), phi.T @ targets)


def _affine(x: Tensor, weights: Tensor) -> Tensor:
    return x @ weights[:-1] + weights[-1]


def _spread(x: Tensor, most: int) -> Tensor:
    """At most `most` rows of `m x q`, far from each other: greedy k-centres on a random part, which is deterministic in the data."""
    if len(x) <= most:
        return torch.arange(len(x))
    pool = torch.randperm(len(x), generator=torch.Generator().manual_seed(len(x)))[: 8 * most]
    points = x[pool]
    nearest = torch.full((len(points),), torch.inf, dtype=x.dtype)
    chosen = torch.zeros(most, dtype=torch.long)
    for i in range(most):
        chosen[i] = int(nearest.argmax()) if i else 0
        nearest = torch.minimum(nearest, (points - points[chosen[i]]).square().sum(dim=-1))
    return pool[chosen]


def _moments(states: Tensor, noise: Tensor) -> Belief:
    return Belief(mean=states.mean(dim=0), epistemic=states.var(dim=0), aleatoric=noise.expand(states.shape[1:]).clone())


def _noise(states: Tensor, variance: Tensor, *, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed + 7)
    return variance.sqrt() * torch.randn(states.shape, generator=generator, dtype=states.dtype)
