"""The columns of a second-order response surface: one constant, linear terms, squares and pairs."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .encoding import Encoder
from .merged_columns import MergedColumns, merged_columns

MOST_COLUMNS = 3000  # beyond this a singular value decomposition takes longer than a contest may


@dataclass(frozen=True)
class SecondOrder:
    """Designs `n x d` → `n x p` columns. Numbers are centred in the cube; levels and edits stand as 0 or 1, and have no squares.

    Attributes:
        numeric: the merged columns that are numbers.
        first, second: the two merged columns of each product.
    """

    encoder: Encoder
    merged: MergedColumns
    numeric: Tensor
    first: Tensor
    second: Tensor

    @classmethod
    def of(cls, encoder: Encoder) -> SecondOrder:
        """The surface of a space."""
        merged = merged_columns(encoder)
        unit = torch.empty(merged.matrix.shape[1], dtype=torch.long)
        for i, columns in enumerate(merged.units):
            unit[list(columns)] = i
        owners = [factor for factor, table in zip(encoder.space.factors, encoder.tables, strict=True) for _ in range(1 if table is None else table.shape[1])]
        bends = torch.tensor([owner.kind != "categorical" and owner.action != "edit" for owner in owners] + [True] * len(encoder.derived))
        numeric = (merged.matrix[bends].sum(dim=0) > 0) if bends.any() else torch.zeros(merged.matrix.shape[1], dtype=torch.bool)
        first, second = torch.triu_indices(len(unit), len(unit))
        wanted = (unit[first] != unit[second]) | ((first == second) & numeric[first])
        return cls(encoder=encoder, merged=merged, numeric=numeric, first=first[wanted], second=second[wanted])

    @property
    def size(self) -> int:
        """`p`."""
        return 1 + len(self.numeric) + len(self.first)

    def __call__(self, design: Tensor) -> Tensor:
        """`n x p`."""
        cells = self.encoder.features(design) @ self.merged.matrix
        cells = torch.where(self.numeric, 2 * cells - 1, cells)
        return torch.cat([torch.ones(len(cells), 1, dtype=cells.dtype), cells, cells[:, self.first] * cells[:, self.second]], dim=-1)

    def prior_sd(self, curved: float) -> Tensor:
        """`p`: the constant is free, linear terms share one unit of variance, products share `curved` squared."""
        linear, products = len(self.numeric), len(self.first)
        return torch.cat([
            torch.tensor([3.0], dtype=torch.double), torch.full((linear,), linear**-0.5, dtype=torch.double),
            torch.full((products,), curved * max(products, 1) ** -0.5, dtype=torch.double),
        ])  # fmt: skip
