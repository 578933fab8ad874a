"""Which features tell of one thing: a gene that two factors may edit is one gene, whichever of them names it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .encoding import Encoder
from .terms.factors import Categorical


@dataclass(frozen=True)
class MergedColumns:
    """Attributes:
    matrix: `u x p`; features times it are the merged columns.
    units: the merged columns of each unit: one gene, one category, one number.
    """

    matrix: Tensor
    units: tuple[tuple[int, ...], ...]


def merged_columns(encoder: Encoder, *, further: int = 0) -> MergedColumns:
    """Merged columns of a space's features, with `further` features of other origin after them, each its own unit.

    An edit's strength is a column of its gene and mode; a categorical edit is a column for each of its genes, none for the level
    that edits nothing. So knock-outs of (A, B) and of (B, A) are one experiment, and descriptors of two such factors add up.
    """
    keys: list[tuple[str, ...] | None] = []  # a feature's merged column; None for a feature that says nothing
    unit = {column: i for i, group in enumerate(encoder.groups()) for column in group}
    for factor, table in zip(encoder.space.factors, encoder.tables, strict=True):
        if factor.action != "edit":
            start, width = len(keys), 1 if table is None else table.shape[1]
            keys += [("feature", str(unit[column]), str(column)) for column in range(start, start + width)]
        elif isinstance(factor, Categorical) and table is not None:
            mode = str(factor.mode)
            if factor.descriptors is None and factor.smiles is None and factor.sequences is None and table.shape[1] == len(factor.levels):
                keys += [None if level == factor.no_edit else ("gene", level, mode) for level in factor.levels]
            else:
                keys += [("described", mode, *(f"{cell:.9g}" for cell in table[:, i].tolist())) for i in range(table.shape[1])]
        else:
            keys.append(("gene", factor.acts_on, str(factor.mode)))
    keys += [("derived", feature.word.name) for feature in encoder.derived]
    keys += [("further", str(i)) for i in range(further)]
    columns = {key: i for i, key in enumerate(dict.fromkeys(key for key in keys if key is not None))}
    matrix = torch.zeros(len(keys), len(columns), dtype=torch.double)
    for row, key in enumerate(keys):
        if key is not None:
            matrix[row, columns[key]] = 1.0
    units: dict[tuple[str, ...], list[int]] = {}
    for key, column in columns.items():
        units.setdefault(key[:2] if key[0] == "feature" else key, []).append(column)
    return MergedColumns(matrix=matrix, units=tuple(tuple(unit) for unit in units.values()))
