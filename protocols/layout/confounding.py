"""Whether a layout could fool the one who reads it: repeats in one line, factors that go along with a line of the plate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from world_model.terms.proposal import ProposedExperiment

from ..finding import Finding
from .balance import Lines, lines_as_numbers, traits_of, where_placed
from .ground import Ground
from .sets import replicate_sets

# A layout is refused when fewer than 1 in 1,000 random ones of the same wells are as lopsided.
LIMIT = 0.001
PERMUTATIONS = 4999
# Sets with fewer members can't be told from chance by where they lie, apart from lying in one line.
SMALLEST_SET = 4


def check_confounding(layout: Mapping[str, str], experiments: Sequence[ProposedExperiment], ground: Ground, *, without: AbstractSet[str] = frozenset()) -> list[Finding]:
    """Every way in which a layout is confounded with the plate.

    Args:
        layout: well → experiment id; every experiment has one well.
        without: factors whose place is given by zones.
    """
    return [*repeats_in_one_line(layout, experiments), *_lopsided(layout, experiments, ground, without)]


def repeats_in_one_line(layout: Mapping[str, str], experiments: Sequence[ProposedExperiment]) -> list[Finding]:
    """Replicate sets all of which lie in one row or one column: what they share is the line as much as the treatment."""
    at = {name: well for well, name in layout.items()}
    found = []
    for name, ids in replicate_sets(experiments).items():
        wells = [at[member] for member in ids if member in at]
        rows, columns = {well.rstrip("0123456789") for well in wells}, {well.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ") for well in wells}
        if len(wells) > 1 and 1 in (len(rows), len(columns)):
            line = f"row {rows.pop()}" if len(rows) == 1 else f"column {columns.pop()}"
            found.append(
                Finding(
                    rule="layout", severity="error", where=name, observed=f"all {len(wells)} wells in {line}: {', '.join(wells[:6])}{' …' if len(wells) > 6 else ''}",
                    limit="repeats in more than one row and more than one column", mend="Move one of them to another row and column.",
                )
            )  # fmt: skip
    return found


@dataclass(frozen=True, kw_only=True)
class _Tests:
    """Lines as columns of length one, `n x q`, and the tests as runs of them: a test's statistic is the sum of squared
    products of a trait with its columns, the part of the trait's variance that the line explains."""

    matrix: NDArray[np.float64]
    names: tuple[str, ...]
    runs: tuple[slice, ...]

    def explained(self, traits: NDArray[np.float64]) -> NDArray[np.float64]:
        """`... x p x tests` from traits `... x p x n`."""
        squares = (traits @ self.matrix) ** 2
        return np.stack([squares[..., run].sum(axis=-1) for run in self.runs], axis=-1)

    def chances(self, explained: NDArray[np.float64], n: int) -> NDArray[np.float64]:
        """Chance that so much is explained in a random layout, as for normal values: Beta((k - 1) / 2, (n - k) / 2) with k classes."""
        degrees = np.array([max(run.stop - run.start - 1, 1) for run in self.runs])
        return np.asarray(beta.sf(np.clip(explained, 0, 1), degrees / 2, np.maximum(n - 1 - degrees, 1e-3) / 2))


def _lopsided(layout: Mapping[str, str], experiments: Sequence[ProposedExperiment], ground: Ground, without: AbstractSet[str]) -> list[Finding]:
    n = len(experiments)
    if n < SMALLEST_SET:
        return []
    placed = np.array(where_placed(layout, ground, experiments))
    names, matrix = _traits(experiments, without)
    tests = _tests(ground, lines_as_numbers(ground), placed)
    if not names or not tests.runs:
        return []
    seen = tests.explained(matrix.T)
    chances = tests.chances(seen, n)
    limit = LIMIT / chances.size
    if chances.min() >= limit or _by_permutation(matrix.T, tests, ground.zone[placed], least=float(chances.min())) >= LIMIT:
        return []
    most = beta.isf(limit, 0.5 * np.array([max(run.stop - run.start - 1, 1) for run in tests.runs]), 0.5 * np.array([max(n - max(run.stop - run.start, 2), 1e-3) for run in tests.runs]))
    found = []
    for j, name in enumerate(names):
        k = int(np.argmin(chances[j]))
        if chances[j, k] < limit:
            found.append(
                Finding(
                    rule="layout", severity="error", where=name, observed=f"correlation {np.sqrt(seen[j, k]):.2f} with the {tests.names[k]}",
                    limit=f"at most {np.sqrt(most[k]):.2f}, which fewer than 1 in 1,000 random layouts exceed",
                    mend="Mix its values over the plate, or let nextwell draw the layout.",
                )
            )  # fmt: skip
    return found


def _traits(experiments: Sequence[ProposedExperiment], without: AbstractSet[str]) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Factors, and membership of the larger sets; experiments without a value count as average."""
    traits = traits_of(experiments, without=without)
    position = {experiment.id: i for i, experiment in enumerate(experiments)}
    names, columns = [f"factor {name}" for name in traits.names], [traits.matrix]
    for name, ids in replicate_sets(experiments).items():
        if SMALLEST_SET <= len(ids) < len(experiments):
            member = np.zeros(len(experiments))
            member[[position[one] for one in ids]] = 1.0
            member -= member.mean()
            names.append(name)
            columns.append((member / np.linalg.norm(member))[:, None])
    return tuple(names), np.hstack(columns)


def _tests(ground: Ground, lines: Lines, placed: NDArray[np.int64]) -> _Tests:
    """Row, column, edge and blocks as numbers, and row and column as classes (every other column may differ, too)."""
    parts: list[NDArray[np.float64]] = []
    names: list[str] = []
    for kind, numbers in zip(lines.kinds, lines.matrix[placed].T, strict=True):
        centred = numbers - numbers.mean()
        if (length := float(np.linalg.norm(centred))) > 1e-9:
            parts.append((centred / length)[:, None])
            names.append(kind)
    for kind, line in (("rows", ground.row[placed]), ("columns", ground.column[placed])):
        classes, counts = np.unique(line, return_counts=True)
        if 2 < len(classes) < len(placed) - 1:
            parts.append((line[:, None] == classes[None, :]) / np.sqrt(counts))
            names.append(kind)
    ends = np.cumsum([part.shape[1] for part in parts]) if parts else np.array([], dtype=int)
    runs = tuple(slice(int(end) - part.shape[1], int(end)) for end, part in zip(ends, parts, strict=True))
    return _Tests(matrix=np.hstack(parts) if parts else np.zeros((len(placed), 0)), names=tuple(names), runs=runs)


def _by_permutation(traits: NDArray[np.float64], tests: _Tests, zone: NDArray[np.int64], *, least: float) -> float:
    """The part of random layouts on the same wells, experiments kept in their zones, that hold a chance as small as `least`.

    The generator's seed is fixed: the answer is a property of the layout, not of a draw.
    """
    chance = np.random.default_rng(0)
    n, as_bad, left = traits.shape[1], 0, PERMUTATIONS
    while left:
        many = min(250, left)
        # sorting by zone first and a random number second shuffles within zones
        keys = zone[None, :] + chance.random((many, n)) / 2
        shuffled, order = np.argsort(keys, axis=1), np.argsort(zone, kind="stable")
        index = np.empty((many, n), dtype=np.int64)
        index[:, order] = shuffled
        drawn = tests.chances(tests.explained(np.moveaxis(traits[:, index], 0, 1)), n)
        as_bad += int((drawn.reshape(many, -1).min(axis=1) <= least * (1 + 1e-9)).sum())
        left -= many
    return (1 + as_bad) / (PERMUTATIONS + 1)

