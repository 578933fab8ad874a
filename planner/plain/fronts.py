"""BoTorch's defaults for several goals: a `SingleTaskGP` each, `qLogNoisyExpectedHypervolumeImprovement`, `optimize_acqf_discrete`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from botorch.acquisition.multi_objective import logei
from botorch.fit import fit_gpytorch_mll
from botorch.models import ModelListGP, SingleTaskGP
from botorch.optim import optimize_acqf_discrete
from botorch.sampling.normal import SobolQMCNormalSampler
from botorch.utils.multi_objective.hypervolume import infer_reference_point
from botorch.utils.multi_objective.pareto import is_non_dominated
from botorch.utils.sampling import manual_seed
from gpytorch.mlls import SumMarginalLogLikelihood

BLOCK = 512  # candidates that are scored at once


def widening_rows(unit: np.ndarray, rows: Sequence[int], y: np.ndarray, *, n: int, seed: int) -> list[int]:
    """`n` rows of `c x u` candidates that were not read.

    Args:
        rows: what was read, with `y` `r x g`, bigger is better in each goal.
    """
    logei._load_attempted = True  # as in the planner: nothing is compiled while times are taken
    free = np.setdiff1d(np.arange(len(unit)), rows)
    with manual_seed(seed):
        candidates, told = torch.as_tensor(unit, dtype=torch.double), torch.as_tensor(y, dtype=torch.double)
        read = candidates[list(rows)]
        model = ModelListGP(*[SingleTaskGP(read, told[:, [i]]) for i in range(told.shape[1])])
        fit_gpytorch_mll(SumMarginalLogLikelihood(model.likelihood, model))
        acquisition = logei.qLogNoisyExpectedHypervolumeImprovement(
            model, ref_point=infer_reference_point(told[is_non_dominated(told)]), X_baseline=read, prune_baseline=True,
            sampler=SobolQMCNormalSampler(torch.Size([128]), seed=seed % 1_000),
        )  # fmt: skip
        points, _ = optimize_acqf_discrete(acquisition, q=n, choices=candidates[free], max_batch_size=BLOCK, unique=True)
    return [int(free[int((candidates[free] - point).abs().sum(dim=-1).argmin())]) for point in points]
