"""From settings to numbers: one design column a factor, and the features that kernels see.

A *design* `n x d` has one column a factor: numeric factors in [0, 1] (on their own scale), categorical ones as level codes.
Optimisers move in designs. *Features* `n x u` lie in the unit cube: one-hot or descriptor columns in place of codes. The map
between them is a BoTorch input transform, so that a model takes designs and learns on features.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from botorch.models.transforms.input import InputTransform
from torch import Tensor

from world_model.terms.errors import SpaceError, nearest
from world_model.terms.factors import Categorical, Descriptors, Factor
from world_model.terms.space import SearchSpace, Settings

from .level_similarity import LevelFeatures, level_features
from .plate_kernel import TYPICAL

Extra = Callable[[Tensor], Tensor]  # designs `n x d` → further features `n x p`

# Descriptors that say the same within this correlation are one descriptor (the first is kept), as BayBE's default does.
MOST_CORRELATED = 0.7


class Encoder:
    """Settings ↔ designs of one space.

    Args:
        space: its factors, in order, become the design's columns.
    """

    def __init__(self, space: SearchSpace) -> None:
        self.space = space
        self.levels = tuple(level_features(f) if isinstance(f, Categorical) else None for f in space.factors)
        self.tables = tuple(
            _feature_table(f, told) if isinstance(f, Categorical) else None for f, told in zip(space.factors, self.levels, strict=True)
        )
        self.categorical_dims = tuple(i for i, table in enumerate(self.tables) if table is not None)
        self.has_descriptors = any(isinstance(f, Categorical) and f.descriptors is not None for f in space.factors)
        self.n_features = sum(1 if table is None else table.shape[1] for table in self.tables)

    def design(self, columns: Mapping[str, np.ndarray | Sequence[object]]) -> Tensor:
        """`n x d` from columns of settings: numbers; for categories level names, or integer codes."""
        encoded = [_encode_column(factor, columns[factor.name]) for factor in self.space.factors]
        return torch.as_tensor(np.stack(encoded, axis=1), dtype=torch.double)

    def design_of(self, rows: Sequence[Settings]) -> Tensor:
        """`n x d` from rows of settings."""
        if not rows:
            return torch.empty(0, len(self.space.factors), dtype=torch.double)
        return self.design({name: [row[name] for row in rows] for name in self.space.names})

    def settings(self, design: Tensor) -> list[dict[str, float | str]]:
        """The settings of each row of a design `n x d`; discrete and integer factors are rounded to their nearest value."""
        columns = [_decode_column(f, column) for f, column in zip(self.space.factors, design.detach().numpy().T, strict=True)]
        return [dict(zip(self.space.names, row, strict=True)) for row in zip(*columns, strict=True)]

    def featurise(self, *, with_plate: bool = False, extra: Extra | None = None, by_structure: bool = False, contexts: int = 0) -> Featurise:
        """A fresh input transform from designs to features; extra features and columns of codes come after them where asked for.

        Args:
            contexts: columns of codes of contexts; a plate's comes last.
            by_structure: levels with a structure show it, also where they have descriptors.
        """
        return Featurise(self.structure_tables if by_structure else self.tables, codes=(TYPICAL,) * (contexts + with_plate), extra=extra)

    @property
    def structure_tables(self) -> tuple[Tensor | None, ...]:
        """The tables of features with structures in place of descriptors."""
        return tuple(table if told is None else told.table for table, told in zip(self.tables, self.levels, strict=True))

    def groups(self, *, by_structure: bool = False) -> tuple[tuple[int, ...], ...]:
        """The features of one number, one category, one molecule, one position of a sequence: what shares a length scale."""
        found: list[tuple[int, ...]] = []
        start = 0
        tables = self.structure_tables if by_structure else self.tables
        for table, told in zip(tables, self.levels, strict=True):
            width = 1 if table is None else table.shape[1]
            own = told.groups if told is not None and table is told.table else (tuple(range(width)),)
            found += [tuple(start + column for column in group) for group in own]
            start += width
        return tuple(found)

    def features(self, design: Tensor) -> Tensor:
        """`… x u` of a design `… x d`."""
        return self.featurise().transform(design)

    def feature_names(self) -> tuple[str, ...]:
        """The factor behind each of the `u` features."""
        return tuple(
            factor.name for factor, table in zip(self.space.factors, self.tables, strict=True) for _ in range(1 if table is None else table.shape[1])
        )


class Featurise(InputTransform, torch.nn.Module):
    """Designs `… x d` → features `… x u`: codes are looked up in each category's table, numbers pass through.

    Inputs may carry more columns than the design: the extra features `p` (a mechanism's scores), then codes of contexts and of the
    plate, as training inputs do. A bare design gets its extra features computed, and the `codes`: those of the typical day and donor.
    """

    is_one_to_many = False

    def __init__(self, tables: Sequence[Tensor | None], *, codes: tuple[float, ...] = (), extra: Extra | None = None) -> None:
        super().__init__()
        self.codes, self.extra = codes, extra
        self.transform_on_train = self.transform_on_eval = self.transform_on_fantasize = True
        self._which = tuple(table is not None for table in tables)
        for i, table in enumerate(tables):
            if table is not None:
                self.register_buffer(f"table_{i}", table)

    def transform(self, X: Tensor) -> Tensor:  # BoTorch's name
        """`… x d` → `… x u`."""
        parts = []
        for i, categorical in enumerate(self._which):
            column = X[..., i]
            if categorical:
                table = getattr(self, f"table_{i}")
                parts.append(table[column.round().long().clamp(0, len(table) - 1)])
            else:
                parts.append(column.unsqueeze(-1))
        d = len(self._which)
        if X.shape[-1] > d:
            return torch.cat([*parts, X[..., d:]], dim=-1)
        if self.extra is not None:
            parts.append(self.extra(X.detach().reshape(-1, d)).reshape(*X.shape[:-1], -1))
        parts += [torch.full_like(parts[0][..., :1], code) for code in self.codes]
        return torch.cat(parts, dim=-1)

    def equals(self, other: InputTransform) -> bool:
        return type(other) is type(self) and self.extra is other.extra and self.codes == other.codes and all(
            torch.equal(a, b) for a, b in zip(self.buffers(), other.buffers(), strict=True)
        )


def unit_values(factor: Factor) -> list[float] | None:
    """The places in [0, 1] that a discrete or integer factor can take; None for the others."""
    if factor.kind == "discrete":
        return [float(v) for v in _encode_column(factor, factor.values)]
    if factor.kind == "integer":
        return [float(v) for v in _encode_column(factor, range(factor.low, factor.high + 1))]
    return None


def _encode_column(factor: Factor, cells: np.ndarray | Sequence[object]) -> np.ndarray:
    if isinstance(factor, Categorical):
        array = np.asarray(cells)
        if array.dtype.kind in "iu":
            return array.astype(float)
        code = {level: float(i) for i, level in enumerate(factor.levels)}
        unknown = next((cell for cell in array.tolist() if cell not in code), None)
        if unknown is not None:
            raise SpaceError(f"Expected a level of {factor.name!r}, found {unknown!r}. {nearest(str(unknown), factor.levels)}")
        return np.array([code[cell] for cell in array.tolist()])
    numbers = np.asarray(cells, dtype=float)
    low, high = factor.bounds
    if getattr(factor, "scale", "linear") == "log":
        numbers, low, high = np.log(np.maximum(numbers, 1e-300)), np.log(low), np.log(high)
    return (numbers - low) / (high - low) if high > low else np.zeros_like(numbers)


def _decode_column(factor: Factor, column: np.ndarray) -> list[float | str]:
    if isinstance(factor, Categorical):
        codes = np.clip(np.rint(column).astype(int), 0, len(factor.levels) - 1)
        return [factor.levels[code] for code in codes]
    low, high = factor.bounds
    inside = np.clip(column, 0.0, 1.0)
    if getattr(factor, "scale", "linear") == "log":
        numbers = np.exp(np.log(low) + inside * (np.log(high) - np.log(low)))
    else:
        numbers = low + inside * (high - low)
    if factor.kind == "discrete":
        levels = np.asarray(factor.values)
        numbers = levels[np.abs(_encode_column(factor, levels)[None, :] - inside[:, None]).argmin(axis=1)]
    elif factor.kind == "integer":
        numbers = np.rint(numbers)
    else:
        numbers = np.clip(numbers, low, high)
    return [float(number) for number in numbers]


def _feature_table(factor: Categorical, told: LevelFeatures | None) -> Tensor:
    if factor.descriptors is None and told is not None:
        return told.table
    if factor.descriptors is None:
        return torch.eye(len(factor.levels), dtype=torch.double) if len(factor.levels) > 1 else torch.zeros(1, 1, dtype=torch.double)
    return torch.as_tensor(_informative(factor.descriptors, factor.levels), dtype=torch.double)


def _informative(descriptors: Descriptors, levels: Sequence[str]) -> np.ndarray:
    """`levels x kept`, in [0, 1]: constant descriptors dropped, and those that repeat an earlier one."""
    cells = np.array([descriptors.values[level] for level in levels], dtype=float)
    low, high = cells.min(axis=0), cells.max(axis=0)
    cells = ((cells - low) / np.where(high > low, high - low, 1.0))[:, high > low]
    if not cells.shape[1]:
        raise SpaceError("Expected descriptors that differ between levels, found only constant ones. Leave them out.")
    correlation = np.abs(np.corrcoef(cells, rowvar=False)).reshape(cells.shape[1], cells.shape[1])
    kept: list[int] = []
    for j in range(cells.shape[1]):
        if all(correlation[j, i] <= MOST_CORRELATED for i in kept):
            kept.append(j)
    return cells[:, kept]
