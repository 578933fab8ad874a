"""Held-out records: whole interventions, with everything that is nearly the same experiment, and never single time points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..contract import Training

FOLDS = 5
# Two interventions are one where no factor differs by more than this share of its range …
NEAR = 0.01
# … or of the spacing that as many evenly spread interventions would have, where that is less.
SHARE_OF_SPACING = 0.05
FEWEST_ALIKE = 3  # different readings that must agree before two curves are copies of each other
SAME = 1e-4  # of an observable's sd: readings this near are one reading, rounded on the way
_GAP = 1e6  # stands for a gap: only a gap is like it
MOST_TOLD = 5


@dataclass(frozen=True)
class Split:
    """`train` and `test` are positions of rows."""

    train: Tensor
    test: Tensor


def nearness(training: Training) -> float:
    """The largest difference of designs, in any factor, at which two interventions count as one."""
    n, d = training.n_interventions, training.design.shape[1]
    return min(NEAR, SHARE_OF_SPACING * max(n, 1) ** (-1.0 / max(d, 1)))


def clusters(training: Training) -> Tensor:
    """`n` codes: rows of one intervention, of nearly the same one, or with copied readings, share a code.

    What is linked by a chain of near pairs is one cluster, so that no near pair is ever split.
    """
    codes = _first_of_group(training.groups)
    for i, j in _alike(training):
        codes[codes == codes[j]] = codes[i].clone()
    return torch.unique(codes, return_inverse=True)[1]


def folds(training: Training, *, seed: int, n: int = FOLDS) -> list[Split]:
    """`n` splits in which each cluster is held out once, of about equal size."""
    codes = clusters(training)
    n_clusters = int(codes.max()) + 1
    order = torch.randperm(n_clusters, generator=torch.Generator().manual_seed(seed))
    fold_of = torch.empty(n_clusters, dtype=torch.long)
    fold_of[order] = torch.arange(n_clusters) % min(n, n_clusters)
    member = fold_of[codes]
    rows = torch.arange(len(training))
    return [Split(train=rows[member != k], test=rows[member == k]) for k in range(min(n, n_clusters))]


def leaks(training: Training, splits: Sequence[Split]) -> tuple[str, ...]:
    """What stands on both sides of a split, a sentence each: the same intervention, nearly the same one, or the same readings.

    `folds` makes none; a split that was made elsewhere may.
    """
    pairs = {(i, j) for i, j in _alike(training)}
    groups = training.groups.tolist()
    found: dict[str, list[tuple[int, int]]] = {}
    for split in splits:
        held = set(split.test.tolist())
        learned = set(split.train.tolist())
        if both := held & learned:
            found.setdefault("the same row", []).extend((i, i) for i in both)
        shared = {groups[i] for i in held} & {groups[i] for i in learned}
        found.setdefault("one intervention, by its replicates", []).extend(
            (next(i for i in held if groups[i] == g), next(i for i in learned if groups[i] == g)) for g in shared
        )
        across = [(i, j) for i, j in pairs if (i in held and j in learned) or (j in held and i in learned)]
        found.setdefault("nearly the same intervention, or the same readings", []).extend(across)
    return tuple(_told(what, pairs) for what, pairs in found.items() if pairs)


def _told(what: str, pairs: list[tuple[int, int]]) -> str:
    shown = ", ".join(f"{i + 1} and {j + 1}" for i, j in sorted(set(pairs))[:MOST_TOLD])
    more = " …" if len(set(pairs)) > MOST_TOLD else ""
    return f"{what} stands on both sides of the split {len(set(pairs))} times (rows {shown}{more})."


def _first_of_group(groups: Tensor) -> Tensor:
    return torch.unique(groups, return_inverse=True)[1].clone()


def _alike(training: Training) -> list[tuple[int, int]]:
    """Pairs of rows of different interventions that are near in design, or whose readings are copies."""
    groups = training.groups
    unique, member = torch.unique(groups, return_inverse=True)
    first = torch.stack([torch.nonzero(member == g).flatten()[0] for g in range(len(unique))]) if len(unique) else torch.empty(0, dtype=torch.long)
    design = training.design[first]
    far = torch.cdist(design, design, p=torch.inf) > nearness(training)
    near = torch.nonzero(torch.triu(~far, diagonal=1))
    pairs = [(int(first[i]), int(first[j])) for i, j in near.tolist()]
    return pairs + _copies(training)


def _copies(training: Training) -> list[tuple[int, int]]:
    """Rows of different interventions with the same readings but for rounding. A reader's noise does not repeat itself.

    Curves that do not move (a row of zeros, a dead well) are no evidence of copying, nor are they on a coarse scale of few values.
    """
    scaled = (training.values / training.scale).flatten(1)
    gaps = ~torch.isfinite(scaled)
    steps = (scaled / SAME).round().nan_to_num(nan=0.0)
    rows = torch.tensor([i for i in range(len(scaled)) if len(torch.unique(steps[i][~gaps[i]])) >= FEWEST_ALIKE], dtype=torch.long)
    told = scaled[rows].masked_fill(gaps[rows], _GAP)
    same = torch.triu(torch.cdist(told, told, p=torch.inf) <= SAME, diagonal=1)
    pairs = [(int(rows[i]), int(rows[j])) for i, j in torch.nonzero(same).tolist()]
    return [(i, j) for i, j in pairs if training.groups[i] != training.groups[j]]
