"""Why an experiment was proposed: what was expected of it, what it exploits and explores, what is known near it, and what matters."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from world_model.terms.errors import DesignError, NextwellError, nearest
from world_model.terms.proposal import ProposedExperiment

from ..report.numbers import estimate_text, percent, settings_text, short, unit_of
from ..state.campaign_state import CampaignState, RoundState
from ..state.dataset import dataset
from ..state.foretold import foretold
from ..state.progress import experiments
from ..state.readout import observed
from .assess_round import snap_of
from .mechanism_of import mechanism_of
from .open_campaign import OpenCampaign
from .outcome import Progress, silent

if TYPE_CHECKING:
    from planner.explain.importance import Importances
    from planner.explain.near import Near
    from planner.explain.place import Place
    from world_model.fit import WorldModel
    from world_model.terms.readings import Dataset


@dataclass(frozen=True, kw_only=True)
class Neighbour:
    """A past run like it, and what it gave."""

    run: Near
    read: float | None


@dataclass(frozen=True, kw_only=True)
class Why:
    """Why one experiment was proposed; `print` it, or take its parts.

    Attributes:
        reason: as stored with the proposal.
        place: what the model of that time says of it and where it ranked; None where no model was asked.
        near: past runs like it, as known then.
        factors: which factors matter, by the model of that time; None where no model was asked.
        notes: what was simplified, what went another way.
    """

    experiment: ProposedExperiment
    round: int
    reason: str
    settings: str
    unit: str
    goal: str
    place: Place | None
    near: tuple[Neighbour, ...]
    factors: Importances | None
    result: float | None
    notes: tuple[str, ...] = ()

    @property
    def lines(self) -> list[str]:
        """What people read."""
        told = [f"{self.experiment.id}, {self.experiment.role} of round {self.round}: {self.settings}", self.reason]
        for one in self.experiment.predictions:
            wider = f"; {one.stretch:.2g} times as wide as the model's own, for earlier predictions failed" if one.stretch > 1 else ""
            told.append(f"Predicted for one reading ({one.goal}): {estimate_text(one.mean, one.low, one.high)} {self.unit} with 90 %{wider}.".replace("  ", " "))
        if self.result is not None:
            told.append(f"It gave {short(self.result)} {self.unit}".rstrip() + ".")
        told += place_lines(self.place, self.unit)
        told += near_lines(self.near, self.unit)
        told += factor_lines(self.factors)
        return [*told, *self.notes]

    def __str__(self) -> str:
        return "\n".join(self.lines)


def why(campaign: OpenCampaign, id: str, *, progress: Progress = silent) -> Why:
    """Why an experiment was proposed, with the model as it was then: fitted to what had been read of earlier rounds.

    Raises:
        DesignError: an experiment that was never proposed here.
    """
    state = campaign.standing()
    opened, experiment = _find(state, id)
    data = _before(state, opened)
    goal, notes = state.charter.goals[0], []
    if len(state.charter.goals) > 1:
        notes.append(f"The campaign has {len(state.charter.goals)} goals; what is told of places and factors is about the first: {goal}.")
    if experiment.role in ("blank", "unused"):
        notes.append("It has no settings that could be explained.")
        return _of(state, opened, experiment, data, None, (), None, notes)
    world, why_none = model_before(campaign, opened, data, progress=progress)
    if world is None:
        return _of(state, opened, experiment, data, None, (), None, [*notes, why_none])
    place, near, factors = explained(campaign, world, experiment.settings, data=data, before=opened.number, notes=notes)
    notes = [note for note in notes if note not in experiment.reason]
    if (then := {one.goal for one in experiment.predictions}) and str(goal) not in then:
        notes.append(f"The goals were changed since ({', '.join(sorted(then))}): what is told of its place is by the present one: {goal}.")
    return _of(state, opened, experiment, data, place, near, factors, notes)


def explained(
    campaign: OpenCampaign, world: WorldModel, settings: dict[str, float | str], *, data: Dataset, before: int | None, notes: list[str]
) -> tuple[Place, tuple[Neighbour, ...], Importances]:
    """Place, neighbours and factors by one model.

    Args:
        before: the round that was planned; None for now. What waited for results then is not known any more and is left out.
    """
    import torch

    from planner.acquisitions.task import Task
    from planner.beliefs.beliefs import Beliefs
    from planner.explain.importance import importances
    from planner.explain.near import nearest_runs
    from planner.explain.place import place_of
    from planner.pool import build_pool

    from ..state.progress import pending

    state = campaign.standing()
    charter, encoder = state.charter, world.encoder
    design = encoder.design_of([settings])[0]
    task = Task(goals=charter.goals, constraints=charter.outcome_constraints, join=charter.join, controls={one.name: one.settings for one in charter.controls})
    waiting = encoder.design_of([row.settings for row in pending(state) if row.settings] if before is None else [])
    taken = torch.cat([encoder.design(data.settings), waiting])
    taken = taken[(taken - design).abs().amax(dim=1) > 1e-9]
    beliefs = Beliefs.of(encoder, data, charter.priors)
    if beliefs is not None:
        try:
            rivals = build_pool(encoder, taken=taken, seed=charter.seed, snap=snap_of(campaign)).design
        except DesignError:
            rivals = design.unsqueeze(0)  # nothing else is left
        task = replace(task, beliefs=beliefs.after(world, charter.goals, rivals, seed=charter.seed))
        notes += [doubt.strip() for doubt in beliefs.doubts(design.unsqueeze(0)) if doubt]
    place = place_of(world, task, design, taken=taken, waiting=waiting, snap=snap_of(campaign), seed=charter.seed)
    values = observed(charter.goals[0], data)
    near = tuple(
        Neighbour(run=run, read=float(values[run.row]) if np.isfinite(values[run.row]) else None) for run in nearest_runs(encoder, data, settings)
    )
    return place, near, importances(world, charter.goals[0], seed=charter.seed)


def model_before(campaign: OpenCampaign, opened: RoundState, data: Dataset, *, progress: Progress = silent) -> tuple[WorldModel | None, str]:
    """The model that a round was planned with, fitted again to what was known then; or why there was none."""
    from world_model.contestants.registry import contestants
    from world_model.fit import FEWEST_RECORDS, fit_world_model

    picked = str(opened.proposal.model.get("picked", ""))
    if not picked:
        return None, f"No model was asked in this round: it was planned as {opened.proposal.strategy}."
    if len(data) < FEWEST_RECORDS:
        return None, "Too little of what this round was planned with is still recorded to ask the model again."
    progress(f"fitting the model as it was before round {opened.number}")
    state = campaign.standing()
    entered = [picked] if picked in contestants() else []
    try:
        return fit_world_model(
            campaign.space, data, seed=state.charter.seed, goals=state.charter.goals, contestants=entered, mechanism=mechanism_of(campaign)
        ), ""
    except NextwellError as fault:
        return None, f"The model of this round could not be fitted again: {fault}"


def place_lines(place: Place | None, unit: str) -> list[str]:
    """Exploitation, exploration, rank."""
    if place is None:
        return []
    told = []
    if place.split is not None:
        state = f"{short(float(place.state.mean))} ± {short(float(place.state.sd))} {unit}".rstrip()
        told.append(
            f"Exploration {percent(place.split.exploration)}, exploitation {percent(1 - place.split.exploration)} of its expected improvement: its true value is believed to be "
            f"{state}, beside {short(place.best)} of the best measured; {percent(place.split.beats)} likely to beat it."
        )
    for share in place.keeps:
        told.append(f"It keeps an outcome constraint with {percent(share)}.")
    if place.rank is not None:
        told.append(f"The acquisition ranks it {place.rank} of {place.of} candidates, as the first point of a batch.")
    elif place.why_no_rank:
        told.append(f"It could not be ranked: {place.why_no_rank}")
    return told


def near_lines(near: tuple[Neighbour, ...], unit: str) -> list[str]:
    """One line a neighbour."""
    told = []
    for one in near:
        read = f"gave {short(one.read)} {unit}".rstrip() if one.read is not None else "gave no value"
        differs = ", ".join(f"{name} {value if isinstance(value, str) else short(value)}" for name, value in one.run.differs.items())
        told.append(f"Near it: {one.run.id} (distance {one.run.distance:.2f}) {read}" + (f"; there {differs}." if differs else ": the same settings."))
    return told


def factor_lines(factors: Importances | None, *, most: int = 6) -> list[str]:
    """The factors that matter, in one sentence."""
    if factors is None:
        return []
    if factors.flat:
        return [factors.how]
    told = [
        f"{one.factor} {percent(one.alone)}" + (f" alone, {percent(one.with_others)} with interactions" if one.with_others is not None else "") for one in factors.factors[:most]
    ]
    return [f"What matters: {'; '.join(told)} ({factors.how})."]


def _of(
    state: CampaignState, opened: RoundState, experiment: ProposedExperiment, data: Dataset, place: Place | None, near: tuple[Neighbour, ...],
    factors: Importances | None, notes: list[str],
) -> Why:  # fmt: skip
    units = {factor.name: factor.unit for factor in state.charter.factors}
    goal = state.charter.goals[0]
    met = next((one.read for one in foretold(state, dataset(state)) if one.id == experiment.id and one.goal == str(goal)), None)
    return Why(
        experiment=experiment, round=opened.number, reason=experiment.reason or "No reason was stored.", settings=settings_text({name: experiment.settings[name] for name in state.charter.factor_names if name in experiment.settings}, units) or "no settings",
        unit=unit_of(goal, state.charter), goal=str(goal), place=place, near=near, factors=factors, result=met, notes=tuple(notes),
    )  # fmt: skip


def _find(state: CampaignState, id: str) -> tuple[RoundState, ProposedExperiment]:
    for opened in state.rounds:
        for experiment in opened.experiments:
            if experiment.id == id:
                return opened, experiment
    known = [experiment.id for opened in state.rounds for experiment in opened.experiments]
    if any(experiment.id == id for experiment in experiments(state)):
        raise DesignError(f"Expected an experiment that was proposed here, found {id!r}, a past or own result: nobody here chose it.")
    raise DesignError(f"Expected an experiment of this campaign, found {id!r}. {nearest(id, known)}")


def _before(state: CampaignState, opened: RoundState) -> Dataset:
    """What had been read of earlier rounds and of the past."""
    data = dataset(state)
    later = {e.id for other in state.rounds if other.number >= opened.number for e in other.experiments}
    return data.take(np.array([id not in later for id in data.ids], dtype=bool))


__all__ = ["Neighbour", "Why", "explained", "why"]
