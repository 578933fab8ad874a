"""BoTorch as its documentation shows it: `SingleTaskGP`, `qLogExpectedImprovement`, its own optimisers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from botorch.acquisition import qLogExpectedImprovement
from botorch.fit import fit_gpytorch_mll
from botorch.models import SingleTaskGP
from botorch.optim import optimize_acqf, optimize_acqf_discrete
from botorch.utils.sampling import manual_seed
from gpytorch.mlls import ExactMarginalLogLikelihood
from torch import Tensor

BLOCK = 2048  # candidates that are scored at once


def best_rows(unit: np.ndarray, rows: Sequence[int], y: Sequence[float], *, n: int, seed: int) -> list[int]:
    """`n` rows of `c x u` candidates that were not read.

    Args:
        rows, y: what was read, bigger is better.
    """
    candidates = torch.as_tensor(unit, dtype=torch.double)
    free = torch.ones(len(candidates), dtype=torch.bool)
    free[list(rows)] = False
    with manual_seed(seed):
        acquisition = _acquisition(candidates[list(rows)], torch.tensor(list(y), dtype=torch.double).unsqueeze(-1))
        points, _ = optimize_acqf_discrete(acquisition, q=n, choices=candidates[free], max_batch_size=BLOCK, unique=True)
    chosen: list[int] = []
    for point in points:
        # levels with the same descriptors share a point: any of their rows is as good
        same = torch.nonzero((candidates == point).all(dim=-1)).flatten().tolist()
        chosen.append(next(row for row in same if bool(free[row]) and row not in chosen))
    return chosen


def best_points(
    points: np.ndarray, y: np.ndarray, *, n: int, inequalities: Sequence[tuple[Tensor, Tensor, float]], seed: int
) -> np.ndarray:
    """`n x d` new points of the unit cube that meet `sum(coefficient · x) >= rhs`, one after the other."""
    told, answers = torch.as_tensor(points, dtype=torch.double), torch.as_tensor(y, dtype=torch.double).unsqueeze(-1)
    bounds = torch.stack([torch.zeros(told.shape[1]), torch.ones(told.shape[1])]).double()
    with manual_seed(seed):
        chosen, _ = optimize_acqf(
            _acquisition(told, answers), bounds=bounds, q=n, num_restarts=4, raw_samples=128, sequential=True, inequality_constraints=list(inequalities)
        )
    return np.asarray(chosen.detach().numpy())


def _acquisition(points: Tensor, y: Tensor) -> qLogExpectedImprovement:
    model = SingleTaskGP(points, y)
    fit_gpytorch_mll(ExactMarginalLogLikelihood(model.likelihood, model))
    return qLogExpectedImprovement(model, best_f=y.max())
