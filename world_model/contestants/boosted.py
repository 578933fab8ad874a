"""Boosted trees: many small trees, each mending what those before it left; for rugged tables of categories.

Members each leave one fold of the interventions out, so that every row is foretold by a member that never saw it, and that one member is
one hypothesis of the world. Shallow trees in a row find which combinations matter (epistasis between positions of a protein), where one
length scale a feature sees their sum alone.

Source: Friedman (2002), Comput. Stat. Data Anal. 38:367, stochastic gradient boosting; scikit-learn's. That such ensembles with Thompson
sampling search protein landscapes well: Yang et al. (2025), Nat. Commun. 16:714.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..basis import Basis, fit_basis
from ..contract import Progress, Training
from ..encoding import Encoder
from .forecasts import FittedMembers, Forecasts
from .sequences import folds

FEWEST_INTERVENTIONS = 12
_BLOCK = 20_000  # designs that are foretold at a time

Foretell = Callable[[np.ndarray], np.ndarray]  # features `n x u` → one coefficient, `n`


@dataclass(frozen=True)
class Boosted:
    """Boosted trees from the design to the trajectory's coefficients.

    Attributes:
        n_folds: as many members as folds.
        stages, depth, rate: of each member: trees, their depth, and how much of what is left each of them takes.
    """

    name: str = "boosted trees"
    n_folds: int = 8
    stages: int = 100
    depth: int = 4
    rate: float = 0.1

    def why_not(self, training: Training) -> str | None:
        """It needs enough interventions that leaving a fold out leaves something to split."""
        n = training.n_interventions
        return None if n >= FEWEST_INTERVENTIONS else f"needs {FEWEST_INTERVENTIONS} interventions, found {n}"

    def fit(self, training: Training, *, seed: int, progress: Progress | None = None) -> FittedMembers:
        """Fit every member; a reading's variance is the mean square of what members foretell wrongly of rows that they did not see."""
        fold = folds(training.groups, seed=seed, n=self.n_folds)
        basis = fit_basis(training.values, times_h=training.times_h, functionals=training.functionals)
        targets = basis.encode(training.values).numpy()
        inputs = _inputs(training.encoder, training.design)
        chance = np.random.default_rng([seed, 0xB005]).integers(2**31, size=int(fold.max()) + 1)
        members: list[tuple[Foretell, ...]] = []
        squares = np.full(targets.shape, np.nan)
        for k, own in enumerate(chance.tolist()):
            seen = (fold != k).numpy()
            columns = tuple(self._boosted(inputs[seen], targets[seen, c], seed=own) for c in range(targets.shape[1]))
            squares[~seen] = np.square(np.stack([column(inputs[~seen]) for column in columns], axis=1) - targets[~seen])
            members.append(columns)
        variance = torch.as_tensor(np.nan_to_num(np.nanmean(squares, axis=0), nan=1.0))
        told = Boosters(members=tuple(members), encoder=training.encoder, basis=basis, variance=variance)
        return FittedMembers(members=told, training_design=training.design, fold=fold, left_out=torch.arange(len(members)))

    def _boosted(self, inputs: np.ndarray, target: np.ndarray, *, seed: int) -> Foretell:
        from sklearn.ensemble import GradientBoostingRegressor

        known = np.isfinite(target)
        if known.sum() < 2:
            return lambda features: np.zeros(len(features))
        grown = GradientBoostingRegressor(
            n_estimators=self.stages, max_depth=self.depth, learning_rate=self.rate, subsample=0.8, max_features=0.5, random_state=seed
        )
        predict: Foretell = grown.fit(inputs[known], target[known]).predict
        return predict


@dataclass(frozen=True)
class Boosters:
    """Designs → what each member forecasts; `variance` `k` of a reading's coefficients about it."""

    members: tuple[tuple[Foretell, ...], ...]
    encoder: Encoder
    basis: Basis
    variance: Tensor

    def __call__(self, design: Tensor) -> Forecasts:
        """`m x n x t x y`."""
        means = []
        for block in design.split(_BLOCK):
            inputs = _inputs(self.encoder, block)
            means.append(torch.as_tensor(np.stack([np.stack([column(inputs) for column in member], axis=1) for member in self.members])))
        mean = self.basis.decode(torch.cat(means, dim=1).to(torch.double))
        spread = self.basis.decode_variance(self.variance.unsqueeze(0)) + self.basis.residual_sd.square()
        return Forecasts(mean=mean, variance=spread.unsqueeze(0).expand(mean.shape))


def _inputs(encoder: Encoder, design: Tensor) -> np.ndarray:
    return np.ascontiguousarray(encoder.features(design).numpy().astype(np.float32))
