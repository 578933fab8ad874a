"""A batch of new points and repeats, with what each repeats and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from world_model.encoding import Encoder
from world_model.fit import WorldModel
from world_model.terms.readings import Dataset

from ..acquisitions.feasibility import is_safe, safest
from ..acquisitions.task import Task
from ..pool import Pool
from .lift import Snap
from .repeats import choose_with_repeats
from .rule import SAME_VALUE, BatchRule

LAST_ROUNDS = 2  # of the budget, in which repeats compete for every well


@dataclass(frozen=True)
class Measured:
    """What may be read again: `design` `m x d`, distinct; of each its first experiment and how often it was read."""

    design: Tensor
    ids: tuple[str, ...]
    readings: tuple[int, ...]


@dataclass(frozen=True)
class WithRepeats:
    """`design` `n x d`; `repeats`: None for a new point, an id for a measured one, a place for a well of this batch; `reasons`: None for new ones."""

    design: Tensor
    repeats: tuple[int | str | None, ...]
    reasons: tuple[str | None, ...]

    @property
    def told(self) -> str:
        """How many of each, for the proposal's strategy."""
        again = sum(one is not None for one in self.repeats)
        return f"{len(self.repeats) - again} new and {again} repeated by the knowledge gradient"


def wells_left_open(n: int, *, rounds_left: int | None) -> int:
    """How many of `n` wells may go to a new point or to a repeat; the others go to new points, by the task's acquisition.

    A reading's worth for what is recommended now says nothing of what it opens for later rounds, so early rounds that were left to it
    alone stayed at the first peak. All wells are left open in the last two rounds of the budget, none before; where nobody says how long
    the campaign goes on, every fourth.
    """
    if rounds_left is None:
        return max(n // 4, 1) if n > 1 else n
    return n if rounds_left <= LAST_ROUNDS else 0


def measured_of(encoder: Encoder, data: Dataset, *, snap: Snap | None) -> Measured:
    """Candidates, their repeats and past results that were read, as far as space and bench still allow them."""
    read = np.isfinite(data.values).any(axis=(1, 2)) & np.isin(np.array(data.roles), ("candidate", "replicate"))
    groups = data.groups()
    kept: list[int] = []
    counts: list[int] = []
    for group in np.unique(groups[read]):
        rows = np.flatnonzero(read & (groups == group))
        kept.append(int(rows[0]))
        counts.append(len(rows))
    designs = encoder.design({name: column[kept] for name, column in data.settings.items()}) if kept else torch.empty(0, len(encoder.space.factors), dtype=torch.double)
    good = [i for i, settings in enumerate(encoder.settings(designs)) if not encoder.space.reasons_against(settings) and _stays(encoder, settings, designs[i], snap)]
    return Measured(design=designs[good], ids=tuple(data.ids[kept[i]] for i in good), readings=tuple(counts[i] for i in good))


def allocate(
    world: WorldModel, task: Task, *, pool: Pool, data: Dataset, pending: Tensor, n: int, seed: int, snap: Snap | None, rule: BatchRule | None,
    before: Tensor | None = None, progress: Callable[[str], None] | None = None,
) -> WithRepeats:  # fmt: skip
    """The wells of a batch: new points and repeats, whichever raise most what will be recommended.

    Args:
        before: `b x d`, wells of this batch that were chosen already; None for none.

    Raises:
        DesignError: a task that is not one number to be made best.
    """
    pool = safest(world, task, pool if task.beliefs is None else task.beliefs.workable(pool, n=n), n=n, seed=seed).pool
    before = pending[:0] if before is None else before
    if len(before):
        pool = pool.take(torch.cdist(pool.design, before).min(dim=1).values > SAME_VALUE)
    measured = _safe(world, task, measured_of(world.encoder, data, snap=snap), seed=seed)
    told = choose_with_repeats(world, task, pool=pool, measured=measured.design, pending=pending, n=n, seed=seed, rule=rule, before=list(before), progress=progress)
    m = len(measured.ids)
    repeats: list[int | str | None] = [None if place is None else measured.ids[place] if place < m else place - m for place in told.of]
    reasons = _reasons(world, task, told.design, told.of, measured, seed=seed)
    return WithRepeats(design=told.design, repeats=tuple(repeats), reasons=tuple(reasons))


def _safe(world: WorldModel, task: Task, measured: Measured, *, seed: int) -> Measured:
    """Those that keep the chance constraints: what does not is neither read again nor recommended."""
    keep = [i for i, point in enumerate(measured.design) if is_safe(world, task, point, seed=seed)] if task.chances else range(len(measured.ids))
    return Measured(design=measured.design[list(keep)], ids=tuple(measured.ids[i] for i in keep), readings=tuple(measured.readings[i] for i in keep))


def _reasons(world: WorldModel, task: Task, design: Tensor, of: Sequence[int | None], measured: Measured, *, seed: int) -> list[str | None]:
    goal, m = task.goals[0], len(measured.ids)
    told = world.posterior_at(design).readout(goal, seed=seed)
    found: list[str | None] = []
    for place, mean, sd in zip(of, told.mean.tolist(), told.sd.tolist(), strict=True):
        if place is None:
            found.append(None)
        elif place < m:
            times = measured.readings[place]
            found.append(
                f"Repeats {measured.ids[place]}, read {'once' if times == 1 else f'{times} times'} so far: expected {mean:.4g} ± {sd:.2g}; "
                "one more reading tells more of which point is best than a new point would."
            )
        else:
            found.append(f"Repeats a well of this batch: expected {mean:.4g} ± {sd:.2g}; two readings of it tell more of which point is best than one more new point.")
    return found


def _stays(encoder: Encoder, settings: dict[str, float | str], design: Tensor, snap: Snap | None) -> bool:
    """Whether the bench makes a point as it is."""
    if snap is None:
        return True
    reached = snap(settings)
    return reached is not None and bool((encoder.design_of([reached])[0] - design).abs().max() < SAME_VALUE)
