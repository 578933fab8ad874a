"""One Gaussian process a coefficient, all of one family; fitted, with closed-form leave-one-intervention-out."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import torch
from botorch.exceptions import ModelFittingError
from botorch.fit import fit_gpytorch_mll
from botorch.models import ModelListGP, SingleTaskGP
from gpytorch.mlls import ExactMarginalLogLikelihood
from linear_operator.utils.errors import NotPSDError
from linear_operator.utils.warnings import NumericalWarning
from torch import Tensor

from .encoding import Encoder
from .kernels import Family, build


@dataclass(frozen=True)
class HeldOut:
    """What leave-one-intervention-out predicts of each row: `mean`, `variance`, both `n x k`, of noisy coefficients."""

    mean: Tensor
    variance: Tensor


@dataclass(frozen=True)
class CoefficientModel:
    """Fitted Gaussian processes on designs, one a coefficient.

    Attributes:
        design: `n x d`, the training designs.
        targets: `n x k`, nan where a row says nothing of a coefficient.
    """

    family: Family
    gps: ModelListGP
    design: Tensor
    targets: Tensor

    def noise_variance(self) -> Tensor:
        """`k`: the fitted variance of one reading's coefficient around the truth."""
        return torch.stack([gp.likelihood.noise.detach().reshape(()) for gp in self.gps.models])

    def held_out(self, groups: Tensor) -> HeldOut:
        """Predictions of each row from the rows of all *other* interventions, in closed form, with the hyper-parameters kept.

        Args:
            groups: `n` integers, equal for replicates of one intervention.

        Source: block form of Rasmussen & Williams (2006), eq. 5.12: with P = K^-1 and block B, the held-out mean is
            y_B - P_BB^-1 (P y)_B and its covariance P_BB^-1.
        """
        columns = [_held_out_column(gp, groups, self.targets[:, k], self.design) for k, gp in enumerate(self.gps.models)]
        return HeldOut(mean=torch.stack([c.mean for c in columns], -1), variance=torch.stack([c.variance for c in columns], -1))


def fit_coefficients(family: Family, *, design: Tensor, targets: Tensor, encoder: Encoder) -> CoefficientModel:
    """Fit one GP a coefficient by its marginal likelihood with priors.

    Args:
        design: `n x d`.
        targets: `n x k`, about zero mean and unit sd, nan where unknown.

    Raises:
        ModelFittingError, NotPSDError: the fit failed; the judge leaves the family out and says so.
    """
    gps: list[SingleTaskGP] = []
    for k in range(targets.shape[1]):
        known = torch.isfinite(targets[:, k])
        gp = build(family, design=design[known], targets=targets[known, k : k + 1], encoder=encoder)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NumericalWarning)
            fit_gpytorch_mll(ExactMarginalLogLikelihood(gp.likelihood, gp))
        gp.eval()
        gps.append(gp)
    return CoefficientModel(family=family, gps=ModelListGP(*gps).eval(), design=design, targets=targets)


FIT_FAILURES = (ModelFittingError, NotPSDError)


def _held_out_column(gp: SingleTaskGP, groups: Tensor, targets: Tensor, design: Tensor) -> HeldOut:
    known = torch.isfinite(targets)
    rows = torch.nonzero(known).flatten()
    mean, variance = torch.full_like(targets, torch.nan), torch.full_like(targets, torch.nan)
    with torch.no_grad():
        gp.train()
        prior = gp.forward(design[known])
        gp.eval()
        noise = gp.likelihood.noise.reshape(())
        covariance = prior.covariance_matrix + noise * torch.eye(len(rows), dtype=design.dtype)
        factor = torch.linalg.cholesky(covariance + 1e-8 * torch.eye(len(rows), dtype=design.dtype))
        precision = torch.cholesky_inverse(factor)
        weighted = precision @ (targets[known] - prior.mean)
        for group in torch.unique(groups[known]):
            block = torch.nonzero(groups[known] == group).flatten()
            inner = torch.linalg.inv(precision[block][:, block])
            mean[rows[block]] = targets[rows[block]] - inner @ weighted[block]
            variance[rows[block]] = inner.diagonal()
    return HeldOut(mean=mean, variance=variance)
