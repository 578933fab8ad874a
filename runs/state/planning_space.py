"""The space that is planned in, where it was changed on the way: what was done outside it stays data, and is never proposed again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from world_model.terms.constraints import Linear
from world_model.terms.errors import DesignError
from world_model.terms.exclusion import Exclude
from world_model.terms.factors import Categorical, Continuous, Descriptors, Discrete, Factor
from world_model.terms.space import MOST_DISCRETE_VALUES, SearchSpace

from .campaign_state import CampaignState
from .progress import experiments, settings_as_done

TAKEN_OUT = "taken out of the campaign; what was done with it stays data"


def planning_space(space: SearchSpace, state: CampaignState | None) -> SearchSpace:
    """The campaign's space with every level that its data hold, and constraints that keep proposals to what is left.

    A model must be able to show what was done. Levels that were taken out come back after the others, excluded; a numeric factor that
    is now one value keeps the range that was done, held at that value. Numbers outside a narrowed range need nothing.

    Raises:
        DesignError: a level that was done has no descriptors or structure any more.
    """
    if state is None or not state.former:
        return space
    done = settings_as_done(state)
    used = [done[e.id] for e in experiments(state) if e.settings]
    factors: list[Factor] = []
    kept: list[Any] = []
    for factor in space.factors:
        cells = [row[factor.name] for row in used if factor.name in row]
        if isinstance(factor, Categorical):
            beyond = [level for level in dict.fromkeys(map(str, cells)) if level not in factor.levels]
            factors.append(_with_levels(factor, beyond, state.former.get(factor.name, ())) if beyond else factor)
            # a row of a table can't have a level that the table lacks
            kept += [Exclude(when={factor.name: beyond}, why=TAKEN_OUT)] if beyond and space.candidates is None else []
        elif factor.bounds[0] == factor.bounds[1] and any(float(cell) != factor.bounds[0] for cell in cells):
            factors.append(_ranged(factor, [float(cell) for cell in cells]))
            kept += [Linear(terms={factor.name: 1.0}, equals=factor.bounds[0], why="kept at one value")]
        else:
            factors.append(factor)
    if all(new is old for new, old in zip(factors, space.factors, strict=True)):
        return space
    return replace(space, factors=tuple(factors), constraints=(*space.constraints, *kept))


def _with_levels(factor: Categorical, beyond: Sequence[str], former: Sequence[Factor]) -> Categorical:
    """The factor with more levels at its end, described as they once were."""
    before = [one for one in former if isinstance(one, Categorical)]
    told: dict[str, Any] = {"levels": (*factor.levels, *beyond)}
    if factor.descriptors is not None:
        names, values = factor.descriptors.names, dict(factor.descriptors.values)
        for level in beyond:
            row = values.get(level) or next(
                (one.descriptors.values[level] for one in reversed(before) if one.descriptors is not None and one.descriptors.names == names and level in one.descriptors.values), None
            )
            if row is None:
                raise DesignError(f"Expected descriptors of {level!r}, a level of {factor.name!r} that earlier experiments had, found none with these names. Keep its row among the descriptors.")
            values[level] = row
        told["descriptors"] = Descriptors(names=names, values=values)
    for key in ("smiles", "sequences"):
        own = getattr(factor, key)
        if own is None:
            continue
        structures = dict(own)
        for level in beyond:
            known = own.get(level) or next((getattr(one, key)[level] for one in reversed(before) if getattr(one, key) and level in getattr(one, key)), None)
            if known is None:
                raise DesignError(f"Expected the {key} of {level!r}, a level of {factor.name!r} that earlier experiments had, found none. Keep it among them.")
            structures[level] = known
        told[key] = structures
    # built anew and not copied: what a factor works out once and keeps must be of its new levels
    return Categorical(**{**{key: getattr(factor, key) for key in Categorical.model_fields}, **told})


def _ranged(factor: Factor, cells: Sequence[float]) -> Factor:
    """A numeric factor of one value with the values that were done: numbers between them where they are many."""
    assert not isinstance(factor, Categorical)
    values = sorted({*cells, factor.bounds[0]})
    shared = {key: getattr(factor, key) for key in ("name", "unit", "acts", "at", "from_h", "to_h", "from_value", "variable", "mode", "target")}
    if len(values) <= MOST_DISCRETE_VALUES:
        return Discrete(values=tuple(values), **shared)
    return Continuous(low=values[0], high=values[-1], **shared)
