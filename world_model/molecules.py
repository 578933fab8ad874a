"""Molecules by their neighbourhoods of atoms, and how alike two of them are."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .terms.errors import SpaceError

_RADIUS = 2  # bonds around an atom: the customary extended-connectivity fingerprint of diameter 4


def fingerprints(factor: str, smiles: Mapping[str, str]) -> np.ndarray:
    """`levels x b`, 0 or 1: a column for each neighbourhood and each number of times that it occurs at least.

    Raises:
        SpaceError: RDKit is not installed, or a text that it can't read as a molecule, with the level.

    Source: Morgan fingerprints with counts, unfolded; Rogers & Hahn (2010), J. Chem. Inf. Model. 50:742.
    """
    try:
        from rdkit import Chem, rdBase
        from rdkit.Chem import rdFingerprintGenerator
    except ImportError as missing:
        raise SpaceError(f"Expected RDKit for the SMILES of {factor!r}, found that it is not installed. Install it: pip install 'nextwell[chem]'.") from missing
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=_RADIUS)
    found: list[dict[int, int]] = []
    for level, text in smiles.items():
        with rdBase.BlockLogs():  # what is wrong is said below, with the level
            molecule = Chem.MolFromSmiles(text)
        if molecule is None:
            raise SpaceError(f"Expected a molecule as SMILES for level {level!r} of {factor!r}, found {text!r}, which RDKit can't read. Check its rings and brackets.")
        found.append(generator.GetSparseCountFingerprint(molecule).GetNonzeroElements())
    columns = {key: i for i, key in enumerate(sorted({(bit, times) for told in found for bit, most in told.items() for times in range(1, most + 1)}))}
    cells = np.zeros((len(found), max(len(columns), 1)))
    for row, told in enumerate(found):
        for bit, most in told.items():
            for times in range(1, most + 1):
                cells[row, columns[bit, times]] = 1.0
    return cells


def tanimoto(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """`n x m`: what two have in common over what either has; 1 for two empty ones.

    On unfolded counts it is the sum of the smaller counts over the sum of the larger (the min-max kernel).

    Source: Ralaivola et al. (2005), Neural Networks 18:1093, where it is shown to be positive definite.
    """
    common = left @ right.T
    either = left.sum(axis=1)[:, None] + right.sum(axis=1)[None, :] - common
    return np.where(either > 0, common / np.maximum(either, 1), 1.0)
