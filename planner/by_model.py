"""What the model chooses: point by point, by joint draws, or new points and repeats together."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor

from world_model.fit import WorldModel
from world_model.mechanisms.mechanism import Mechanism
from world_model.terms.readings import Dataset

from .acquisitions.bounds import worth_a_look
from .acquisitions.feasibility import Safe, is_safe, safest
from .acquisitions.joined import joined
from .acquisitions.member import Member
from .acquisitions.task import Task
from .draft import Chosen, Frame, repaired
from .greedy import choose_greedily
from .joint_draws import choose_by_draws
from .plates.allocate import allocate, wells_left_open
from .plates.rule import BatchRule
from .plates.seated import seated
from .pool import Pool
from .reasons import why_chosen
from .second_opinion import favourites, second_opinion

LARGE_BATCH = 16  # above this one joint draw a well: qLogNEI costs 16-24 CPU seconds a well at 100-300 observations
_LOOKED_AT = 4096  # candidates of joint draws, whose cost is the cube of their number


def add_by_model(
    frame: Frame, world: WorldModel, task: Task, safe: Safe, n: int, *, asked: Task, member: Member, rule: BatchRule | None, data: Dataset,
    mechanism: Mechanism | None, chosen: Chosen,
) -> Tensor:  # fmt: skip
    """`n` experiments by the model, added to what is chosen.

    Args:
        task, asked: what is wanted as the model reads it, and as the campaign says it.
        safe: the candidates that keep what must be kept.
        rule: with the shared values of this batch, or None.

    Returns:
        Their designs.
    """
    pool, seed, model = safe.pool, frame.seeds.choice, world.verdict.picked
    left_open = wells_left_open(n, rounds_left=frame.rounds_left) if frame.batch.replicates == "auto" else 0
    n -= left_open
    picked, strategy = frame.known[:0], ""
    if not n:
        pass
    elif n > LARGE_BATCH or member.at_once == "always":
        frame.say(f"choosing {n} of {len(pool)} candidates")
        wider = _wider(frame, world, task, safe, rule=rule)
        wider = wider if wider is pool else safest(world, task, wider, n=n, seed=seed).pool
        second = second_opinion(world, seed=frame.seeds.model) if member.many is None and wider.rows is not None and mechanism is None else None
        shortened = _looked_at(wider, world, task, member, second=second, seed=seed)
        many = member.many or partial(choose_by_draws, second=second)
        if rule is None:
            picked = shortened.design[many(world, task, pool=shortened, n=n, seed=seed)]
        else:
            picked = seated(lambda left, k, had: many(world, task, pool=left, n=k, seed=seed + len(had)), shortened, n, rule=rule)
        how = member.name if member.many else "one joint posterior draw each"
        strategy = f"{n} by {how} ({model} model{' and trees in turn' if second else ''}{safe.told})"
    else:
        picked = choose_greedily(
            world, task, pool=pool, n=n, pending=frame.waiting, seed=seed, rule=rule, progress=frame.progress,
            repair=lambda point: _kept(frame, world, task, point, rule=rule, chosen=chosen),
        )  # fmt: skip
        strategy = f"{n} by {member.name} ({model} model{safe.told})"
    again: list[str | None] = [None] * n
    if left_open:
        wider = _wider(frame, world, task, safe, rule=rule)
        told = allocate(
            world, task, pool=wider, data=data, pending=frame.waiting, n=left_open, seed=seed, snap=frame.snap, rule=rule, before=picked, progress=frame.progress
        )
        picked, again = torch.cat([picked, told.design]), [*again, *told.reasons]
        chosen.repeats = {n + place: n + of if isinstance(of, int) else of for place, of in enumerate(told.repeats) if of is not None}
        strategy = " + ".join(part for part in (strategy, f"{told.told} ({model} model{safe.told})") if part)
    why = member.why(world, task, picked, seed=frame.seeds.told) if member.why else why_chosen(world, task, asked, picked, seed=frame.seeds.told)
    doubts = chosen.beliefs.doubts(picked) if chosen.beliefs is not None else [""] * len(picked)
    reasons = [sentence if other is None else other for sentence, other in zip(why, again, strict=True)]
    chosen.add(picked, [f"{reason}{safe.warning}{doubt}" for reason, doubt in zip(reasons, doubts, strict=True)], strategy=strategy)
    return picked


def _kept(frame: Frame, world: WorldModel, task: Task, point: Tensor, *, rule: BatchRule | None, chosen: Chosen) -> Tensor | None:
    """A repaired point that keeps the chance constraints, or None: the pool, where all do, decides then."""
    mended = repaired(frame, point, rule=rule, chosen=chosen)
    return mended if mended is not None and is_safe(world, task, mended, seed=frame.seeds.choice) else None


def _wider(frame: Frame, world: WorldModel, task: Task, safe: Safe, *, rule: BatchRule | None) -> Pool:
    """A drawn pool with points around the best expected ones, so that a draw's optimum is met more closely."""
    pool, encoder, seed = safe.pool, frame.encoder, frame.seeds.choice
    if pool.exhaustive or safe.lowest is not None:
        return pool
    posterior = world.posterior_at(pool.design)
    expected = torch.stack([posterior.readout(one, seed=seed).mean for one in task.readouts], dim=-1)
    centres = pool.design[joined(world, task, seed=seed)(expected).topk(min(16, len(pool))).indices]
    generator = torch.Generator().manual_seed(seed)
    around = centres.repeat_interleave(64, dim=0)
    step = 0.08 * torch.randn(around.shape, generator=generator, dtype=torch.double)
    for i in encoder.categorical_dims:
        step[:, i] = 0.0
    moved = (around + step).clamp_min(0.0)
    for i in range(moved.shape[1]):
        if i not in encoder.categorical_dims:
            moved[:, i] = moved[:, i].clamp(0.0, 1.0)
    if rule is not None:
        moved = rule.aligned(moved)
    rows = [frame.snap(row) if frame.snap else row for row in encoder.settings(moved)]
    fine = [row for row in rows if row is not None and not encoder.space.reasons_against(row)]
    extra = torch.unique(encoder.design_of(fine), dim=0) if fine else torch.empty(0, moved.shape[1], dtype=torch.double)
    if rule is not None:
        extra = rule.aligned(extra)
    both, known = torch.cat([pool.design, extra]), frame.known
    nearest = torch.cdist(both, known).min(dim=1).values if len(known) else torch.ones(len(both))
    return Pool(design=both[nearest > 1e-9], rows=None, exhaustive=False)


def _looked_at(pool: Pool, world: WorldModel, task: Task, member: Member, *, second: WorldModel | None, seed: int) -> Pool:
    """The candidates of joint draws: those that may win, by marginals alone, and the favourites of a second model."""
    if len(pool) <= _LOOKED_AT:
        return pool
    own = _LOOKED_AT if second is None else _LOOKED_AT // 2
    keep = worth_a_look(world, member, task, pool.design, size=own, seed=seed)
    return pool.take(keep if second is None else keep | favourites(second, task, pool, size=_LOOKED_AT - own, seed=seed))
