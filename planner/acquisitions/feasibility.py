"""Whether outcomes keep to what they must: as the model expects it, as its draws have it, and how likely."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from world_model.chance import stream
from world_model.fit import WorldModel
from world_model.posterior import TrajectoryPosterior
from world_model.terms.errors import DesignError
from world_model.terms.outcome_constraint import OutcomeConstraint

from ..pool import Pool
from ..surrogate.surrogate import Surrogate
from .task import Task


@dataclass(frozen=True)
class Limit:
    """One bound on one readout: it holds where `sign · (readout - bound) <= 0`.

    Attributes:
        constraint: whose bound it is.
        place: of the readout among the task's.
        bound: in the readout's own unit; of a relative one as the model believes the control to be.
        doubt: sd of the bound; 0 of an absolute one.
        scale: of the readout, so that limits of different units can be compared.
    """

    constraint: OutcomeConstraint
    place: int
    bound: float
    doubt: float
    sign: float
    scale: float


def limits(world: WorldModel, task: Task, *, seed: int) -> tuple[Limit, ...]:
    """Every bound of the task's constraints.

    Raises:
        DesignError: a control that a constraint is relative to leaves a factor open.
    """
    found = []
    for k, constraint in enumerate(task.constraints):
        told = world.posterior_at(world.training.design).readout(constraint, seed=seed)
        scale = float(told.mean.std()) if len(told.mean) > 1 else 0.0
        level, doubt = 1.0, 0.0
        if constraint.relative_to is not None:
            level, doubt = _control(world, task, constraint, seed=seed)
        for bound, sign in constraint.sides:
            size = scale or abs(bound * level) or 1.0
            found.append(Limit(constraint=constraint, place=len(task.goals) + k, bound=bound * level, doubt=abs(bound) * doubt, sign=sign, scale=size))
    return tuple(found)


def _control(world: WorldModel, task: Task, constraint: OutcomeConstraint, *, seed: int) -> tuple[float, float]:
    """Mean and sd of what the control truly gives."""
    assert constraint.relative_to is not None
    settings = task.controls.get(constraint.relative_to, {})
    missing = [name for name in world.space.names if name not in settings]
    if missing:
        raise DesignError(
            f"Expected settings of every factor of control {constraint.relative_to!r}, for a constraint is relative to it, found none of {', '.join(missing)}. "
            "Set them under [[controls]], or give the constraint a bound of its own."
        )
    told = world.posterior([settings]).readout(constraint, seed=seed)
    return float(told.mean[0]), float(told.sd[0])


def callables(surrogate: Surrogate, told: tuple[Limit, ...]) -> list[Callable[[Tensor], Tensor]] | None:
    """As BoTorch takes them: samples `… x n x m` → `… x n`, at most 0 where the bound is kept; None where there are none."""
    if not told:
        return None

    def one(limit: Limit) -> Callable[[Tensor], Tensor]:
        return lambda samples: limit.sign * (surrogate.read(samples, None)[..., limit.place] - limit.bound) / limit.scale

    return [one(limit) for limit in told]


def violation(told: tuple[Limit, ...], readouts: Tensor) -> Tensor:
    """How far readouts `… x r` lie beyond the limits, `…`: 0 where all are kept."""
    beyond = [(limit.sign * (readouts[..., limit.place] - limit.bound) / limit.scale).clamp_min(0) for limit in told]
    return torch.stack(beyond, dim=-1).sum(dim=-1) if beyond else readouts.new_zeros(readouts.shape[:-1])


def kept_in_mean(world: WorldModel, task: Task, design: Tensor, *, seed: int) -> Tensor:
    """`n` flags: the model's means at designs `n x d` keep to every limit."""
    if not task.constraints:
        return torch.ones(len(design), dtype=torch.bool)
    posterior = world.posterior_at(design)
    means = [posterior.readout(one, seed=seed).mean for one in task.readouts]
    return violation(limits(world, task, seed=seed), torch.stack(means, dim=-1)) <= 0


