"""Small batches: by what the task's acquisition says, point by point, each knowing of those before it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from botorch.acquisition import AcquisitionFunction
from botorch.exceptions.errors import CandidateGenerationError
from botorch.optim import optimize_acqf, optimize_acqf_mixed_alternating
from botorch.utils.sampling import manual_seed
from torch import Tensor

from world_model.encoding import unit_values
from world_model.fit import WorldModel

from .acquisitions.bounds import worth_a_look
from .acquisitions.dispatch import acquisition
from .acquisitions.registry import member_for
from .acquisitions.task import Task
from .linear import unit_constraints
from .plates.rule import BatchRule
from .pool import Pool
from .region_search import search_regions
from .surrogate.routes import as_botorch_model
from .surrogate.surrogate import Surrogate

SHORTLIST = 2048
SAME = 1e-3  # of every factor's range: nearer than this two points are one experiment
_RESTARTS, _RAW_SAMPLES = 4, 128
_STEPS = (0.1, 0.03, 0.01)  # of every factor's range, where there are no gradients to follow
_TRIES = 48


def choose_greedily(
    world: WorldModel, task: Task, *, pool: Pool, n: int, pending: Tensor, seed: int,
    repair: Callable[[Tensor], Tensor | None], rule: BatchRule | None = None, progress: Callable[[str], None] | None = None,
) -> Tensor:  # fmt: skip
    """Designs `n x d` of a batch.

    Args:
        pool: candidates; an exhaustive one is scored as it is, else its best point competes with the optimiser's.
        pending: `p x d`, experiments under way.
        repair: turns an optimiser's point `d` into one that the space and the bench accept, or None where it can't.
        rule: what the wells of the batch share; the pool is at these values already.
    """
    shortlist = _shortlist(world, task, pool, seed=seed)
    surrogate = as_botorch_model(world, task, designs=torch.cat([world.training.design, pending, shortlist.design]), seed=seed)
    chosen: list[Tensor] = []
    free = torch.ones(len(shortlist), dtype=torch.bool)
    for k in range(min(n, len(pool))):
        if progress:
            progress(f"choosing experiment {k + 1} of {n}")
        waiting = torch.cat([pending, *[point.unsqueeze(0) for point in chosen]])
        worth = acquisition(surrogate, task, waiting=waiting, seed=seed + k)
        with torch.no_grad():
            values = torch.cat([worth(block.unsqueeze(-2)) for block in shortlist.design.split(surrogate.chunk)])
        values[~free] = -torch.inf
        if rule is not None:
            values[~rule.allowed(shortlist.design, chosen)] = -torch.inf
        best = int(values.argmax())
        if values[best] == -torch.inf:
            break  # no point is left that the wells could hold
        point = shortlist.design[best]
        if not pool.exhaustive:
            if surrogate.gradients and member_for(task).followed:
                kept = {} if rule is None else rule.fixed(point)
                found = _optimise(world, worth, start=shortlist.design[values.topk(min(_RESTARTS, len(values))).indices], kept=kept, seed=seed + k)
            else:
                found = _nearby(world, worth, start=point, rule=rule, seed=seed + k)
            found = None if found is None else repair(found)
            if found is not None and not is_near(found, waiting) and _is_better(worth, found, point, value=values[best], surrogate=surrogate):
                chosen.append(found)
                continue
        free &= (shortlist.design - point).abs().amax(dim=1) >= (SAME if not pool.exhaustive else 1e-9)
        chosen.append(point)
    return torch.stack(chosen)


def is_near(point: Tensor, others: Tensor) -> bool:
    """True where a design `d` is one experiment with a row of `m x d`."""
    return bool(len(others)) and float((others - point).abs().amax(dim=1).min()) < SAME


def _is_better(worth: AcquisitionFunction, found: Tensor, point: Tensor, *, value: Tensor, surrogate: Surrogate) -> bool:
    """Whether a point beats the pool's best; hypotheses that hold for one call only must judge both in it."""
    with torch.no_grad():
        if surrogate.gaussian:
            return float(worth(found.reshape(1, 1, -1))) > float(value)
        both = worth(torch.stack([found, point]).unsqueeze(-2))
    return float(both[0]) > float(both[1])


