"""Where experiments can be done: learned from those that were tried and gave nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from botorch.fit import fit_gpytorch_mll
from botorch.models import SingleTaskGP
from botorch.models.utils.gpytorch_modules import get_covar_module_with_dim_scaled_prior
from gpytorch.likelihoods import DirichletClassificationLikelihood
from gpytorch.mlls import ExactMarginalLogLikelihood
from torch import Tensor

from world_model.encoding import Encoder
from world_model.terms.readings import FLAGS, Dataset

_FAILED = FLAGS.index("failed")
_SURE = 0.01  # pseudo-count of the class that a label is not of: how little one label is doubted


@dataclass(frozen=True)
class Feasible:
    """Chance that an experiment can be done, from a Gaussian process classifier.

    Each class's latent is a Gaussian process regression on the log of a Dirichlet's parameters, whose noise depends on the label: exact,
    quick, and its chance returns to the share of successes far from any failure.

    Source: Milios et al. (2018), Dirichlet-based Gaussian processes for large-scale calibrated classification; GPyTorch's likelihood.
    """

    model: SingleTaskGP
    n_failed: int

    @classmethod
    def of(cls, encoder: Encoder, data: Dataset) -> Feasible | None:
        """Learned from a data set; None where nothing failed, or nothing worked: then there is nothing to tell apart."""
        if not len(data):
            return None
        worked = np.isfinite(data.values).any(axis=(1, 2))
        broke = ~worked & ((data.flags == _FAILED) | (data.flags < 0)).all(axis=(1, 2)) & (data.flags == _FAILED).any(axis=(1, 2))
        if not worked.any() or not broke.any():
            return None
        design = encoder.design(data.settings)
        return cls.fit(encoder, worked=design[torch.as_tensor(worked)], broke=design[torch.as_tensor(broke)])

    @classmethod
    def fit(cls, encoder: Encoder, *, worked: Tensor, broke: Tensor) -> Feasible:
        """Fit to designs `n x d` that could be done and to those that could not."""
        labels = torch.cat([torch.ones(len(worked)), torch.zeros(len(broke))]).long()
        told = DirichletClassificationLikelihood(labels, alpha_epsilon=_SURE, dtype=torch.double)
        model = SingleTaskGP(
            torch.cat([worked, broke]), told.transformed_targets.T.double(), train_Yvar=told.noise_covar.noise.T.double(), outcome_transform=None,
            covar_module=get_covar_module_with_dim_scaled_prior(ard_num_dims=encoder.n_features, batch_shape=torch.Size([2]), use_rbf_kernel=False),
            input_transform=encoder.featurise(),
        )  # fmt: skip
        fit_gpytorch_mll(ExactMarginalLogLikelihood(model.likelihood, model))
        return cls(model=model.eval(), n_failed=len(broke))

    def log_chance(self, design: Tensor) -> Tensor:
        """`…`: log of the chance at designs `… x d`; follows gradients.

        The mean of a logistic function of a Gaussian, by MacKay's approximation (1992).
        """
        flat = design.reshape(-1, 1, design.shape[-1])
        told = self.model.posterior(flat)
        mean, variance = told.mean[:, 0], told.variance[:, 0]
        away, spread = mean[:, 1] - mean[:, 0], variance.sum(dim=-1)
        return torch.nn.functional.logsigmoid(away / (1.0 + math.pi * spread / 8.0).sqrt()).reshape(design.shape[:-1])

    def chance(self, design: Tensor) -> Tensor:
        """`n`: of designs `n x d`."""
        with torch.no_grad():
            return torch.cat([self.log_chance(block) for block in design.split(4096)]).exp() if len(design) else torch.empty(0, dtype=torch.double)
