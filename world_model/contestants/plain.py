"""What the plain contestants share: a prediction without parameters, and one spread for all designs by what was left out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..contract import Belief, Capabilities, Of, Training

Predict = Callable[[Tensor], Tensor]  # designs `n x d` → `n x t x y`
Rule = Callable[[Training], Predict]  # what a plain contestant learns: never fails, and never answers nan

MOST_FOLDS = 16  # up to so many interventions each is left out alone; more of them are left out in so many lots
_MOST_SHAPES = 8
_FEWEST_REPEATS = 3  # degrees of freedom below which repeats say nothing of the noise


@dataclass(frozen=True)
class GroupMeans:
    """The mean readings of each intervention: `design` `g x d`, `values` `g x t x y` (nan where there is none)."""

    design: Tensor
    values: Tensor

    @classmethod
    def of(cls, training: Training) -> GroupMeans:
        """Replicates count as one."""
        unique, member = torch.unique(training.groups, return_inverse=True)
        flat, known = torch.nan_to_num(training.values).flatten(1), torch.isfinite(training.values).flatten(1).double()
        totals = torch.zeros(len(unique), flat.shape[1], dtype=flat.dtype).index_add_(0, member, flat)
        counts = torch.zeros_like(totals).index_add_(0, member, known)
        first = torch.zeros(len(unique), dtype=torch.long).scatter_(0, member.flip(0), torch.arange(len(member)).flip(0))
        means = torch.where(counts > 0, totals / counts.clamp_min(1), torch.nan)
        return cls(design=training.design[first], values=means.reshape(-1, *training.values.shape[1:]))


def mean_curve(values: Tensor) -> Tensor:
    """`t x y` mean of `n x t x y`; where a time was never read, the observable's mean over its own times, or 0 where it has none."""
    curve = values.nanmean(dim=0)
    level = torch.nan_to_num(values.flatten(0, 1).nanmean(dim=0))
    return torch.where(torch.isfinite(curve), curve, level)


@dataclass(frozen=True)
class FittedPlain:
    """Attributes:
    predict: designs → mean trajectories.
    noise: `t x y`, variance of a repeated reading; 0 where nothing was repeated, for then it can't be told from the model's error.
    shapes: `k x t x y`, in what shapes the truth leaves the prediction: the sum of their squares is the epistemic variance.
    told: of each training row without its own intervention.
    """

    predict: Predict
    noise: Tensor
    shapes: Tensor
    told: Belief

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities()

    def beliefs(self, design: Tensor) -> Belief:
        """The prediction, and the spread of what was left out around it."""
        mean = self.predict(design)
        return Belief(mean=mean, epistemic=self.shapes.square().sum(dim=0).expand_as(mean), aleatoric=self.noise.expand_as(mean))

    def draws(self, design: Tensor, n: int, *, seed: int, of: Of = "state") -> Tensor:
        """Each design leaves the prediction in its own direction: a plain model says nothing of how neighbours go together.

        The directions are drawn by seed and design, so that a world answers a design alike whatever else is asked.
        """
        k = len(self.shapes)
        keys = [hashlib.blake2b(row.tobytes(), digest_size=8).digest() for row in np.ascontiguousarray(design.detach().numpy())]
        chance = {key: np.random.default_rng([seed, int.from_bytes(key, "little")]).standard_normal((n, k)) for key in dict.fromkeys(keys)}
        told = torch.as_tensor(np.stack([chance[key] for key in keys], axis=1) if keys else np.zeros((n, 0, k)))
        values = self.predict(design) + torch.einsum("snk,kty->snty", told, self.shapes)
        if of == "state":
            return values
        generator = torch.Generator().manual_seed(seed)
        return values + self.noise.sqrt() * torch.randn(values.shape, generator=generator, dtype=values.dtype)

    def held_out(self) -> Belief:
        """By refitting: neither a row's mean nor its spread has met a reading of its own lot of interventions."""
        return self.told