def _nearby(world: WorldModel, worth: AcquisitionFunction, *, start: Tensor, rule: BatchRule | None, seed: int) -> Tensor | None:
    """The best of random feasible steps about a point, each time shorter ones; None where none is better than the point itself."""
    encoder = world.encoder
    generator = torch.Generator().manual_seed(seed)
    best = start
    for step in _STEPS:
        moved = best + step * torch.randn(_TRIES, len(best), generator=generator, dtype=torch.double)
        moved = moved.clamp(0.0, 1.0)
        moved[:, list(encoder.categorical_dims)] = best[list(encoder.categorical_dims)]
        for dim, value in ({} if rule is None else rule.fixed(start)).items():
            moved[:, dim] = value
        rows = [row for row in encoder.settings(moved) if not encoder.space.reasons_against(row)]
        around = torch.cat([best.unsqueeze(0), encoder.design_of(rows)])
        with torch.no_grad():
            best = around[int(worth(around.unsqueeze(-2)).argmax())]
    return None if torch.equal(best, start) else best


def _shortlist(world: WorldModel, task: Task, pool: Pool, *, seed: int) -> Pool:
    """The part of a large pool that can win, by marginals alone."""
    member = member_for(task)
    size = min(SHORTLIST, member.looks_at or SHORTLIST)
    return pool if len(pool) <= size else pool.take(worth_a_look(world, member, task, pool.design, size=size, seed=seed))


def _optimise(world: WorldModel, worth: AcquisitionFunction, *, start: Tensor, kept: Mapping[int, float], seed: int) -> Tensor | None:
    """The optimiser's point `d`; None where it finds none better than the pool's.

    Args:
        kept: design columns that stay at a value.
    """
    encoder = world.encoder
    limits = unit_constraints(encoder)
    if limits is None:
        return search_regions(encoder, worth, starts=start, kept=kept, seed=seed)
    factors = encoder.space.factors
    tops = [float(len(f.levels) - 1) if i in encoder.categorical_dims else 1.0 for i, f in enumerate(factors)]  # type: ignore[union-attr]
    bounds = torch.tensor([[0.0] * len(factors), tops], dtype=torch.double)
    categorical = {i: [float(c) for c in range(int(tops[i]) + 1)] for i in encoder.categorical_dims}
    discrete = {i: values for i, f in enumerate(factors) if (values := unit_values(f)) is not None and len(values) > 1}
    fixed = {i: 0.0 for i, f in enumerate(factors) if tops[i] == 0.0 or len(unit_values(f) or (0, 1)) == 1} | dict(kept)
    if len(fixed) == len(factors):
        return None
    for i, place in kept.items():
        start = start.clone()
        start[:, i] = place
    categorical = {i: codes for i, codes in categorical.items() if i not in fixed}
    discrete = {i: values for i, values in discrete.items() if i not in fixed}
    inequalities, equalities = list(limits.inequalities) or None, list(limits.equalities) or None
    with manual_seed(seed):
        if not categorical and not discrete:
            point, _ = optimize_acqf(
                worth, bounds=bounds, q=1, num_restarts=len(start), batch_initial_conditions=start.unsqueeze(-2),
                inequality_constraints=inequalities, equality_constraints=equalities, fixed_features=fixed or None, options={"maxiter": 100},
            )  # fmt: skip
        else:
            try:
                point, _ = optimize_acqf_mixed_alternating(
                    worth, bounds=bounds, discrete_dims=discrete, cat_dims=categorical, q=1, num_restarts=_RESTARTS,
                    raw_samples=_RAW_SAMPLES, inequality_constraints=inequalities, equality_constraints=equalities, fixed_features=fixed or None,
                    options={"maxiter_alternating": 16, "maxiter_discrete": 4, "maxiter_continuous": 20},
                )  # fmt: skip
            except CandidateGenerationError:
                # it relaxes and rounds factors of many steps, which may carry a point out of a constraint
                return search_regions(encoder, worth, starts=start, kept=kept, seed=seed)
    return point.reshape(-1)
