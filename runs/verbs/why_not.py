"""Why an experiment that a person has in mind is not proposed: what keeps it out, or what is expected of it and how it ranks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from world_model.terms.errors import DesignError, NextwellError

from ..report.numbers import estimate_text, settings_text, short, unit_of
from ..state.best import best_so_far
from ..state.campaign_state import CampaignState
from ..state.dataset import dataset
from ..state.progress import pending
from ..state.readout import observed
from .assess_round import snap_of, world_now
from .open_campaign import OpenCampaign
from .outcome import Progress, silent
from .table_rows import candidate_of
from .why import Neighbour, explained, factor_lines, near_lines, place_lines

if TYPE_CHECKING:
    from planner.explain.importance import Importances
    from planner.explain.place import Place
    from world_model.terms.readings import Dataset

SAME = 1e-6  # of a factor's range: the same experiment


@dataclass(frozen=True, kw_only=True)
class WhyNot:
    """What speaks against one experiment; `print` it, or take its parts.

    Attributes:
        settings: every factor, as asked about.
        against: what keeps it out, each in a sentence: a constraint, the table, the bench, the plate, an earlier measurement; empty where nothing does.
        place: what is expected of it and its rank; None where it lies outside the space or no model can be asked.
    """

    settings: dict[str, float | str]
    text: str
    unit: str
    against: tuple[str, ...]
    place: Place | None
    near: tuple[Neighbour, ...]
    factors: Importances | None
    notes: tuple[str, ...] = ()

    @property
    def lines(self) -> list[str]:
        """What people read."""
        told = [self.text, *(f"Against it: {one}" for one in self.against)]
        if self.place is not None:
            read = self.place.reading
            told.append(f"One reading would give {estimate_text(float(read.mean), float(read.low), float(read.high))} {self.unit} with 90 %.".replace("  ", " "))
            told += place_lines(self.place, self.unit)
        told += near_lines(self.near, self.unit)
        told += factor_lines(self.factors)
        told += self.notes
        if not self.against and self.place is not None and self.place.rank is not None:
            first = "Nothing keeps it out: it would be the next choice." if self.place.rank == 1 else f"Nothing keeps it out but {self.place.rank - 1} candidates that the acquisition prefers."
            told.append(f"{first} To do it all the same: nextwell amend CAMPAIGN.toml --add.")
        return told

    def __str__(self) -> str:
        return "\n".join(self.lines)


def why_not(
    campaign: OpenCampaign, settings: Mapping[str, float | str] | None = None, *, candidate: object = None, progress: Progress = silent
) -> WhyNot:
    """What keeps an experiment out of the next batch.

    Args:
        settings: some or all factors; those that are left out stay as in the best experiment so far.
        candidate: or the label of a row of the table of candidates.

    Raises:
        DesignError: neither or both; a factor that the space does not have; or factors left out before anything was measured.
        ResultsError: no such label.
    """
    state = campaign.standing()
    whole, notes = _whole(campaign, state, settings, candidate)
    units = {factor.name: factor.unit for factor in campaign.space.factors}
    goal = state.charter.goals[0]
    unit = unit_of(goal, state.charter)
    data = dataset(state)
    outside = _outside(campaign, whole)
    if outside:
        return WhyNot(settings=whole, text=settings_text(whole, units), unit=unit, against=tuple(outside), place=None, near=(), factors=None, notes=tuple(notes))
    against = [*_bench(campaign, whole, units), *_plate(campaign, state, whole), *_done(campaign, state, data, whole, unit)]
    if len(state.charter.goals) > 1:
        notes.append(f"The campaign has {len(state.charter.goals)} goals; what is expected and what matters is told of the first: {goal}.")
    try:
        progress("asking the model")
        world = world_now(campaign, state)
        place, near, factors = explained(campaign, world, whole, data=data, before=None, notes=notes)
    except NextwellError as fault:
        notes.append(f"No model can be asked about it yet: {fault}")
        return WhyNot(settings=whole, text=settings_text(whole, units), unit=unit, against=tuple(against), place=None, near=(), factors=None, notes=tuple(notes))
    return WhyNot(
        settings=whole, text=settings_text(whole, units), unit=unit, against=tuple(against), place=place, near=near, factors=factors, notes=tuple(notes)
    )


def _whole(
    campaign: OpenCampaign, state: CampaignState, settings: Mapping[str, float | str] | None, candidate: object
) -> tuple[dict[str, float | str], list[str]]:
    if (candidate is None) == (not settings):
        raise DesignError(f"Expected settings or a candidate's label, found {'neither' if candidate is None else 'both'}. Say --set factor=value, or --candidate LABEL.")
    space = campaign.space
    if candidate is not None:
        return space.candidate_settings(campaign.labels().row(candidate)), []
    assert settings is not None
    unknown = [name for name in settings if name not in space.names]
    if unknown:
        from world_model.terms.errors import nearest

        raise DesignError(f"Expected a factor's name, found {unknown[0]!r}. {nearest(unknown[0], space.names)}")
    whole = space.whole(settings)
    missing = [name for name in space.names if name not in whole]
    if not missing:
        return {name: whole[name] for name in space.names}, []
    best = next(iter(best_so_far(state)), None)
    if best is None:
        raise DesignError(f"Expected a value for every factor before anything was measured, found none for {', '.join(missing)}.")
    filled = space.whole({**{name: best.settings[name] for name in missing if name in best.settings}, **settings})
    units = {factor.name: factor.unit for factor in space.factors}
    left = settings_text({name: filled[name] for name in missing}, units)
    return {name: filled[name] for name in space.names}, [f"Left as in the best experiment so far, {best.experiment_id}: {left}."]


def _outside(campaign: OpenCampaign, settings: dict[str, float | str]) -> list[str]:
    """Why the space does not hold it."""
    reasons = [f"the space: {reason}." for reason in campaign.space.reasons_against(settings)]
    if not reasons and campaign.space.candidates is not None and candidate_of(campaign.space, settings) is None:
        return [f"the table: none of its {len(campaign.space.candidates):,} rows has these settings."]
    return reasons


def _bench(campaign: OpenCampaign, settings: dict[str, float | str], units: Mapping[str, str]) -> list[str]:
    """What the stocks and pipettes make of it."""
    snap = snap_of(campaign)
    if snap is None:
        return []
    from .propose import reachable

    space = reachable(campaign.space, campaign.lab).space
    reasons = [f"the bench: {reason}." for reason in space.reasons_against(settings)]
    reached = snap(dict(settings))
    if reached is None:
        return reasons or ["the bench: stocks and pipettes make nothing near it."]
    moved = {name: reached[name] for name in settings if reached[name] != settings[name]}
    if moved:
        reasons.append(f"the bench: it can't be made to the letter; the nearest that can is {settings_text(moved, units)}.")
    return reasons


def _plate(campaign: OpenCampaign, state: CampaignState, settings: dict[str, float | str]) -> list[str]:
    """What the wells of a batch share: a value that the open or last round's plate does not have needs a plate of its own."""
    told = []
    last = state.rounds[-1] if state.rounds else None
    for entry in state.charter.batch.shared:
        own = {name: settings[name] for name in entry.factors}
        had = {tuple(e.settings[name] for name in entry.factors) for e in last.experiments if all(name in e.settings for name in entry.factors)} if last else set()
        if had and tuple(own.values()) not in had:
            values = "; ".join(", ".join(v if isinstance(v, str) else short(v) for v in value) for value in sorted(had, key=str)[:4])
            told.append(f"the plate: wells share {', '.join(entry.factors)}; round {last.number if last else 0} has {values}, so this one waits for a plate with its own value.")
    return told


def _done(campaign: OpenCampaign, state: CampaignState, data: Dataset, settings: dict[str, float | str], unit: str) -> list[str]:
    """What was measured of it, or is under way."""
    from world_model.encoding import Encoder

    encoder = Encoder(campaign.space)
    asked = encoder.design_of([settings])[0]
    told = []
    if len(data):
        same = np.flatnonzero(((encoder.design(data.settings) - asked).abs().amax(dim=1) < SAME).numpy())
        if len(same):
            read = observed(state.charter.goals[0], data)[same]
            values = ", ".join(f"{data.ids[i]} {short(float(value)) if np.isfinite(value) else 'failed'}" for i, value in zip(same[:6], read, strict=False))
            told.append(f"measured already: {values} {unit}".rstrip() + ".")
    waiting = [row for row in pending(state) if row.settings]
    ids = [row.id for row, design in zip(waiting, encoder.design_of([row.settings for row in waiting]), strict=True) if float((design - asked).abs().max()) < SAME]
    return [*told, *([f"under way already: {', '.join(ids)}."] if ids else [])]
