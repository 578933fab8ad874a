"""The world model that plans: fitted to the campaign's own records and to those sources that do not hurt."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from world_model.contestants.registry import PLANS, contestants
from world_model.contestants.trajectory_gp import TrajectoryGP
from world_model.contract import Contestant, Training
from world_model.fit import WorldModel, fit_training, fit_world_model, verdict_as_dict, verdict_from_dict
from world_model.judge import FEW_INTERVENTIONS, Verdict
from world_model.mechanisms.mechanism import Mechanism
from world_model.terms.functionals import Functional
from world_model.terms.goals import Goal
from world_model.terms.readings import Dataset
from world_model.terms.space import SearchSpace

from .earlier import Earlier, Route
from .guard import Standing, Use, judge_sources
from .join import OWN, TASK, joined, own_rows

WITH_SOURCES = "level_with_sources"


@dataclass(frozen=True)
class Believed:
    """A world model as the campaign's own experiments see it, with what became of each source.

    Attributes:
        world: None where there is too little to learn from. Its `training` holds the campaign's own rows alone (or, before there are
            any, the worse half of the sources' rows as if done in the campaign), so that the best so far is the campaign's own.
        weak: half of each batch should explore.
        own_level: the judge's level, at most 1 while the campaign's own experiments are too few to claim more.
    """

    world: WorldModel | None
    uses: tuple[Use, ...] = ()
    weak: bool = False
    own_level: int = 0

    @property
    def model(self) -> dict[str, object]:
        """The verdict on the models, and on each source, as plain data for the journal; `level` is what the own experiments earn."""
        told = verdict_as_dict(self.world.verdict) if self.world else {}
        if not self.uses:
            return told
        more = {"level": self.own_level, WITH_SOURCES: told["level"]} if told else {}
        return {**told, **more, "sources": [use.as_dict() for use in self.uses]}


def stood(model: Mapping[str, object] | None) -> dict[str, Standing]:
    """Source → where it stood, from a proposal's `model`."""
    told = (model or {}).get("sources", ())
    return {str(use["name"]): Standing(route=use["route"], n=int(use["n"]), itself=bool(use["itself"])) for use in told} if isinstance(told, list | tuple) else {}


def verdict_on(model: Mapping[str, object] | None, routes: Mapping[str, Route]) -> Verdict | None:
    """The verdict of a proposal's `model`, where it was on the same records: those of the campaign and of these sources."""
    if not model or "picked" not in model or _on({name: one.route for name, one in stood(model).items()}) != _on(routes):
        return None
    verdict = verdict_from_dict(model)
    level = model.get(WITH_SOURCES)
    return replace(verdict, level=level) if isinstance(level, int) else verdict


def _on(routes: Mapping[str, Route]) -> dict[str, Route]:
    return {name: route for name, route in routes.items() if route != "off"}


def believe(
    space: SearchSpace, data: Dataset, *, sources: Sequence[Earlier] = (), seed: int, goals: Sequence[Functional], fewest: int,
    entered: Sequence[str | Contestant] = (), mechanism: Mechanism | None = None, last: Mapping[str, object] | None = None,
    contexts: Mapping[str, str] | None = None, progress: Callable[[str], None] | None = None,
) -> Believed:  # fmt: skip
    """The world model, with the sources that help.

    Args:
        fewest: distinct interventions with a reading, own and of sources that are on, below which no model is asked.
        entered: the world models that compete; else those that search well (and, with sources, have random effects).
        last: the last proposal's `model`, so that the judge keeps its pace and the guard begins where it stood.
        contexts: context → the level to plan for.
    """
    uses: tuple[Use, ...] = ()
    if sources:
        if progress:
            progress(f"judging {len(sources)} source{'s' if len(sources) > 1 else ''} on the campaign's own experiments")
        uses = judge_sources(space, data, sources, goals=goals, mechanism=mechanism, seed=seed, standing=stood(last))
    routes: dict[str, Route] = {use.name: use.route for use in uses}
    if _on(routes):
        return _together(
            space, data, sources, uses, seed=seed, goals=goals, fewest=fewest, entered=entered, mechanism=mechanism, last=last, contexts=contexts or {}, progress=progress
        )
    read = np.isfinite(data.values).any(axis=(1, 2)) if len(data) else np.zeros(0, dtype=bool)
    if len(set(data.groups()[read].tolist())) < fewest:
        return Believed(world=None, uses=uses)
    world = fit_world_model(
        space, data, seed=seed, goals=goals, contestants=entered, mechanism=mechanism, previous=verdict_on(last, routes), progress=progress
    )
    return Believed(world=world.within(contexts or {}), uses=uses, own_level=world.verdict.level)


def _together(
    space: SearchSpace, data: Dataset, sources: Sequence[Earlier], uses: tuple[Use, ...], *, seed: int, goals: Sequence[Functional], fewest: int,
    entered: Sequence[str | Contestant], mechanism: Mechanism | None, last: Mapping[str, object] | None, contexts: Mapping[str, str],
    progress: Callable[[str], None] | None,
) -> Believed:  # fmt: skip
    routes: dict[str, Route] = {use.name: use.route for use in uses}
    training = joined(space, data, sources, routes, goals=goals, mechanism=mechanism)
    if training.n_interventions < fewest:
        return Believed(world=None, uses=uses)
    world = fit_training(training, seed=seed, contestants=list(entered) or _with_random_effects(training), previous=verdict_on(last, routes), progress=progress)
    asked, n_own = world.within({**contexts, TASK: OWN}), own_rows(data)
    if n_own:
        own = training.take(torch.arange(len(training)) < n_own)
    else:
        as_if_own: dict[str, Route] = {name: "off" if route == "off" else "same" for name, route in routes.items()}
        own = _worse_half(replace(training, design=joined(space, data, sources, as_if_own, goals=goals, mechanism=mechanism).design), asked, goals)
    level = world.verdict.level if n_own and own.n_interventions >= FEW_INTERVENTIONS else min(world.verdict.level, 1)
    return Believed(world=replace(asked, training=own), uses=uses, weak=any(use.weak for use in uses), own_level=level)


def _with_random_effects(training: Training) -> list[Contestant]:
    return [one for name, one in contestants().items() if name in PLANS and isinstance(one, TrajectoryGP) and one.why_not(training) is None]


def _worse_half(as_if_own: Training, world: WorldModel, goals: Sequence[Functional]) -> Training:
    """What improvement is measured from before anything was done: the median of what the sources promise.

    Were their best among it, nothing would be gained by doing in the campaign what was best elsewhere.
    """
    goal = goals[0]
    score = goal.score if isinstance(goal, Goal) else (lambda readout: readout)
    promised = score(world.posterior_at(as_if_own.design).readout(goal).mean)
    return as_if_own.take(promised.argsort()[: max(1, len(promised) // 2)].sort().values)
