"""Correlation of factors with the lines of the plate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from world_model.terms.proposal import ProposedExperiment

from .ground import Ground
from .record import Balance

Numbers = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Traits:
    """What is known of each experiment, as columns of numbers: a numeric factor's ranks, a 0/1 column for each level of a
    categorical one. `matrix` is `n x p`, each column centred over the experiments that have a value, of length one; 0 where
    an experiment has none (a blank)."""

    names: tuple[str, ...]
    matrix: Numbers
    present: NDArray[np.bool_]


def traits_of(experiments: Sequence[ProposedExperiment], *, without: AbstractSet[str] = frozenset()) -> Traits:
    """Every factor that varies; ranks, so that a log scale and an outlier weigh like any other value."""
    names: list[str] = []
    columns: list[Numbers] = []
    present: list[NDArray[np.bool_]] = []
    factors = dict.fromkeys(name for experiment in experiments for name in experiment.settings if name not in without)
    for factor in factors:
        values = [experiment.settings.get(factor) for experiment in experiments]
        has = np.array([value is not None for value in values])
        told = [value for value in values if value is not None]
        if any(isinstance(value, str) for value in told):
            levels = sorted({str(value) for value in told})
            raw = [(f"{factor} = {level}", np.array([float(str(value) == level) for value in told])) for level in levels[: 1 if len(levels) == 2 else None]]
        else:
            raw = [(factor, rankdata(np.array(told, dtype=float)))]
        for name, numbers in raw:
            centred = numbers - numbers.mean()
            length = float(np.linalg.norm(centred))
            if length < 1e-9:
                continue
            column = np.zeros(len(experiments))
            column[has] = centred / length
            names.append(name)
            columns.append(column)
            present.append(has)
    n = len(experiments)
    return Traits(
        names=tuple(names), matrix=np.column_stack(columns) if columns else np.zeros((n, 0)),
        present=np.column_stack(present) if present else np.zeros((n, 0), dtype=bool),
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Lines:
    """The ground as columns of numbers, `w x q`: row and column as they count, edge and each block as 0 or 1."""

    kinds: tuple[str, ...]
    matrix: Numbers


def lines_as_numbers(ground: Ground) -> Lines:
    """Row, column, edge and blocks, those that vary."""
    told: list[tuple[str, Numbers]] = [("row", ground.row.astype(float)), ("column", ground.column.astype(float)), ("edge", ground.edge.astype(float))]
    blocks = np.unique(ground.block)
    if len(blocks) > 1:
        told += [("block", (ground.block == number).astype(float)) for number in blocks]
    kept = [(kind, numbers) for kind, numbers in told if np.ptp(numbers) > 0]
    return Lines(kinds=tuple(kind for kind, _ in kept), matrix=np.column_stack([numbers for _, numbers in kept]) if kept else np.zeros((len(ground.wells), 0)))


def balance_of(traits: Traits, lines: Lines, placed: Sequence[int]) -> tuple[Balance, ...]:
    """The largest correlation of each trait with each kind of line, over the wells where the trait has a value.

    Args:
        placed: `n`, each experiment's well as a position in the ground.
    """
    found = []
    for j, name in enumerate(traits.names):
        has = traits.present[:, j]
        here = lines.matrix[np.asarray(placed)[has]]
        here = here - here.mean(axis=0)
        length = np.linalg.norm(here, axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            correlations = np.where(length > 1e-9, traits.matrix[has, j] @ here / length, 0.0)
        largest: dict[str, float] = {}
        for kind, value in zip(lines.kinds, correlations, strict=True):
            if abs(value) >= abs(largest.get(kind, 0.0)):
                largest[kind] = float(value)
        found += [Balance(factor=name, against=kind, correlation=value) for kind, value in largest.items()]  # type: ignore[arg-type]
    return tuple(found)


def where_placed(layout: Mapping[str, str], ground: Ground, experiments: Sequence[ProposedExperiment]) -> list[int]:
    """Each experiment's well as a position in the ground; every experiment has one."""
    position = {well: i for i, well in enumerate(ground.wells)}
    at = {name: position[well] for well, name in layout.items()}
    return [at[experiment.id] for experiment in experiments]
