"""The settings of EDBO on BoTorch: a Matérn-5/2 GP with gamma priors by the kind of space, expected improvement, a Kriging believer.

Source: Shields et al., Nature 590, 89 (2021).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from warnings import catch_warnings

import numpy as np
import torch
from botorch.acquisition import ExpectedImprovement
from botorch.fit import fit_gpytorch_mll
from botorch.models import SingleTaskGP
from botorch.models.transforms import Standardize
from gpytorch.kernels import MaternKernel, ScaleKernel
from gpytorch.likelihoods import GaussianLikelihood
from gpytorch.mlls import ExactMarginalLogLikelihood
from gpytorch.priors import GammaPrior

BLOCK = 20_000  # candidates that are scored at once


class _Prior(NamedTuple):
    """A gamma prior's concentration and rate, and where the fit starts."""

    concentration: float
    rate: float
    start: float

    def __call__(self) -> GammaPrior:
        return GammaPrior(self.concentration, self.rate)


class _Priors(NamedTuple):
    length: _Prior
    output: _Prior
    noise: _Prior


def believed_rows(unit: np.ndarray, rows: Sequence[int], y: Sequence[float], *, n: int, described: bool) -> list[int]:
    """`n` rows of `c x u` candidates that were not read, each chosen as if the model's word on those before it were a reading.

    Args:
        rows, y: what was read, bigger is better.
        described: whether levels are told by descriptors.
    """
    candidates = torch.as_tensor(unit, dtype=torch.double)
    told = torch.tensor(list(y), dtype=torch.double).unsqueeze(-1)
    model = _fitted(candidates[list(rows)], told, _priors(unit.shape[1], described=described))
    best, jitter = float(told.max()), 0.01 * float(np.std(y) or 1.0)
    free, chosen = np.setdiff1d(np.arange(len(unit)), rows), list[int]()
    for _ in range(n):
        with catch_warnings(action="ignore"):
            # BoTorch advises its logarithm, which EDBO did not have
            acquisition = ExpectedImprovement(model, best_f=best + jitter)
        with torch.no_grad():
            value = torch.cat([acquisition(block.unsqueeze(-2)) for block in candidates[free].split(BLOCK)])
            row = int(free[int(value.argmax())])
            believed = model.posterior(candidates[[row]]).mean
        chosen.append(row)
        if len(chosen) < n:
            # the same hyper-parameters and scale, with the model's own prediction as one more reading
            told = torch.cat([told, believed])
            turned = (told - model.outcome_transform.means) / model.outcome_transform.stdvs
            model.set_train_data(candidates[[*rows, *chosen]], turned.squeeze(-1), strict=False)
            model.eval()
            best, free = max(best, float(believed)), free[free != row]
    return chosen


def _fitted(points: torch.Tensor, y: torch.Tensor, priors: _Priors) -> SingleTaskGP:
    base = MaternKernel(nu=2.5, ard_num_dims=points.shape[1], lengthscale_prior=priors.length())
    kernel = ScaleKernel(base, outputscale_prior=priors.output())
    base.lengthscale, kernel.outputscale = priors.length.start, priors.output.start
    likelihood = GaussianLikelihood(noise_prior=priors.noise())
    likelihood.noise = priors.noise.start
    model = SingleTaskGP(points, y, covar_module=kernel, likelihood=likelihood, outcome_transform=Standardize(1))
    fit_gpytorch_mll(ExactMarginalLogLikelihood(model.likelihood, model))
    return model


def _priors(width: int, *, described: bool) -> _Priors:
    """As EDBO's code sets them: by the number of features, and whether levels are told by descriptors."""
    if width < 5:
        return _Priors(_Prior(1.2, 1.1, 0.2), _Prior(5.0, 0.5, 8.0), _Prior(1.05, 0.5, 0.1))
    if described and width < 100:
        return _Priors(_Prior(2.0, 0.2, 5.0), _Prior(5.0, 0.5, 8.0), _Prior(1.5, 0.1, 5.0))
    if described:
        return _Priors(_Prior(2.0, 0.1, 10.0), _Prior(2.0, 0.1, 10.0), _Prior(1.5, 0.1, 5.0))
    return _Priors(_Prior(3.0, 1.0, 2.0), _Prior(5.0, 0.2, 20.0), _Prior(1.5, 0.1, 5.0))
