"""What a campaign keeps fixed outside its factors (37 °C) and a source kept elsewhere: a factor of one value while the planner works."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from world_model.terms.factors import Discrete
from world_model.terms.proposal import Proposal, ProposedExperiment
from world_model.terms.readings import Dataset
from world_model.terms.space import Candidates, SearchSpace

Settings = dict[str, float | str]
Snap = Callable[[Settings], Settings | None]


def under(space: SearchSpace, conditions: Mapping[str, float]) -> SearchSpace:
    """The space with each condition as a factor of one value, after the others."""
    if not conditions:
        return space
    told = tuple(Discrete(name=name, values=(float(value),)) for name, value in conditions.items())
    candidates = space.candidates
    if candidates is not None:
        candidates = Candidates(
            labels=candidates.labels, columns={**candidates.columns, **{name: np.full(len(candidates), float(value)) for name, value in conditions.items()}}
        )
    return replace(space, factors=(*space.factors, *told), candidates=candidates)


def done_under(data: Dataset, conditions: Mapping[str, float]) -> Dataset:
    """The records, each done under the campaign's own conditions."""
    return replace(data, settings={**data.settings, **{name: np.full(len(data), float(value)) for name, value in conditions.items()}})


def waiting_under(experiments: Sequence[ProposedExperiment], conditions: Mapping[str, float]) -> tuple[ProposedExperiment, ...]:
    """Experiments under way, with the conditions among their settings; blanks have none."""
    return tuple(e.model_copy(update={"settings": {**e.settings, **conditions}}) if e.settings else e for e in experiments)


def snap_under(snap: Snap | None, conditions: Mapping[str, float]) -> Snap | None:
    """The bench's own snap, which knows of no conditions."""
    if snap is None or not conditions:
        return snap

    def snapped(settings: Settings) -> Settings | None:
        reached = snap({name: value for name, value in settings.items() if name not in conditions})
        return None if reached is None else {**reached, **conditions}

    return snapped


def without(proposal: Proposal, conditions: Mapping[str, float]) -> Proposal:
    """A proposal in the campaign's own factors."""
    if not conditions:
        return proposal

    def bare(settings: Mapping[str, float | str]) -> Settings:
        return {name: value for name, value in settings.items() if name not in conditions}

    return proposal.model_copy(
        update={
            "experiments": tuple(e.model_copy(update={"settings": bare(e.settings)}) for e in proposal.experiments),
            "refused": tuple(r.model_copy(update={"settings": bare(r.settings)}) for r in proposal.refused),
        }
    )
