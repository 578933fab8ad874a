"""Protein and DNA sequences as features: letter by letter where they are equally long, by their short words where they are not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

NUCLEOTIDES = frozenset("ACGTUN-")
_SHARE = 0.5  # of a position's similarity that is by substitution; the rest asks for the same letter
_WORDS = {"DNA": 5, "protein": 3}  # longest words of the spectrum: 4^5 and 20^3 are as many as a few hundred sequences tell of

_ORDER = "ARNDCQEGHILKMFPSTWYV"
# BLOSUM62, lower triangle in the order above, half bits. Source: Henikoff & Henikoff (1992), Proc. Natl. Acad. Sci. 89:10915.
_BLOSUM62 = """
4
-1 5
-2 0 6
-2 -2 1 6
0 -3 -3 -3 9
-1 1 0 0 -3 5
-1 0 0 2 -4 2 5
0 -2 0 -1 -3 -2 -2 6
-2 0 1 -1 -3 0 0 -2 8
-1 -3 -3 -3 -1 -3 -3 -4 -3 4
-1 -2 -3 -4 -1 -2 -3 -4 -3 2 4
-1 2 0 -1 -3 1 1 -2 -1 -3 -2 5
-1 -1 -2 -3 -1 0 -2 -3 -2 1 2 -1 5
-2 -3 -3 -3 -2 -3 -3 -3 -1 0 0 -3 0 6
-1 -2 -2 -1 -3 -1 -1 -2 -2 -3 -3 -1 -2 -4 7
1 -1 1 0 -1 0 0 0 -1 -2 -2 0 -1 -2 -1 4
0 -1 0 -1 -1 -1 -1 -2 -2 -1 -1 -1 -1 -2 -1 1 5
-3 -3 -4 -4 -2 -2 -3 -2 -2 -3 -2 -3 -1 1 -4 -3 -2 11
-2 -2 -2 -3 -2 -1 -2 -3 2 -1 -1 -2 -1 3 -3 -2 -2 2 7
0 -3 -3 -3 -1 -2 -2 -3 -3 3 1 -2 1 -1 -2 -2 0 -3 -1 4
"""


def by_position(sequences: Sequence[str]) -> list[np.ndarray]:
    """For each position at which the sequences differ, `n x r` features whose inner products are the letters' similarities.

    Where nothing differs, one position with one column of zeros.
    """
    letters = np.array([list(sequence) for sequence in sequences])
    protein = not is_dna(sequences)
    tables = []
    for column in letters.T:
        present, which = np.unique(column, return_inverse=True)
        if len(present) > 1:
            value, vector = np.linalg.eigh(letter_similarity("".join(present), protein=protein))
            tables.append((vector * np.sqrt(value.clip(0)))[which])
    return tables or [np.zeros((len(sequences), 1))]


def is_dna(sequences: Sequence[str]) -> bool:
    """True where every letter is a nucleotide's."""
    return all(NUCLEOTIDES.issuperset(sequence) for sequence in sequences)


def letter_similarity(letters: str, *, protein: bool) -> np.ndarray:
    """Correlations of letters: those of nucleotides, and of letters that are no amino acid, are all or nothing.

    Amino acids: half by identity, half by how often the one stands for the other in related proteins, as odds from BLOSUM62,
    scaled to 1 on the diagonal. The smallest eigenvalue of the twenty is 0.25, so it is a covariance.
    """
    same = np.eye(len(letters))
    if not protein:
        return same
    known = [i for i, letter in enumerate(letters) if letter in _ORDER]
    where = [_ORDER.index(letters[i]) for i in known]
    similar = same.copy()
    similar[np.ix_(known, known)] = _substitutions()[np.ix_(where, where)]
    return (1 - _SHARE) * same + _SHARE * similar


def blosum62() -> np.ndarray:
    """`20 x 20` scores in half bits, in the order of ARNDCQEGHILKMFPSTWYV."""
    rows = [[int(cell) for cell in line.split()] for line in _BLOSUM62.split("\n") if line]
    scores = np.zeros((20, 20))
    for i, row in enumerate(rows):
        scores[i, : i + 1] = scores[: i + 1, i] = row
    return scores


def _substitutions() -> np.ndarray:
    """`20 x 20` correlations."""
    odds = 2.0 ** (blosum62() / 2)
    scale = np.sqrt(odds.diagonal())
    return odds / np.outer(scale, scale)


def spectrum(sequences: Sequence[str]) -> np.ndarray:
    """`n x w` counts of the words of each length, each length of unit norm, together of unit norm: inner products are similarities.

    Source: the spectrum kernel of Leslie, Eskin & Noble (2002), Pac. Symp. Biocomput., normalised, for words of one letter and longer.
    """
    blocks = []
    for size in range(1, _WORDS["DNA" if is_dna(sequences) else "protein"] + 1):
        words: dict[str, int] = {}
        cells: list[tuple[int, int]] = []
        for row, sequence in enumerate(sequences):
            for start in range(len(sequence) - size + 1):
                cells.append((row, words.setdefault(sequence[start : start + size], len(words))))
        counts = np.zeros((len(sequences), max(len(words), 1)))
        if cells:
            np.add.at(counts, tuple(np.array(cells).T), 1.0)
        norm = np.linalg.norm(counts, axis=1, keepdims=True)
        blocks.append(counts / np.maximum(norm, 1e-12))
    joined = np.concatenate(blocks, axis=1)
    return joined / np.linalg.norm(joined, axis=1, keepdims=True)
