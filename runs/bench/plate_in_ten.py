"""A plate of new points in ten constrained factors, by nextwell and by plain BoTorch; each tells its clock and its points."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

Answer = tuple[Sequence[float], np.ndarray]  # process seconds before build, observe, propose and after; `batch x 10` points


def by_nextwell(points: np.ndarray, y: np.ndarray, batch: int) -> Answer:
    """The public door with its defaults."""
    import nextwell as nw

    clock = [time.process_time()]
    names = [f"x{i}" for i in range(10)]
    limits = (nw.Linear(terms=dict.fromkeys(names, 1.0), at_most=4.0), nw.Linear(terms={"x0": 1.0, "x1": 1.0}, at_least=0.2))
    space = nw.SearchSpace(factors=tuple(nw.Continuous(name=name, low=0, high=1) for name in names), constraints=limits)
    campaign = nw.Campaign(space=space, goals=[nw.Goal(readout="y")])
    clock.append(time.process_time())
    campaign.record(pd.DataFrame(points, columns=names).assign(y=y))
    clock.append(time.process_time())
    chosen = campaign.propose(batch)[names].to_numpy(dtype=float)
    clock.append(time.process_time())
    return clock, chosen


def by_botorch(points: np.ndarray, y: np.ndarray, batch: int) -> Answer:
    """`SingleTaskGP`, `qLogExpectedImprovement`, `optimize_acqf` point by point, as its documentation says for large batches."""
    import torch
    from botorch.acquisition import qLogExpectedImprovement
    from botorch.fit import fit_gpytorch_mll
    from botorch.models import SingleTaskGP
    from botorch.optim import optimize_acqf
    from gpytorch.mlls import ExactMarginalLogLikelihood

    clock = [time.process_time()]
    torch.manual_seed(0)
    told, answers = torch.as_tensor(points), torch.as_tensor(y).unsqueeze(-1)
    bounds = torch.tensor([[0.0] * 10, [1.0] * 10], dtype=torch.double)
    most = (torch.arange(10), -torch.ones(10, dtype=torch.double), -4.0)
    least = (torch.arange(2), torch.ones(2, dtype=torch.double), 0.2)
    clock.append(time.process_time())
    model = SingleTaskGP(told, answers)
    clock.append(time.process_time())
    fit_gpytorch_mll(ExactMarginalLogLikelihood(model.likelihood, model))
    acquisition = qLogExpectedImprovement(model, best_f=answers.max())
    chosen, _ = optimize_acqf(acquisition, bounds=bounds, q=batch, num_restarts=4, raw_samples=128, sequential=True, inequality_constraints=[most, least])
    clock.append(time.process_time())
    return clock, chosen.detach().numpy()


PLATES: dict[str, Callable[[np.ndarray, np.ndarray, int], Answer]] = {"nextwell": by_nextwell, "botorch": by_botorch}
