"""A plate of new points in ten constrained factors, by nextwell and by plain BoTorch; each tells its clock and its points."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from world_model.terms.constraints import Linear
from world_model.terms.factors import Continuous
from world_model.terms.goals import Goal
from world_model.terms.space import SearchSpace

Answer = tuple[Sequence[float], np.ndarray]  # process seconds before build, observe, propose and after; `batch x 10` points


def by_nextwell(points: np.ndarray, y: np.ndarray, batch: int) -> Answer:
    """The public door with its defaults."""
    from ..campaign import Campaign  # what `nextwell.Campaign` is

    clock = [time.process_time()]
    names = [f"x{i}" for i in range(10)]
    limits = (Linear(terms=dict.fromkeys(names, 1.0), at_most=4.0), Linear(terms={"x0": 1.0, "x1": 1.0}, at_least=0.2))
    space = SearchSpace(factors=tuple(Continuous(name=name, low=0, high=1) for name in names), constraints=limits)
    campaign = Campaign(space=space, goals=[Goal(readout="y")])
    clock.append(time.process_time())
    campaign.record(pd.DataFrame(points, columns=names).assign(y=y))
    clock.append(time.process_time())
    chosen = campaign.propose(batch)[names].to_numpy(dtype=float)
    clock.append(time.process_time())
    return clock, chosen


def by_botorch(points: np.ndarray, y: np.ndarray, batch: int) -> Answer:
    """`SingleTaskGP`, `qLogExpectedImprovement`, `optimize_acqf` point by point, as its documentation says for large batches."""
    import torch

    from planner.plain.improvement import best_points

    clock = [time.process_time()]
    most = (torch.arange(10), -torch.ones(10, dtype=torch.double), -4.0)
    least = (torch.arange(2), torch.ones(2, dtype=torch.double), 0.2)
    clock += [time.process_time(), time.process_time()]
    chosen = best_points(points, y, n=batch, inequalities=[most, least], seed=0)
    clock.append(time.process_time())
    return clock, chosen


PLATES: dict[str, Callable[[np.ndarray, np.ndarray, int], Answer]] = {"nextwell": by_nextwell, "botorch": by_botorch}
