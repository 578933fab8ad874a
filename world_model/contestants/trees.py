"""Extremely randomised trees: nothing is smooth, nothing is a distance, and what does not matter is left alone.

On many weak descriptors (gene sets, annotations, one-hot positions of a protein) with heavy-tailed readings a kernel sees little:
one length scale a descriptor is more than the records can tell. Trees take any scale, and their averages of random splits are hard
to lead astray. Members are small forests that each leave one fold of the interventions out, so that every row is predicted by
members that never saw it, and that one member is one hypothesis of the world.

Source: Geurts, Ernst & Wehenkel (2006), Machine Learning 63:3; scikit-learn's trees. The variance within leaves, Meinshausen
(2006), J. Mach. Learn. Res. 7:983.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from ..basis import Basis, fit_basis
from ..contract import Progress, Training
from ..encoding import Encoder
from .forecasts import FittedMembers, Forecasts
from .sequences import folds

if TYPE_CHECKING:
    from sklearn.ensemble import ExtraTreesRegressor

FEWEST_INTERVENTIONS = 12
_BLOCK = 20_000  # designs whose leaves are looked up at a time
_LIMITS = (0.05, 20.0)  # of the factor on the leaves' variance


@dataclass(frozen=True)
class Trees:
    """Forests from the design to the trajectory's coefficients.

    Attributes:
        n_folds, per_fold: members are so many for each fold left out.
        trees: of each member. One tree alone is mostly the chance of its splits.
        leaf: fewest experiments in a leaf.
    """

    name: str = "trees"
    n_folds: int = 8
    per_fold: int = 4
    trees: int = 10
    leaf: int = 3

    def why_not(self, training: Training) -> str | None:
        """It needs enough interventions that leaving a fold out leaves something to split."""
        n = training.n_interventions
        return None if n >= FEWEST_INTERVENTIONS else f"needs {FEWEST_INTERVENTIONS} interventions, found {n}"

    def fit(self, training: Training, *, seed: int, progress: Progress | None = None) -> FittedMembers:
        """Fit every member, then bring the variance within leaves to the size of the errors on rows that members did not see."""
        fold = folds(training.groups, seed=seed, n=self.n_folds)
        left_out = torch.arange((int(fold.max()) + 1) * self.per_fold) % (int(fold.max()) + 1)
        basis = fit_basis(training.values, times_h=training.times_h, functionals=training.functionals)
        targets = basis.encode(training.values).numpy()
        inputs = _inputs(training.encoder, training.design)
        chance = np.random.default_rng([seed, 0x7EE5]).integers(2**31, size=len(left_out))
        members = tuple(
            _grown(inputs[seen], targets[seen], trees=self.trees, leaf=self.leaf, seed=int(chance[m]))
            for m, seen in enumerate((fold != k).numpy() for k in left_out.tolist())
        )
        forests = Forests(members=members, encoder=training.encoder, basis=basis, factor=torch.ones(len(left_out), dtype=torch.double))
        grown = FittedMembers(members=forests, training_design=training.design, fold=fold, left_out=left_out)
        factor = _factor(grown.held_out().variance("reading"), grown.held_out().mean, training, fold)
        forests = Forests(members=members, encoder=training.encoder, basis=basis, factor=factor[left_out])
        return FittedMembers(members=forests, training_design=training.design, fold=fold, left_out=left_out)


@dataclass(frozen=True)
class _Grown:
    """One member: trees, and in each of their nodes the `first` and `second` moment of `k` coefficients, `nodes x k` a tree.

    Coefficients that were read in other rows than the rest have forests of their own: `columns` says which a forest is for.
    """

    forests: tuple[ExtraTreesRegressor, ...]
    columns: tuple[tuple[int, ...], ...]
    first: tuple[tuple[np.ndarray, ...], ...]
    second: tuple[tuple[np.ndarray, ...], ...]

    def moments(self, inputs: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Mean and variance of `k` coefficients, `n x k` each, over the trees' leaves."""
        mean, square = np.zeros((len(inputs), k)), np.zeros((len(inputs), k))
        for forest, columns, first, second in zip(self.forests, self.columns, self.first, self.second, strict=True):
            for tree, one, two in zip(forest.estimators_, first, second, strict=True):
                leaf = tree.tree_.apply(inputs)  # of the forest itself it costs a start of its workers, dear for few designs
                mean[:, columns] += one[leaf] / len(first)
                square[:, columns] += two[leaf] / len(first)
        return mean, np.maximum(square - np.square(mean), 0.0)


