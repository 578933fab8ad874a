"""How alike the levels of a category are, by what they are made of: from a similarity to features with those inner products."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from .terms.factors import Categorical

MOST_LANDMARKS = 1000  # levels whose similarities are reproduced exactly; the others' are through these (Nyström)
_SMALLEST = 1e-9  # directions with less than this share of the largest eigenvalue are rounding


@dataclass(frozen=True)
class LevelFeatures:
    """Attributes:
    table: `levels x r`; two levels' squared distance is 2 (1 - similarity) in each group.
    groups: the columns that share a length scale: one group a molecule, one a position of a sequence.
    """

    table: Tensor
    groups: tuple[tuple[int, ...], ...]


def level_features(factor: Categorical) -> LevelFeatures | None:
    """Features of a category whose levels are molecules or sequences; None for any other.

    Raises:
        SpaceError: a text that is no molecule, with its level; or RDKit is not installed.
    """
    if factor.smiles is not None:
        return _of_molecules(factor.name, factor.levels, tuple(factor.smiles[level] for level in factor.levels))
    if factor.sequences is not None:
        return _of_sequences(tuple(factor.sequences[level] for level in factor.levels))
    return None


# Encoders are built again for every fit; fingerprints of a thousand molecules take a second.
@lru_cache(maxsize=16)
def _of_molecules(name: str, levels: tuple[str, ...], smiles: tuple[str, ...]) -> LevelFeatures:
    from .molecules import fingerprints, tanimoto

    bits = fingerprints(name, dict(zip(levels, smiles, strict=True)))
    table = embedded(len(levels), lambda rows: tanimoto(bits, bits[rows]))
    return LevelFeatures(table=table, groups=(tuple(range(table.shape[1])),))


@lru_cache(maxsize=16)
def _of_sequences(sequences: tuple[str, ...]) -> LevelFeatures:
    from .sequence_letters import by_position, spectrum

    if len({len(sequence) for sequence in sequences}) == 1:
        tables = by_position(sequences)
        ends = np.cumsum([table.shape[1] for table in tables]).tolist()
        groups = tuple(tuple(range(end - table.shape[1], end)) for end, table in zip(ends, tables, strict=True))
        return LevelFeatures(table=torch.as_tensor(np.concatenate(tables, axis=1)), groups=groups)
    counts = spectrum(sequences)
    table = embedded(len(sequences), lambda rows: counts @ counts[rows].T)
    return LevelFeatures(table=table, groups=(tuple(range(table.shape[1])),))


def embedded(n: int, similarity: Callable[[np.ndarray], np.ndarray]) -> Tensor:
    """`n x r` features whose inner products are the similarities: exactly, up to `MOST_LANDMARKS` levels.

    Args:
        similarity: rows → `n x len(rows)`, positive semidefinite with 1 on the diagonal.

    Source: kernel principal components; beyond the landmarks, Williams & Seeger (2001), NIPS 13.
    """
    rows = np.arange(n) if n <= MOST_LANDMARKS else np.sort(np.random.default_rng(0).choice(n, MOST_LANDMARKS, replace=False))
    across = similarity(rows)
    value, vector = np.linalg.eigh(across[rows])
    kept = value > _SMALLEST * value[-1]
    return torch.as_tensor(across @ (vector[:, kept] / np.sqrt(value[kept])))
