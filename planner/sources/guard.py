"""The guard against old data that hurt: does the model predict the campaign's own experiments better with a source, or without it?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from world_model.contest import CANT_FIT
from world_model.contestants.trajectory_gp import TrajectoryGP
from world_model.contract import Training
from world_model.judge import crps_by_intervention, lead_of
from world_model.mechanisms.mechanism import Mechanism
from world_model.scores import gaussian_crps
from world_model.terms.functionals import Functional
from world_model.terms.readings import Dataset
from world_model.terms.space import SearchSpace

from .earlier import Earlier, Route, described
from .join import joined, own_rows

FEWEST_JUDGED = 6  # distinct own interventions below which the guard has nothing to judge by
# A source hurts where it makes the CRPS of own experiments larger by this share of the spread of all readings. Experiments that a good
# source has led to the top differ little, and a model of them alone predicts these few well and nothing else: so the own spread is no
# measure, unless the source's is `_MOST_SPREAD` times it (another unit).
MATTERS = 0.05
_MOST_SPREAD = 20.0
_JUDGE = TrajectoryGP(name="wide", family="wide")


@dataclass(frozen=True)
class Standing:
    """Where a source stood in an earlier proposal: its route, how many rows it had, whether it predicted itself."""

    route: Route
    n: int
    itself: bool


@dataclass(frozen=True)
class Use:
    """What became of one source.

    Attributes:
        route: how its rows join now; `off` where they do not.
        judged: on the campaign's own rows; else at face value.
        weak: taken without evidence and without a shared covariate: half of each batch explores.
        scores: route → mean CRPS of the campaign's own held-out interventions, as shares of the spread (smaller is better).
        itself: its rows can be told from each other better than by their mean.
        why: one sentence.
    """

    name: str
    n: int
    route: Route
    judged: bool
    weak: bool
    scores: Mapping[Route, float]
    itself: bool
    why: str

    def as_dict(self) -> dict[str, object]:
        """Plain data for the journal."""
        return {"name": self.name, "n": self.n, "route": self.route, "judged": self.judged, "itself": self.itself, "scores": {key: round(value, 4) for key, value in self.scores.items()}, "why": self.why}


def judge_sources(
    space: SearchSpace, data: Dataset, sources: Sequence[Earlier], *, goals: Sequence[Functional], mechanism: Mechanism | None = None, seed: int,
    standing: Mapping[str, Standing] | None = None,
) -> tuple[Use, ...]:  # fmt: skip
    """Each source with the route that predicts the campaign's own experiments best; `off` where every route hurts.

    Held-out predictions are leave-one-intervention-out in closed form, on the campaign's own rows alone. Below `FEWEST_JUDGED` of
    these a source counts by its route: numbers that both share at face value. A source that does not even predict itself has to
    prove that it helps; any other stays on until it is seen to hurt.

    Args:
        standing: source → where it stood in the last proposal, from which the search for a better route begins.
    """
    before = standing or {}
    itself = {
        one.name: before[one.name].itself if one.name in before and before[one.name].n == len(one.data) else predicts_itself(space, data, one, goals=goals, seed=seed)
        for one in sources
    }  # fmt: skip
    n_own = len(np.unique(data.groups()[np.isfinite(data.values).any(axis=(1, 2))])) if len(data) else 0
    if n_own < FEWEST_JUDGED:
        return tuple(_at_face_value(space, one, itself=itself[one.name], n_own=n_own) for one in sources)
    routes: dict[str, Route] = {one.name: before[one.name].route if one.name in before else one.routes(space)[0] for one in sources}
    known: dict[tuple[Route, ...], Tensor] = {}

    def scored(tried: Mapping[str, Route]) -> Tensor:
        key = tuple(tried[one.name] for one in sources)
        if key not in known:
            known[key] = own_scores(space, data, sources, tried, goals=goals, mechanism=mechanism, seed=seed)
        return known[key]

    uses: list[Use] = []
    for one in sources:
        told: dict[Route, Tensor] = {route: scored({**routes, one.name: route}) for route in (*one.routes(space), "off")}
        use = judged_use(space, one, told, itself=itself[one.name], n_own=n_own)
        routes[one.name] = use.route
        uses.append(use)
    return tuple(uses)


def own_scores(
    space: SearchSpace, data: Dataset, sources: Sequence[Earlier], routes: Mapping[str, Route], *, goals: Sequence[Functional], mechanism: Mechanism | None, seed: int
) -> Tensor:
    """`g`: CRPS of the campaign's own held-out interventions as shares of the spread; infinite where no model could be fitted."""
    training = joined(space, data, sources, routes, goals=goals, mechanism=mechanism)
    own = torch.arange(len(training)) < own_rows(data)
    part = training.take(own)
    try:
        belief = _JUDGE.fit(training, seed=seed).held_out().take(own)
    except CANT_FIT:
        return torch.full((part.n_interventions,), torch.inf, dtype=torch.double)
    every: dict[str, Route] = {one.name: "same" for one in sources}
    pooled = joined(space, data, sources, every, goals=goals, mechanism=None).scale
    spread = torch.minimum(pooled, _MOST_SPREAD * part.scale)
    each = gaussian_crps(belief.mean, belief.variance("reading").sqrt(), part.as_read) / spread
    by_row = each.flatten(1).nanmean(dim=1)
    return torch.stack([by_row[part.groups == group].nanmean() for group in torch.unique(part.groups)])


