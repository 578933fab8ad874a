"""What an experiment carries: its edits and its levels, as marks that are there or not."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .contract import Training
from .encoding import unit_values
from .terms.factors import Categorical, Factor
from .terms.space import SearchSpace

MOST_LEVELS = 12  # a number with more values than this is a dose, not a level
_NEAR = 1e-6


@dataclass(frozen=True)
class _Mark:
    """Column `column` of the design stands at `value`; or anywhere but at 0 where `value` is None."""

    column: int
    value: float | None
    key: tuple[str, ...]


@dataclass(frozen=True)
class EditMarks:
    """Designs `n x d` → `n x l` marks, True where the experiment carries it.

    An edit is a mark of its gene, whichever factor names it; a level is a mark unless all controls stand at it, or it is the 0 of
    a factor that is on or off.
    """

    marks: tuple[_Mark, ...]

    @staticmethod
    def fault(space: SearchSpace) -> str | None:
        """Why a space has no marks, or None."""
        return next((f"{factor.name} is a number without levels" for factor in space.factors if _levels(factor) is None), None)

    @classmethod
    def of(cls, training: Training) -> EditMarks:
        """The marks of a space that has them, with the controls as reference."""
        controls = training.design[torch.tensor([role == "control" for role in training.roles])]
        marks: list[_Mark] = []
        for column, factor in enumerate(training.space.factors):
            levels = _levels(factor) or []
            reference = _reference(factor, controls[:, column])
            if not isinstance(factor, Categorical) and factor.action == "edit":
                marks.append(_Mark(column=column, value=None, key=("gene", factor.acts_on, str(factor.mode))))
                continue
            for level in levels:
                if reference is None or abs(level - reference) > _NEAR:
                    if isinstance(factor, Categorical) and factor.action == "edit":
                        key = ("gene", factor.levels[int(level)], str(factor.mode))
                    else:
                        key = ("level", factor.name, f"{level:.9g}")
                    marks.append(_Mark(column=column, value=level, key=key))
        return cls(marks=tuple(marks))

    def __call__(self, design: Tensor) -> Tensor:
        keys = list(dict.fromkeys(mark.key for mark in self.marks))
        carried = torch.zeros(len(design), len(keys), dtype=torch.bool)
        for mark in self.marks:
            cells = design[:, mark.column]
            carried[:, keys.index(mark.key)] |= cells > _NEAR if mark.value is None else (cells - mark.value).abs() < _NEAR
        return carried


def _levels(factor: Factor) -> list[float] | None:
    """Design values of a factor's levels; None for a number that has none."""
    if isinstance(factor, Categorical):
        return [float(code) for code in range(len(factor.levels))]
    values = unit_values(factor)
    if values is None:
        return [0.0, 1.0] if factor.action == "edit" else None
    return values if len(values) <= MOST_LEVELS else None


def _reference(factor: Factor, controls: Tensor) -> float | None:
    """The design value that is no mark: the controls', the level that edits nothing, the 0 of on and off; None where all are marks."""
    if isinstance(factor, Categorical) and factor.no_edit is not None:
        return float(factor.levels.index(factor.no_edit))
    if len(controls) and float(controls.max() - controls.min()) < _NEAR:
        return float(controls[0])
    on_or_off = not isinstance(factor, Categorical) and factor.bounds == (0.0, 1.0) and _levels(factor) == [0.0, 1.0]
    return 0.0 if on_or_off else None
