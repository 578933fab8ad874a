"""From settings to numbers: one design column a factor, and the features that kernels see.

A *design* `n x d` has one column a factor: numeric factors in [0, 1] (on their own scale), categorical ones as level codes.
Optimisers move in designs. *Features* `n x u` lie in the unit cube: one-hot or descriptor columns in place of codes, then the derived
factors. The map between them is a BoTorch input transform, so that a model takes designs and learns on features. A factor that is
absent has one place in a design (0) and one in the features (the middle of a number's range, no level at all).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from botorch.models.transforms.input import InputTransform
from torch import Tensor

from world_model.terms.errors import SpaceError, nearest
from world_model.terms.factors import Categorical, Continuous, Descriptors, Factor, Ordinal
from world_model.terms.presence import absences
from world_model.terms.space import SearchSpace, Settings

from .derived_features import DerivedFeature, derived_features
from .level_similarity import LevelFeatures, level_features
from .plate_kernel import TYPICAL

Extra = Callable[[Tensor], Tensor]  # designs `n x d` → further features `n x p`

# Descriptors that say the same within this correlation are one descriptor (the first is kept), as BayBE's default does.
MOST_CORRELATED = 0.7
# More levels than this without anything said of them get random signs in place of a column each.
MOST_COLUMNS = 1000
MOST_PLACES = 10_000  # whole numbers of one factor that are listed; beyond, they are drawn and rounded
_SIGNS = 128


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
        self.derived = derived_features(space)
        self.n_features = sum(1 if table is None else table.shape[1] for table in self.tables) + len(self.derived)

    def design(self, columns: Mapping[str, np.ndarray | Sequence[object]]) -> Tensor:
        """`n x d` from columns of settings: numbers; for categories level names, or integer codes."""
        encoded = [_encode_column(factor, columns[factor.name]) for factor in self.space.factors]
        design = torch.as_tensor(np.stack(encoded, axis=1), dtype=torch.double)
        if self.space.is_conditional:
            told = {name: np.asarray(columns[name]) for name in self.space.names}
            for name, flags in absences(self.space.factors, told, self.space.level_names).items():
                design[torch.as_tensor(flags), self.space.names.index(name)] = 0.0
        return design

    def column(self, name: str, cells: np.ndarray | Sequence[object]) -> np.ndarray:
        """The design column of one factor's values; numbers outside its bounds lie outside 0 to 1."""
        return _encode_column(self.space[name], cells)

    def normalised(self, design: Tensor) -> Tensor:
        """The design with each absent factor at its one place; the same tensor where no factor can be absent."""
        absent = self.absent(design)
        return design if absent is None else torch.where(absent, torch.zeros_like(design), design)

    def absent(self, design: Tensor) -> Tensor | None:
        """`… x d` flags of factors that do not exist; None where all always do."""
        if not self.space.is_conditional:
            return None
        flat = design.detach().reshape(-1, design.shape[-1])[:, : len(self.space.factors)]
        told = absences(self.space.factors, self._cells(flat), self.space.level_names)
        flags = torch.zeros(flat.shape, dtype=torch.bool)
        for name, missing in told.items():
            flags[:, self.space.names.index(name)] = torch.as_tensor(missing)
        return flags.reshape(*design.shape[:-1], flat.shape[1])

    def columns(self, design: Tensor) -> dict[str, np.ndarray]:
        """The settings by factor: numbers in the factor's unit, integer codes of levels; an absent factor has its stand-in."""
        flat = design.detach()
        told = self._cells(flat)
        if self.space.is_conditional:
            for name, flags in absences(self.space.factors, told, self.space.level_names).items():
                factor = self.space[name]
                told[name][flags] = factor.codes[factor.stand_in] if isinstance(factor, Categorical) else factor.stand_in
        return told

    def _cells(self, design: Tensor) -> dict[str, np.ndarray]:
        return {f.name: _decode_column(f, column) for f, column in zip(self.space.factors, design.numpy().T, strict=True)}

    def design_of(self, rows: Sequence[Settings]) -> Tensor:
        """`n x d` from rows of settings."""
        if not rows:
            return torch.empty(0, len(self.space.factors), dtype=torch.double)
        return self.design({name: [row[name] for row in rows] for name in self.space.names})

    def settings(self, design: Tensor) -> list[dict[str, float | str]]:
        """The settings of each row of a design `n x d`; discrete and integer factors are rounded to their nearest value."""
        told = self.columns(design)
        columns = [[f.levels[code] for code in told[f.name].tolist()] if isinstance(f, Categorical) else told[f.name].tolist() for f in self.space.factors]
        return [dict(zip(self.space.names, row, strict=True)) for row in zip(*columns, strict=True)]

    def featurise(self, *, with_plate: bool = False, extra: Extra | None = None, by_structure: bool = False, contexts: int = 0) -> Featurise:
        """A fresh input transform from designs to features; extra features and columns of codes come after them where asked for.

        Args:
            contexts: columns of codes of contexts; a plate's comes last.
            by_structure: levels with a structure show it, also where they have descriptors.
        """
        return Featurise(
            self.structure_tables if by_structure else self.tables, codes=(TYPICAL,) * (contexts + with_plate), extra=extra, derived=self.derived,
            absent=self.absent if self.space.is_conditional else None,
        )  # fmt: skip

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
        return (*found, *((start + i,) for i in range(len(self.derived))))

    def features(self, design: Tensor) -> Tensor:
        """`… x u` of a design `… x d`."""
        return self.featurise().transform(design)

    def feature_names(self) -> tuple[str, ...]:
        """The factor behind each of the `u` features."""
        own = [factor.name for factor, table in zip(self.space.factors, self.tables, strict=True) for _ in range(1 if table is None else table.shape[1])]
        return (*own, *(feature.word.name for feature in self.derived))