def predicts_itself(space: SearchSpace, data: Dataset, one: Earlier, *, goals: Sequence[Functional], seed: int) -> bool:
    """Whether a source's rows can be told from each other better than by their mean, by one standard error: labels at random can't."""
    nothing = data.take(np.zeros(len(data), dtype=bool)) if len(data) else data
    training = joined(space, nothing, [one], {one.name: one.routes(space)[0]}, goals=goals, mechanism=None)
    try:
        told = _scores(_JUDGE, training, seed=seed)
        mean = _scores(TrajectoryGP(name="mean", family="mean"), training, seed=seed)
    except CANT_FIT:
        return False
    return lead_of(mean, told) > 1.0


def _scores(contestant: TrajectoryGP, training: Training, *, seed: int) -> Tensor:
    return crps_by_intervention(contestant.fit(training, seed=seed).held_out(), training=training)


def _at_face_value(space: SearchSpace, one: Earlier, *, itself: bool, n_own: int) -> Use:
    route = one.routes(space)[0]
    few = f"{n_own} own experiments are too few to judge it by (needs {FEWEST_JUDGED})"
    if not itself:
        why = f"{one.name}: switched off, for its rows do not even predict each other; {few}."
        return Use(name=one.name, n=len(one.data), route="off", judged=False, weak=False, scores={}, itself=False, why=why)
    weak = route == "task"
    taken = "taken weakly, half of each batch explores" if weak else "taken at face value"
    why = f"{one.name}: {described(space, one, route)}, {taken}; {few}."
    return Use(name=one.name, n=len(one.data), route=route, judged=False, weak=weak, scores={}, itself=True, why=why)


def judged_use(space: SearchSpace, one: Earlier, told: Mapping[Route, Tensor], *, itself: bool, n_own: int) -> Use:
    """What becomes of a source.

    Args:
        told: route → `g` scores of the campaign's own held-out interventions.
        itself: it predicts its own rows.
    """
    scores = {route: float(score.nan_to_num(torch.inf).mean()) for route, score in told.items()}
    best = min((route for route in told if route != "off"), key=lambda route: scores[route])
    gain = scores["off"] - scores[best]
    sure = lead_of(told["off"], told[best]) if all(math.isfinite(scores[route]) for route in ("off", best)) else math.copysign(math.inf, gain)
    stays = gain > -MATTERS if itself else gain > MATTERS and sure > 2.0
    found = f"held-out CRPS {scores[best]:.3f} with it, {scores['off']:.3f} without, of the spread, over {n_own} own experiments, {abs(sure):.1f} standard errors apart"
    if not stays:
        hurts = "it makes predictions worse" if gain <= -MATTERS else "its rows do not predict each other, and it does not prove that it helps"
        why = f"{one.name}: switched off, {hurts} ({found}). It is tried again as data grow."
        return Use(name=one.name, n=len(one.data), route="off", judged=True, weak=False, scores=scores, itself=itself, why=why)
    helps = "it makes predictions better" if gain > MATTERS else "it does not hurt"
    return Use(name=one.name, n=len(one.data), route=best, judged=True, weak=False, scores=scores, itself=itself, why=f"{one.name}: {described(space, one, best)}, {helps} ({found}).")
