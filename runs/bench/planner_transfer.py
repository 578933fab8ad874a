"""Does old data help, and does bad old data cost? A measured table, one factor held at a value, and some rows at its other values."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from world_model.terms.goals import Goal
from world_model.terms.sources import Source
from world_model.terms.space import SearchSpace

from .planner_problem import Problem

# none: without the source; source: as it is; permuted: its readings dealt out at random; mirrored: high where it was low
Kind = Literal["none", "source", "permuted", "mirrored"]
KINDS: tuple[Kind, ...] = ("none", "source", "permuted", "mirrored")


@dataclass(frozen=True, kw_only=True)
class TransferRun:
    """One campaign.

    Attributes:
        best: best so far after each experiment, in the target's own unit.
        routes: the source's route in each round.
        cpu_s: CPU seconds of the whole campaign.
    """

    kind: Kind
    seed: int
    best: tuple[float, ...]
    routes: tuple[str, ...]
    cpu_s: float


def transfer(
    problem: Problem, *, held: Mapping[str, float], share: float = 0.1, batch: int = 2, budget: int = 20, seeds: Sequence[int] = tuple(range(10)),
    kinds: Sequence[Kind] = KINDS, progress: Callable[[str], None] | None = None,
) -> list[TransferRun]:  # fmt: skip
    """Run campaigns among the rows where a factor has one value, with a share of the other rows as a source.

    Args:
        held: numeric factor → the value at which the campaign is run.
        share: of the other rows, drawn anew for each seed; the kinds of one seed share the rows.
    """
    own = np.all([problem.table[name].to_numpy(dtype=float) == value for name, value in held.items()], axis=0)
    others = np.flatnonzero(~own)
    sign = 1.0 if problem.direction == "max" else -1.0
    target = sign * problem.y
    space = SearchSpace.from_table(problem.table[own].reset_index(drop=True), descriptors=problem.descriptors)
    runs: list[TransferRun] = []
    for seed in seeds:
        rng = np.random.default_rng([seed, 105])
        rows = np.sort(rng.choice(others, round(share * len(others)), replace=False))
        dealt = rng.permutation(len(rows))
        for kind in kinds:
            told = {"none": None, "source": target[rows], "permuted": target[rows][dealt], "mirrored": target[rows].max() + target[rows].min() - target[rows]}[kind]
            sources = () if told is None else (Source(name="other rows", data=problem.table.iloc[rows].assign(**{problem.target: told})),)
            run = _campaign(problem, space, target[own], sources, kind=kind, seed=seed, batch=batch, budget=budget)
            runs.append(run)
            if progress:
                progress(f"{problem.name}, {kind}, seed {seed}: best {run.best[-1]:.4g} after {budget}")
    return runs


def summary(runs: Sequence[TransferRun]) -> list[dict[str, object]]:
    """A row a kind: mean and quartiles of the best at the end, its mean half-way, and the mean difference to none, seed by seed."""
    rows: list[dict[str, object]] = []
    without = {run.seed: run.best[-1] for run in runs if run.kind == "none"}
    for kind in dict.fromkeys(run.kind for run in runs):
        mine = [run for run in runs if run.kind == kind]
        ends = np.array([run.best[-1] for run in mine])
        paired = [run.best[-1] - without[run.seed] for run in mine if run.seed in without]
        rows.append(
            {
                "kind": kind, "n": len(mine), "mean best": float(ends.mean()), "median": float(np.median(ends)), "q25": float(np.quantile(ends, 0.25)),
                "q75": float(np.quantile(ends, 0.75)), "mean half-way": float(np.mean([run.best[len(run.best) // 2 - 1] for run in mine])),
                "mean difference to none": float(np.mean(paired)) if paired else None,
                "rounds with the source on": float(np.mean([sum(route != "off" for route in run.routes) / max(len(run.routes), 1) for run in mine])),
                "cpu s a campaign": float(np.mean([run.cpu_s for run in mine])),
            }
        )  # fmt: skip
    return rows


def _campaign(problem: Problem, space: SearchSpace, target: np.ndarray, sources: Sequence[Source], *, kind: Kind, seed: int, batch: int, budget: int) -> TransferRun:
    from ..campaign import Campaign

    begun = time.process_time()
    campaign = Campaign(space=space, goals=[Goal(readout=problem.target, direction=problem.direction)], seed=seed, sources=sources)
    found: list[float] = []
    routes: list[str] = []
    while len(found) < budget:
        proposed = campaign.propose(min(batch, budget - len(found)))
        told = target[proposed["candidate"].astype(int).to_numpy()]
        campaign.record(proposed.assign(**{problem.target: told}))
        found += told.tolist()
        uses = campaign.state.rounds[-1].proposal.model.get("sources", ())
        assert isinstance(uses, list | tuple)
        routes += [str(use["route"]) for use in uses]
    best = np.maximum.accumulate(found) if problem.direction == "max" else np.minimum.accumulate(found)
    campaign.close()
    return TransferRun(kind=kind, seed=seed, best=tuple(best.tolist()), routes=tuple(routes), cpu_s=time.process_time() - begun)
