"""One training set of the campaign's own rows and those of its sources; the own rows come first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch

from world_model.censored import at_limits, fill_censored
from world_model.contract import Training
from world_model.mechanisms.mechanism import Mechanism
from world_model.terms.factors import Categorical
from world_model.terms.functionals import Functional
from world_model.terms.readings import Dataset
from world_model.terms.space import SearchSpace

from .earlier import Earlier, Route, covariates, fixed_numbers

TASK = "source of the data"  # the context whose levels are the campaign itself and its sources
OWN = "this campaign"


def joined(
    space: SearchSpace, data: Dataset, sources: Sequence[Earlier], routes: Mapping[str, Route], *, goals: Sequence[Functional], mechanism: Mechanism | None
) -> Training:
    """Everything that may be learned from, with each source on its route.

    A number that the campaign keeps fixed and a source does not is an input of the model: the campaign's own rows stand at 0 there,
    and all rows together span 1.
    """
    using = [one for one in sources if routes[one.name] != "off"]
    whole = _stacked(space, data, using, routes)
    read = np.isfinite(at_limits(whole).values).any(axis=(1, 2))
    training = Training.of(space, at_limits(whole), goals=goals, mechanism=mechanism)
    design, groups = training.design.clone(), training.groups.clone()
    origin = np.concatenate([np.zeros(len(data), dtype=int), *(np.full(len(one.data), i + 1) for i, one in enumerate(using))])[read]
    for name, away in _away(space, data, using, routes).items():
        column = torch.as_tensor(away[read])
        span = float(column.max().clamp_min(0.0) - column.min().clamp_max(0.0))
        # at one value only nothing tells what it does: rows stand where the campaign does until there is something to compare
        if float(column.max() - column.min()) > 0:
            design[:, space.names.index(name)] += column / span
    keys = np.concatenate([design.numpy().round(9), origin[:, None]], axis=1)
    # replicates of one source only: a twin in another source is knowledge that a held-out row may use
    _, member = np.unique(keys, axis=0, return_inverse=True)
    groups = torch.where(torch.as_tensor(origin == 0), groups, int(groups.max()) + 1 + torch.as_tensor(member.ravel()))
    return fill_censored(replace(training, design=design, groups=groups))


def own_rows(data: Dataset) -> int:
    """How many of the training rows are the campaign's own: those with a reading, or with one beyond a limit that is known."""
    return int(np.isfinite(at_limits(data).values).any(axis=(1, 2)).sum()) if len(data) else 0


def _away(space: SearchSpace, data: Dataset, using: Sequence[Earlier], routes: Mapping[str, Route]) -> dict[str, np.ndarray]:
    told: dict[str, list[np.ndarray]] = {}
    found = [covariates(space, one.data) if routes[one.name] in ("covariate", "task") else {} for one in using]
    for name in dict.fromkeys(name for each in found for name in each):
        told[name] = [np.zeros(len(data)), *(each.get(name, np.zeros(len(one.data))) for one, each in zip(using, found, strict=True))]
    return {name: np.concatenate(parts) for name, parts in told.items()}


def _stacked(space: SearchSpace, data: Dataset, using: Sequence[Earlier], routes: Mapping[str, Route]) -> Dataset:
    parts = [data, *(one.data for one in using)]
    fixed = fixed_numbers(space)
    settings = {}
    for factor in space.factors:
        columns = [part.settings[factor.name] for part in parts]
        if factor.name in fixed:
            columns = [np.full(len(part), fixed[factor.name]) for part in parts]
        kind: type = object if isinstance(factor, Categorical) else float
        settings[factor.name] = np.concatenate([np.asarray(column, dtype=kind) for column in columns])
    contexts = {name: np.concatenate([column, *(one.data.contexts.get(name, np.full(len(one.data), "", dtype=object)) for one in using)]) for name, column in data.contexts.items()}
    if any(routes[one.name] == "task" for one in using):
        levels = [OWN, *(one.name if routes[one.name] == "task" else OWN for one in using)]
        contexts[TASK] = np.concatenate([np.full(len(part), level, dtype=object) for part, level in zip(parts, levels, strict=True)])
    return Dataset(
        ids=tuple(id for part in parts for id in part.ids), settings=settings, roles=tuple(role for part in parts for role in part.roles),
        blocks=tuple(block for part in parts for block in part.blocks), times_h=data.times_h, variables=data.variables,
        values=np.concatenate([part.values for part in parts]), flags=np.concatenate([part.flags for part in parts]),
        limits=_told([part.limits for part in parts], parts), contexts=contexts, sd=_told([part.sd for part in parts], parts), noise=data.noise,
    )  # fmt: skip


def _told(columns: Sequence[np.ndarray | None], parts: Sequence[Dataset]) -> np.ndarray | None:
    """`n x t x y`, nan where a part was told nothing; None where all were."""
    if all(column is None for column in columns):
        return None
    return np.concatenate([np.full(part.values.shape, np.nan) if column is None else column for column, part in zip(columns, parts, strict=True)])