@dataclass(frozen=True)
class Forests:
    """Designs → what each member forecasts; `factor` `m` stretches each member's variance of a reading."""

    members: tuple[_Grown, ...]
    encoder: Encoder
    basis: Basis
    factor: Tensor

    def __call__(self, design: Tensor) -> Forecasts:
        """`m x n x t x y`."""
        means, variances = [], []
        for block in design.split(_BLOCK):
            inputs = _inputs(self.encoder, block)
            told = [member.moments(inputs, self.basis.size) for member in self.members]
            means.append(torch.as_tensor(np.stack([mean for mean, _ in told])))
            variances.append(torch.as_tensor(np.stack([variance for _, variance in told])))
        mean, variance = torch.cat(means, dim=1), torch.cat(variances, dim=1)
        spread = self.basis.decode_variance(variance) * self.factor.reshape(-1, 1, 1, 1) + self.basis.residual_sd.square()
        return Forecasts(mean=self.basis.decode(mean), variance=spread)


def _inputs(encoder: Encoder, design: Tensor) -> np.ndarray:
    return np.ascontiguousarray(encoder.features(design).numpy().astype(np.float32))


def _grown(inputs: np.ndarray, targets: np.ndarray, *, trees: int, leaf: int, seed: int) -> _Grown:
    from sklearn.ensemble import ExtraTreesRegressor

    patterns, which = np.unique(np.isfinite(targets), axis=1, return_inverse=True)
    forests, columns, firsts, seconds = [], [], [], []
    for pattern in range(patterns.shape[1]):
        rows, own = patterns[:, pattern], tuple(np.flatnonzero(which == pattern).tolist())
        if not rows.any():
            continue
        x, z = inputs[rows], targets[np.ix_(rows, own)]
        forest = ExtraTreesRegressor(trees, min_samples_leaf=leaf, max_features="sqrt", random_state=seed, n_jobs=1)
        forest.fit(x, z if z.shape[1] > 1 else z[:, 0])
        leaves = [(tree.tree_.apply(x), tree.tree_.node_count) for tree in forest.estimators_]
        forests.append(forest)
        columns.append(own)
        firsts.append(tuple(_means(leaf, z, count) for leaf, count in leaves))
        seconds.append(tuple(_means(leaf, np.square(z), count) for leaf, count in leaves))
    return _Grown(forests=tuple(forests), columns=tuple(columns), first=tuple(firsts), second=tuple(seconds))


def _means(leaf: np.ndarray, values: np.ndarray, nodes: int) -> np.ndarray:
    """`nodes x k`: the mean of the rows in each leaf."""
    counts = np.bincount(leaf, minlength=nodes)
    sums = np.stack([np.bincount(leaf, weights=column, minlength=nodes) for column in values.T], axis=1)
    means: np.ndarray = sums / np.maximum(counts, 1)[:, None]
    return means


def _factor(variance: Tensor, mean: Tensor, training: Training, fold: Tensor) -> Tensor:
    """`f`: for the members that leave fold f out, by how much errors on the other folds exceed what was said of them."""
    squares = ((training.as_read - mean).square() / training.scale.square()).flatten(1)
    said = (variance / training.scale.square()).flatten(1)
    known = torch.isfinite(squares)
    found = []
    for k in range(int(fold.max()) + 1):
        rows = known & (fold != k).unsqueeze(1)
        found.append(float(squares[rows].mean() / said[rows].mean().clamp_min(1e-12)))
    return torch.tensor(found, dtype=torch.double).clamp(*_LIMITS)