class Featurise(InputTransform, torch.nn.Module):
    """Designs `… x d` → features `… x u`: codes are looked up in each category's table, numbers pass through.

    Inputs may carry more columns than the design: the extra features `p` (a mechanism's scores), then codes of contexts and of the
    plate, as training inputs do. A bare design gets its extra features computed, and the `codes`: those of the typical day and donor.
    """

    is_one_to_many = False

    def __init__(
        self, tables: Sequence[Tensor | None], *, codes: tuple[float, ...] = (), extra: Extra | None = None,
        derived: tuple[DerivedFeature, ...] = (), absent: Callable[[Tensor], Tensor | None] | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.codes, self.extra, self.derived, self.absent = codes, extra, derived, absent
        self.transform_on_train = self.transform_on_eval = self.transform_on_fantasize = True
        self._which = tuple(table is not None for table in tables)
        for i, table in enumerate(tables):
            if table is not None:
                self.register_buffer(f"table_{i}", table)

    def transform(self, X: Tensor) -> Tensor:  # BoTorch's name
        """`… x d` → `… x u`."""
        parts = []
        d = len(self._which)
        missing = None if self.absent is None else self.absent(X[..., :d])
        for i, categorical in enumerate(self._which):
            column = X[..., i]
            if categorical:
                table = getattr(self, f"table_{i}")
                part = table[column.round().long().clamp(0, len(table) - 1)]
            else:
                part = column.unsqueeze(-1)
            if missing is not None:
                part = torch.where(missing[..., i : i + 1], torch.full_like(part, 0.0 if categorical else 0.5), part)
            parts.append(part)
        if self.derived:
            own = X[..., :d] if missing is None else torch.where(missing, torch.zeros_like(X[..., :d]), X[..., :d])
            parts += [feature.of(own, missing).unsqueeze(-1) for feature in self.derived]
        if X.shape[-1] > d:
            return torch.cat([*parts, X[..., d:]], dim=-1)
        if self.extra is not None:
            parts.append(self.extra(X.detach().reshape(-1, d)).reshape(*X.shape[:-1], -1))
        parts += [torch.full_like(parts[0][..., :1], code) for code in self.codes]
        return torch.cat(parts, dim=-1)

    def equals(self, other: InputTransform) -> bool:
        return type(other) is type(self) and self.extra is other.extra and self.codes == other.codes and self.derived == other.derived and all(
            torch.equal(a, b) for a, b in zip(self.buffers(), other.buffers(), strict=True)
        )


def unit_values(factor: Factor) -> list[float] | None:
    """The places in [0, 1] that a discrete or integer factor can take; None for the others, and for more than can be listed."""
    if factor.kind == "discrete":
        return [float(v) for v in _encode_column(factor, factor.values)]
    if factor.kind == "integer" and factor.high - factor.low < MOST_PLACES:
        return [float(v) for v in _encode_column(factor, range(factor.low, factor.high + 1))]
    return None


def _encode_column(factor: Factor, cells: np.ndarray | Sequence[object]) -> np.ndarray:
    if isinstance(factor, Categorical):
        array = np.asarray(cells)
        if array.dtype.kind in "iu":
            return array.astype(float)
        code = factor.codes
        unknown = next((cell for cell in array.tolist() if cell not in code), None)
        if unknown is not None:
            raise SpaceError(f"Expected a level of {factor.name!r}, found {unknown!r}. {nearest(str(unknown), factor.levels)}")
        return np.array([float(code[cell]) for cell in array.tolist()])
    numbers = np.asarray(cells, dtype=float)
    low, high = factor.bounds
    if getattr(factor, "scale", "linear") == "log":
        numbers, low, high = np.log(np.maximum(numbers, 1e-300)), np.log(low), np.log(high)
    return (numbers - low) / (high - low) if high > low else np.zeros_like(numbers)


def _decode_column(factor: Factor, column: np.ndarray) -> np.ndarray:
    if isinstance(factor, Categorical):
        return np.clip(np.rint(column).astype(int), 0, len(factor.levels) - 1)
    low, high = factor.bounds
    inside = np.clip(column, 0.0, 1.0)
    if getattr(factor, "scale", "linear") == "log":
        numbers = np.exp(np.log(low) + inside * (np.log(high) - np.log(low)))
    else:
        numbers = low + inside * (high - low)
    if factor.kind == "discrete":
        levels = np.asarray(factor.values)
        return levels[nearest_place(_encode_column(factor, levels), inside)]
    if factor.kind == "integer":
        return np.rint(numbers)
    numbers = np.clip(numbers, low, high)
    if isinstance(factor, Continuous) and factor.zero_or_at_least is not None:
        least = factor.zero_or_at_least
        numbers = np.where(numbers < 0.5 * least, 0.0, np.maximum(numbers, least))
    return numbers


def nearest_place(places: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """The position of the place nearest to each number; of two as near, the lower.

    Args:
        places: `k`, increasing.
    """
    right = np.searchsorted(places, inside).clip(0, len(places) - 1)
    left = (right - 1).clip(0)
    return np.where(inside - places[left] <= places[right] - inside, left, right)


def _feature_table(factor: Categorical, told: LevelFeatures | None) -> Tensor:
    if factor.descriptors is None and told is not None:
        return told.table
    if isinstance(factor, Ordinal):
        return torch.linspace(0.0, 1.0, len(factor.levels), dtype=torch.double).unsqueeze(1)
    if factor.descriptors is None and len(factor.levels) > MOST_COLUMNS:
        # 18,000 columns for 18,000 genes of which nothing is known but their names: any two are about as far apart here, too
        # (Johnson & Lindenstrauss 1984)
        signs = np.random.default_rng(0).integers(0, 2, (len(factor.levels), _SIGNS))
        return torch.as_tensor((signs - 0.5) * (4.0 / _SIGNS) ** 0.5 + 0.5, dtype=torch.double)
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
