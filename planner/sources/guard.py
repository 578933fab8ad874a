"""The guard against old data that hurt: does the model predict the campaign's own experiments better with a source, or without it?"""

from __future__ import annotations

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
from world_model.terms.goals import Goal
from world_model.terms.readings import Dataset
from world_model.terms.space import SearchSpace

from .earlier import Earlier, Route, described
from .join import joined, own_rows

FEWEST_JUDGED = 6  # distinct own interventions below which the guard has nothing to judge by
_JUDGE = TrajectoryGP(name="wide", family="wide")


@dataclass(frozen=True)
class Use:
    """What became of one source.

    Attributes:
        route: how its rows join now; `off` where they do not.
        judged: on the campaign's own rows; else at face value.
        weak: taken without evidence and without a shared covariate: half of each batch explores.
        scores: route → mean CRPS of the campaign's own held-out interventions, in units of their sd (smaller is better).
        why: one sentence.
    """

    name: str
    n: int
    route: Route
    judged: bool
    weak: bool
    scores: Mapping[Route, float]
    why: str

    def as_dict(self) -> dict[str, object]:
        """Plain data for the journal."""
        return {"name": self.name, "n": self.n, "route": self.route, "judged": self.judged, "scores": {key: round(value, 4) for key, value in self.scores.items()}, "why": self.why}


def judge_sources(
    space: SearchSpace, data: Dataset, sources: Sequence[Earlier], *, goals: Sequence[Goal], mechanism: Mechanism | None = None, seed: int,
    standing: Mapping[str, Route] | None = None,
) -> tuple[Use, ...]:  # fmt: skip
    """Each source with the route that predicts the campaign's own experiments best; `off` is one of them.

    Held-out predictions are leave-one-intervention-out in closed form, on the campaign's own rows alone. Below `FEWEST_JUDGED` of
    these a source counts by its route: numbers that both share at face value, unless the source does not even predict itself.

    Args:
        standing: source → the route that it was on when last judged, from which the search for a better one begins.
    """
    n_own = len(np.unique(data.groups()[np.isfinite(data.values).any(axis=(1, 2))])) if len(data) else 0
    if n_own < FEWEST_JUDGED:
        return tuple(_at_face_value(space, data, one, goals=goals, n_own=n_own, seed=seed) for one in sources)
    routes: dict[str, Route] = {one.name: (standing or {}).get(one.name) or one.routes(space)[0] for one in sources}
    known: dict[tuple[Route, ...], Tensor] = {}

    def scored(tried: Mapping[str, Route]) -> Tensor:
        key = tuple(tried[one.name] for one in sources)
        if key not in known:
            known[key] = own_scores(space, data, sources, tried, goals=goals, mechanism=mechanism, seed=seed)
        return known[key]

    told: dict[str, dict[Route, Tensor]] = {}
    for one in sources:
        told[one.name] = {route: scored({**routes, one.name: route}) for route in (*one.routes(space), "off")}
        routes[one.name] = min(told[one.name], key=lambda route: float(told[one.name][route].nan_to_num(torch.inf).mean()))
    return tuple(_verdict(space, one, routes[one.name], told[one.name], n_own=n_own) for one in sources)


def own_scores(
    space: SearchSpace, data: Dataset, sources: Sequence[Earlier], routes: Mapping[str, Route], *, goals: Sequence[Goal], mechanism: Mechanism | None, seed: int
) -> Tensor:
    """`g`: CRPS of the campaign's own held-out interventions, in units of their own sd; infinite where no model could be fitted."""
    training = joined(space, data, sources, routes, goals=goals, mechanism=mechanism)
    own = torch.arange(len(training)) < own_rows(data)
    part = training.take(own)
    try:
        belief = _JUDGE.fit(training, seed=seed).held_out().take(own)
    except CANT_FIT:
        return torch.full((part.n_interventions,), torch.inf, dtype=torch.double)
    return crps_by_intervention(belief, training=part)


def predicts_itself(space: SearchSpace, data: Dataset, one: Earlier, *, goals: Sequence[Goal], seed: int) -> bool:
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


def _at_face_value(space: SearchSpace, data: Dataset, one: Earlier, *, goals: Sequence[Goal], n_own: int, seed: int) -> Use:
    route = one.routes(space)[0]
    few = f"{n_own} own experiments are too few to judge it by (needs {FEWEST_JUDGED})"
    if not predicts_itself(space, data, one, goals=goals, seed=seed):
        return Use(name=one.name, n=len(one.data), route="off", judged=False, weak=False, scores={}, why=f"{one.name}: switched off, for its rows do not even predict each other; {few}.")
    weak = route == "task"
    taken = "taken weakly, half of each batch explores" if weak else "taken at face value"
    return Use(name=one.name, n=len(one.data), route=route, judged=False, weak=weak, scores={}, why=f"{one.name}: {described(space, one, route)}, {taken}; {few}.")


def _verdict(space: SearchSpace, one: Earlier, route: Route, told: Mapping[Route, Tensor], *, n_own: int) -> Use:
    scores = {name: float(score.mean()) for name, score in told.items()}
    best = min((name for name in told if name != "off"), key=lambda name: scores[name])
    sure = abs(lead_of(told["off"], told[best]))
    on = f"held-out CRPS {scores[best]:.3f} of an sd with it, {scores['off']:.3f} without, over {n_own} own experiments, {sure:.1f} standard errors apart"
    if route == "off":
        why = f"{one.name}: switched off, it makes predictions worse ({on}). It is tried again as data grow."
    else:
        why = f"{one.name}: {described(space, one, route)}, it makes predictions better ({on})."
    return Use(name=one.name, n=len(one.data), route=route, judged=True, weak=False, scores=scores, why=why)

