"""The world model that plans: fitted to the campaign's own records and to those sources that do not hurt."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import torch

from world_model.contestants.registry import PLANS, contestants
from world_model.contestants.trajectory_gp import TrajectoryGP
from world_model.contract import Contestant, Training
from world_model.fit import WorldModel, fit_training
from world_model.judge import FEW_INTERVENTIONS, Verdict
from world_model.mechanisms.mechanism import Mechanism
from world_model.terms.goals import Goal
from world_model.terms.readings import Dataset
from world_model.terms.space import SearchSpace

from .earlier import Earlier, Route
from .guard import Use, judge_sources
from .join import OWN, TASK, joined, own_rows

FEWEST_TOGETHER = 5  # interventions, own and of sources, before a model is asked


@dataclass(frozen=True)
class Believed:
    """A world model as the campaign's own experiments see it, with what became of each source.

    Attributes:
        world: its `training` holds the campaign's own rows alone (or, before there are any, the sources' rows as if done in the
            campaign), so that the best so far is the campaign's own.
        weak: half of each batch should explore.
        own_level: the judge's level, at most 1 while the campaign's own experiments are too few to claim more.
    """

    world: WorldModel
    uses: tuple[Use, ...]
    weak: bool
    own_level: int


def route_of_last(model: Mapping[str, object] | None) -> dict[str, Route]:
    """Source → route, from the last proposal's `model`."""
    told = (model or {}).get("sources", ())
    return {str(use["name"]): use["route"] for use in told if use.get("judged")} if isinstance(told, list | tuple) else {}


def believe(
    space: SearchSpace, data: Dataset, sources: Sequence[Earlier], *, seed: int, goals: Sequence[Goal], entered: Sequence[str | Contestant] = (),
    mechanism: Mechanism | None = None, previous: Verdict | None = None, standing: Mapping[str, Route] | None = None,
    contexts: Mapping[str, str] | None = None, progress: Callable[[str], None] | None = None,
) -> Believed | tuple[Use, ...]:  # fmt: skip
    """The world model with the sources that help; what became of them alone, where none does and the campaign stands on its own.

    Args:
        entered: the world models that compete; else those that search well and have random effects.
        standing: source → route when last judged.
        contexts: context → the level to plan for.
    """
    if progress:
        progress(f"judging {len(sources)} source{'s' if len(sources) > 1 else ''} on the campaign's own experiments")
    uses = judge_sources(space, data, sources, goals=goals, mechanism=mechanism, seed=seed, standing=standing)
    routes: dict[str, Route] = {use.name: use.route for use in uses}
    if all(route == "off" for route in routes.values()):
        return uses
    training = joined(space, data, sources, routes, goals=goals, mechanism=mechanism)
    if training.n_interventions < FEWEST_TOGETHER:
        return uses
    world = fit_training(training, seed=seed, contestants=list(entered) or _with_random_effects(training), previous=previous, progress=progress)
    world = world.within({**(contexts or {}), TASK: OWN})
    n_own = own_rows(data)
    if n_own:
        own = training.take(torch.arange(len(training)) < n_own)
    else:
        as_if_own: dict[str, Route] = {name: "off" if route == "off" else "same" for name, route in routes.items()}
        own = replace(training, design=joined(space, data, sources, as_if_own, goals=goals, mechanism=mechanism).design)
    level = world.verdict.level if n_own and own.n_interventions >= FEW_INTERVENTIONS else min(world.verdict.level, 1)
    return Believed(world=replace(world, training=own), uses=uses, weak=any(use.weak for use in uses), own_level=level)


def _with_random_effects(training: Training) -> list[Contestant]:
    return [one for name, one in contestants().items() if name in PLANS and isinstance(one, TrajectoryGP) and one.why_not(training) is None]

