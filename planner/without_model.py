"""What is chosen without a model: the start, the part of a batch that explores, and the random rival."""

from __future__ import annotations

import torch
from torch import Tensor

from world_model.terms.errors import DesignError

from .acquisitions.task import Task
from .draft import Chosen, Frame
from .filling import fill
from .plates.lift import at_values
from .plates.rule import BatchRule
from .plates.seated import seated, values_at_random, values_far_apart
from .pool import Pool, build_pool

_START = "Space-filling start: no model is asked before there is something to learn from."
_HUNCH = "Where somebody thinks that the best lies, before any model is asked."
_UNSAFE_START = " Nobody can say yet how likely it keeps the constraints."


def opening(frame: Frame, pool: Pool, n: int, *, task: Task, chosen: Chosen) -> None:
    """The first rounds: far apart, with up to half of the batch where somebody thinks that the best lies."""
    rule, known, beliefs = frame.rule, frame.known, chosen.beliefs
    if rule is not None:
        rule = values_far_apart(pool, rule, n=n, known=known, seed=frame.seeds.choice)
        pool = at_values(pool, rule, snap=frame.snap, known=known)
    n_hunch = 0
    if beliefs is not None and beliefs.hunches:
        thought = beliefs.thought_best(pool)
        # a quarter: a wrong one costs little then, and one look is enough to speak against it
        n_hunch = min((n + 3) // 4 if n > 1 or len(known) % 4 == 0 else 0, len(thought))
        if n_hunch:
            add_filling(frame, thought, n_hunch, known=known, rule=rule, chosen=chosen, why=_HUNCH)
            known = torch.cat([known, torch.stack(chosen.design)])
            pool = pool.take(torch.cdist(pool.design, torch.stack(chosen.design)).min(dim=1).values > 1e-9)
    if n > n_hunch:
        add_filling(frame, pool, n - n_hunch, known=known, rule=rule, chosen=chosen, why=_START + (_UNSAFE_START if task.chances else ""))


def add_filling(frame: Frame, pool: Pool, n: int, *, known: Tensor, rule: BatchRule | None, chosen: Chosen, why: str) -> None:
    """`n` points far from each other and from what is known.

    Raises:
        DesignError: fewer are left.
    """
    pool = pool if chosen.beliefs is None else chosen.beliefs.workable(pool, n=n)
    seed = frame.seeds.choice
    if rule is not None:
        picked = seated(
            lambda left, k, had: fill(left, k, encoder=frame.encoder, known=torch.cat([known, had]), seed=seed), pool, n, rule=rule, before=chosen.design
        )
    else:
        drawn_evenly = not len(known) and pool.rows is None and not pool.exhaustive
        positions = list(range(n)) if drawn_evenly else fill(pool, n, encoder=frame.encoder, known=known, seed=seed)
        if len(positions) < n:
            raise DesignError(f"Expected {n} more candidates, found {len(positions)}. Ask for fewer.")
        picked = pool.design[positions]
    chosen.add(picked, [why] * n, strategy=f"{n} space-filling")


def at_random(frame: Frame, n: int) -> Chosen:
    """The random rival's batch: it knows what is taken, and nothing else."""
    seed = frame.seeds.choice
    pool = build_pool(frame.encoder, taken=frame.known, seed=seed, snap=frame.snap, size=max(8 * n, 256), uniform=True)
    if len(pool) < n:
        raise DesignError(f"Expected {n} random candidates, found only {len(pool)} that are feasible and not yet measured or pending. Ask for {len(pool)}.")
    generator = torch.Generator().manual_seed(seed)
    if frame.rule is None:
        drawn = pool.design[torch.randperm(len(pool), generator=generator)[:n]]
    else:
        rule = values_at_random(pool, frame.rule, n=n, seed=seed)
        pool = at_values(pool, rule, snap=frame.snap, known=frame.known)
        drawn = seated(lambda left, k, had: torch.randperm(len(left), generator=generator)[:k].tolist(), pool, n, rule=rule)
    chosen = Chosen()
    chosen.add(drawn, ["Random, to compare with."] * n, strategy=f"{n} random")
    return chosen