def fit_plain(rule: Rule, training: Training, *, seed: int) -> FittedPlain:
    """Fit a rule to everything, its spread to the errors that it makes on interventions left out.

    The spread of a lot's held-out predictions comes from the errors on the other lots by rules that saw neither.
    """
    lot = _lots(training.groups, seed=seed)
    n_lots = int(lot.max()) + 1
    noise = repeat_variance(training)
    mean, variance = torch.empty_like(training.values), torch.empty_like(training.values)
    squares, counts = _pair_errors(rule, training, lot)
    for out in range(n_lots):
        rows, others = lot == out, torch.arange(n_lots) != out
        mean[rows] = rule(training.take(~rows))(training.design[rows])
        variance[rows] = _spread(squares[out, others].sum(0), counts[out, others].sum(0), n=int(others.sum()))
    errors = training.values - mean
    known = torch.isfinite(errors)
    total = _spread(torch.nan_to_num(errors).square().sum(0), known.double().sum(0), n=n_lots)
    noise = torch.minimum(noise, total)
    told = Belief(mean=mean, epistemic=(variance - noise).clamp_min(0), aleatoric=torch.minimum(noise.expand_as(variance), variance))
    return FittedPlain(predict=rule(training), noise=noise, shapes=_shapes(errors, total - noise), told=told)


def repeat_variance(training: Training) -> Tensor:
    """`t x y`: variance of readings within interventions, pooled over times where a time has too few repeats; 0 without repeats."""
    unique, member = torch.unique(training.groups, return_inverse=True)
    flat, known = torch.nan_to_num(training.values), torch.isfinite(training.values).double()
    shape = (len(unique), *training.values.shape[1:])
    counts = torch.zeros(shape, dtype=flat.dtype).index_add_(0, member, known)
    means = torch.zeros(shape, dtype=flat.dtype).index_add_(0, member, flat) / counts.clamp_min(1)
    squares = ((flat - means[member]) * known).square().sum(dim=0)
    freedom = (counts - 1).clamp_min(0).sum(dim=0)
    pooled = squares.sum(dim=0) / freedom.sum(dim=0).clamp_min(1)
    told = torch.where(freedom >= _FEWEST_REPEATS, squares / freedom.clamp_min(1), pooled)
    return torch.where(freedom.sum(dim=0) >= _FEWEST_REPEATS, told, 0.0)


def _lots(groups: Tensor, *, seed: int) -> Tensor:
    """`n` lots of whole interventions, dealt out at random where there are more than `MOST_FOLDS`."""
    unique, member = torch.unique(groups, return_inverse=True)
    dealt = torch.randperm(len(unique), generator=torch.Generator().manual_seed(seed)) % MOST_FOLDS
    return torch.arange(len(unique))[member] if len(unique) <= MOST_FOLDS else dealt[member]


def _pair_errors(rule: Rule, training: Training, lot: Tensor) -> tuple[Tensor, Tensor]:
    """`l x l x t x y` squared errors and their counts: entry (a, b) on lot b by the rule that saw neither a nor b."""
    n_lots = int(lot.max()) + 1
    squares = torch.zeros(n_lots, n_lots, *training.values.shape[1:], dtype=training.values.dtype)
    counts = torch.zeros_like(squares)
    for a in range(n_lots):
        for b in range(a):
            seen = (lot != a) & (lot != b)
            if not seen.any():
                continue
            predict = rule(training.take(seen))
            for out, scored in ((a, b), (b, a)):
                errors = training.values[lot == scored] - predict(training.design[lot == scored])
                squares[out, scored] = torch.nan_to_num(errors).square().sum(0)
                counts[out, scored] = torch.isfinite(errors).double().sum(0)
    return squares, counts


def _spread(squares: Tensor, counts: Tensor, *, n: int) -> Tensor:
    """`t x y` variance of an error that `n` lots of errors tell of, pooled over times where a time has fewer than three.

    `1 + 2 / n` stretches a normal's central 90 % to Student's with n degrees of freedom, to within 4 % from n = 5 on and 2 % from n = 7 on.
    """
    pooled = squares.sum(dim=0) / counts.sum(dim=0).clamp_min(1)
    return (torch.where(counts >= 3, squares / counts.clamp_min(1), pooled) * (1 + 2 / max(n, 1))).clamp_min(1e-18)


def _shapes(errors: Tensor, variance: Tensor) -> Tensor:
    """`k x t x y`: the principal shapes of the errors, stretched entry by entry to the variance that is wanted."""
    flat = torch.nan_to_num(errors).flatten(1)
    scale = flat.square().mean(dim=0).sqrt().clamp_min(1e-12)
    _, strength, right = torch.linalg.svd(flat / scale, full_matrices=False)
    shapes = (strength.unsqueeze(-1) * right)[:_MOST_SHAPES]
    size = shapes.square().sum(dim=0).sqrt()
    shapes = torch.where(size > 1e-9, shapes / size.clamp_min(1e-9), torch.nn.functional.one_hot(torch.tensor(0), len(shapes)).double().unsqueeze(-1))
    return (shapes * variance.flatten().clamp_min(0).sqrt()).reshape(-1, *errors.shape[1:])
