"""The past runs that are most like an experiment, and in which factors they differ."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from world_model.encoding import Encoder
from world_model.terms.factors import Categorical
from world_model.terms.readings import Dataset
from world_model.terms.space import Settings

SAME = 1e-3  # of a factor's range


@dataclass(frozen=True)
class Near:
    """A past run: `distance` is 0 at the same settings and 1 where one factor differs by all of its range.

    Attributes:
        row: its position in the data set.
        differs: factor → its value there, where it is another one.
    """

    row: int
    id: str
    distance: float
    differs: dict[str, float | str]


def nearest_runs(encoder: Encoder, data: Dataset, settings: Settings, *, n: int = 3) -> tuple[Near, ...]:
    """The `n` nearest conditions, one run of each.

    Numbers differ by the part of their range (on their own scale), levels by 1; with descriptors or a structure, by how unlike these are.
    """
    if not len(data):
        return ()
    known, asked = encoder.design(data.settings), encoder.design_of([settings])[0]
    steps = _steps(encoder, known, asked)
    distance = steps.square().sum(dim=1).sqrt()
    found: list[Near] = []
    groups = data.groups()
    seen: set[int] = set()
    for row in distance.argsort(stable=True).tolist():
        if groups[row] in seen:
            continue
        seen.add(groups[row])
        differs = {
            name: _plain(data.settings[name][row]) for i, name in enumerate(encoder.space.names) if float(steps[row, i]) > SAME
        }
        found.append(Near(row=row, id=data.ids[row], distance=float(distance[row]), differs=differs))
        if len(found) == n:
            break
    return tuple(found)


def _steps(encoder: Encoder, known: torch.Tensor, asked: torch.Tensor) -> torch.Tensor:
    """`n x d`: by how much each factor differs."""
    steps = (known - asked).abs()
    for i, (factor, table) in enumerate(zip(encoder.space.factors, encoder.tables, strict=True)):
        if table is None or not isinstance(factor, Categorical):
            continue
        codes = known[:, i].round().long().clamp(0, len(table) - 1)
        here = table[int(asked[i].round().clamp(0, len(table) - 1))]
        gap = (table[codes] - here).square().sum(dim=1).sqrt()
        widest = torch.cdist(table, table).max().clamp_min(1e-12)
        steps[:, i] = gap / widest
    return steps


def _plain(cell: object) -> float | str:
    return cell if isinstance(cell, str) else float(cell)  # type: ignore[arg-type]
