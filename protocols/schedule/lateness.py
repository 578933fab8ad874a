"""Where no order keeps every window: the one that misses them by the least in all, as a mixed-integer programme (HiGHS)."""

from __future__ import annotations

from dataclasses import dataclass

import networkx as nx
import numpy as np
from scipy.optimize import Bounds, LinearConstraint
from scipy.sparse import coo_array

from ..quiet_milp import milp
from .order import sharing_pairs
from .tasks import tasks_of, windows_of
from .times import Bound, bounds_of, moment

_LIMIT_S = 20.0


@dataclass(frozen=True, kw_only=True)
class Miss:
    """A window that is missed, and by how much."""

    why: str
    by_s: int


def least_lateness(graph: nx.MultiDiGraph) -> tuple[Miss, ...]:
    """The windows with an upper limit that a best compromise misses; empty where the search found none in time.

    Durations, orders and earliest starts are kept; only "at most" gives way.
    """
    tasks, windows = tasks_of(graph), windows_of(graph)
    bounds = bounds_of(tasks, windows)
    pairs = sharing_pairs(tasks)
    n = 1 + 2 * len(tasks)
    soft = [i for i, bound in enumerate(bounds) if _gives_way(bound)]
    slack = {i: n + k for k, i in enumerate(soft)}
    first = n + len(soft)
    total = first + len(pairs)
    horizon = float(sum(task.duration_s for task in tasks) + sum(abs(bound.weight_s) for bound in bounds) + 1)
    rows: list[dict[int, float]] = []
    low: list[float] = []
    for i, bound in enumerate(bounds):
        row = {bound.after: 1.0, bound.before: -1.0}
        if i in slack:
            row[slack[i]] = 1.0
        rows.append(row)
        low.append(float(bound.weight_s))
    for k, (i, j) in enumerate(pairs):
        # order[k] = 1: i first. start_j - end_i ≥ -horizon (1 - order); start_i - end_j ≥ -horizon order
        rows.append({moment(j, end=False): 1.0, moment(i, end=True): -1.0, first + k: -horizon})
        low.append(-horizon)
        rows.append({moment(i, end=False): 1.0, moment(j, end=True): -1.0, first + k: horizon})
        low.append(0.0)
    entries = [(r, c, v) for r, row in enumerate(rows) for c, v in row.items()]
    matrix = coo_array(([v for _, _, v in entries], ([r for r, _, _ in entries], [c for _, c, _ in entries])), shape=(len(rows), total)).tocsr()
    cost = np.zeros(total)
    cost[n:first] = 1.0
    upper = np.full(total, horizon)
    upper[0], upper[first:] = 0.0, 1.0
    integer = np.zeros(total)
    integer[first:] = 1
    found = milp(cost, constraints=LinearConstraint(matrix, lb=np.array(low)), bounds=Bounds(0, upper), integrality=integer, options={"time_limit": _LIMIT_S})
    if found.x is None:
        return ()
    return tuple(Miss(why=bounds[i].why, by_s=int(np.ceil(found.x[slack[i]] - 1e-6))) for i in soft if found.x[slack[i]] > 0.5)


def _gives_way(bound: Bound) -> bool:
    return bound.weight_s <= 0 and ("at most" in bound.why or "at the latest" in bound.why)