def chances(world: WorldModel, task: Task, design: Tensor, *, seed: int) -> Tensor:
    """`n x k`: how likely each constraint truly holds at designs `n x d`, noise of readings left out.

    By the marginal posterior: exact where the readout is linear and the model Gaussian, by draws where it is not. Of a relative
    constraint the control's own uncertainty counts too, as if it were independent.
    """
    told = limits(world, task, seed=seed)
    posterior = world.posterior_at(design)
    columns = []
    for constraint in task.constraints:
        own = [limit for limit in told if limit.constraint is constraint]
        columns.append(_chance(posterior, constraint, own, seed=seed))
    return torch.stack(columns, dim=1) if columns else torch.ones(len(design), 0, dtype=torch.double)


def _chance(posterior: TrajectoryPosterior, constraint: OutcomeConstraint, own: Sequence[Limit], *, seed: int) -> Tensor:
    if posterior.is_exact(constraint):
        told = posterior.readout(constraint, seed=seed)
        sides = [torch.special.ndtr(limit.sign * (limit.bound - told.mean) / (told.sd.square() + limit.doubt**2).sqrt().clamp_min(1e-12)) for limit in own]
        # at least one of two bounds is kept, for the lower one lies under the upper one
        return (torch.stack(sides).sum(dim=0) - (len(sides) - 1)).clamp(0.0, 1.0)
    drawn = posterior.readout_draws(constraint, seed=seed)
    moves = torch.randn(len(drawn), 1, generator=stream(seed, "control"), dtype=torch.double)
    kept = torch.stack([limit.sign * (drawn - limit.bound - limit.doubt * moves) <= 0 for limit in own]).all(dim=0)
    return kept.double().mean(dim=0)


def safest(world: WorldModel, task: Task, pool: Pool, *, n: int, seed: int) -> Safe:
    """The part of a pool that chance constraints leave: all that keep them, or the `n` safest where too few do."""
    if not task.chances:
        return Safe(pool=pool)
    told = chances(world, task, pool.design, seed=seed)
    asked = [k for k, one in enumerate(task.constraints) if one.probability is not None]
    wanted = torch.tensor([task.constraints[k].probability for k in asked], dtype=torch.double)
    margin = (told[:, asked] - wanted).amin(dim=1)
    keep = margin >= 0
    if int(keep.sum()) >= n:
        return Safe(pool=_part(pool, keep), kept=int(keep.sum()))
    order = margin.argsort(descending=True, stable=True)[:n]
    return Safe(pool=_part(pool, order.sort().values), kept=int(keep.sum()), lowest=float(told[order][:, asked].amin()) if len(order) else None)


@dataclass(frozen=True)
class Safe:
    """What chance constraints leave of a pool.

    Attributes:
        kept: candidates that keep them; None where there are no such constraints.
        lowest: where fewer do than are needed, the chance that the least safe of those taken instead keeps them.
    """

    pool: Pool
    kept: int | None = None
    lowest: float | None = None

    @property
    def told(self) -> str:
        """For the strategy; empty where nothing is to be told."""
        if self.kept is None:
            return ""
        if self.lowest is None:
            return f", among {self.kept:,} candidates likely enough to keep the constraints"
        return f"; the safest there are, for {self._few}"

    @property
    def warning(self) -> str:
        """For each reason, where the safest had to do; else empty."""
        if self.lowest is None:
            return ""
        return f" Not as safe as asked: {self._few}, so the safest were taken (the least likely to keep the constraints: {self.lowest:.0%})."

    @property
    def _few(self) -> str:
        few = "no candidate is" if not self.kept else f"only {self.kept} candidate{'s are' if self.kept > 1 else ' is'}"
        return f"{few} likely enough to keep the constraints"


def is_safe(world: WorldModel, task: Task, point: Tensor, *, seed: int) -> bool:
    """Whether a point `d` keeps every chance constraint as likely as it must."""
    if not task.chances:
        return True
    told = chances(world, task, point.unsqueeze(0), seed=seed)[0]
    return all(one.probability is None or float(told[k]) >= one.probability for k, one in enumerate(task.constraints))


def _part(pool: Pool, where: Tensor) -> Pool:
    # what is left out of a list of every point is left out on purpose: no optimiser may look for it again
    return replace(pool.take(where), exhaustive=pool.exhaustive)
