"""Constraints of the campaign that the settings really reached break, by rounding to what can be pipetted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from world_model.terms.proposal import ProposedExperiment
from world_model.terms.space import SearchSpace


def told_broken(space: SearchSpace, experiments: Sequence[ProposedExperiment], planned: Mapping[str, Mapping[str, float | str]]) -> tuple[str, ...]:
    """One sentence a constraint: which experiments are beyond it as pipetted, though they kept it as proposed, and by how much."""
    import numpy as np

    asked = [experiment for experiment in experiments if experiment.settings and experiment.id in planned]
    told = []
    for constraint in space.constraints:
        beyond = []
        for experiment in asked:
            before, after = (
                float(space.beyond(constraint, {name: np.array([value]) for name, value in settings.items()})[0])
                for settings in (experiment.settings, {**experiment.settings, **planned[experiment.id]})
            )
            if after > 0 and before == 0:
                beyond.append((experiment.id, after))
        if beyond:
            most = max(share for _, share in beyond)
            ids = ", ".join(id for id, _ in beyond[:8]) + (" …" if len(beyond) > 8 else "")
            told.append(f"As pipetted, {ids} break{'s' if len(beyond) == 1 else ''} {constraint}, by up to {most:.2%} of it: amounts are rounded to what can be pipetted.")
    return tuple(told)
