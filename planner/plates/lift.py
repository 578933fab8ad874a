"""A pool at chosen values: the candidates of a round whose wells share some factors."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from world_model.encoding import Encoder
from world_model.terms.errors import DesignError
from world_model.terms.space import Settings

from ..pool import Pool
from .rule import SAME_VALUE, BatchRule, SharedColumns, Value

Snap = Callable[[dict[str, float | str]], Settings | None]


def at_values(pool: Pool, rule: BatchRule, *, snap: Snap | None, known: Tensor) -> Pool:
    """The candidates at the round's values: rows that have them, or drawn points moved to them and checked anew.

    Raises:
        DesignError: none is left at these values.
    """
    encoder = rule.encoder
    if pool.rows is not None or pool.exhaustive:
        keep = torch.ones(len(pool), dtype=torch.bool)
        for entry in rule.shared:
            keep &= having(pool.design, entry, entry.settled or ())
        found = Pool(design=pool.design[keep], rows=None if pool.rows is None else pool.rows[keep.numpy()], exhaustive=pool.exhaustive)
    else:
        moved = pool.design
        for entry in rule.shared:
            moved = _dealt(moved, entry)
        found = Pool(design=feasible(encoder, moved, rule, snap=snap, known=known), rows=None, exhaustive=False)
    if not len(found):
        told = "; ".join(f"{' and '.join(entry.told.factors)} at {shown(encoder, entry)}" for entry in rule.shared)
        raise DesignError(f"Expected candidates that share values, found none that are feasible and not yet measured or pending with {told}.")
    return found


def having(design: Tensor, entry: SharedColumns, values: Sequence[Value]) -> Tensor:
    """`c` flags of the designs `c x d` that have one of the values."""
    columns = design[:, list(entry.dims)]
    flags = torch.zeros(len(design), dtype=torch.bool)
    for value in values:
        flags |= (columns - torch.tensor(value, dtype=design.dtype)).abs().amax(dim=1) < SAME_VALUE
    return flags


def feasible(encoder: Encoder, design: Tensor, rule: BatchRule, *, snap: Snap | None, known: Tensor) -> Tensor:
    """Designs `c x d` that space and bench accept, still at their shared values, distinct and not known."""
    rows, kept = [], []
    for i, settings in enumerate(encoder.settings(design)):
        reached = snap(settings) if snap else settings
        if reached is not None and not encoder.space.reasons_against(reached):
            rows.append(dict(reached))
            kept.append(i)
    if not rows:
        return design[:0]
    made, wanted = encoder.design_of(rows), design[kept]
    dims = list({dim for entry in rule.shared for dim in entry.dims})
    stayed = (made[:, dims] - wanted[:, dims]).abs().amax(dim=1) < SAME_VALUE
    made[:, dims] = wanted[:, dims]  # to the last digit, or a plate would be told two temperatures
    made = torch.unique(made[stayed], dim=0)
    # in a seeded pool the order carries the evenness; unique sorts, so that order is dealt anew
    made = made[torch.randperm(len(made), generator=torch.Generator().manual_seed(len(made)))]
    if len(known) and len(made):
        made = made[torch.cdist(made, known).min(dim=1).values > 1e-9]
    return made


def shown(encoder: Encoder, entry: SharedColumns) -> str:
    """The round's values for people: `90 and 105`."""
    return " and ".join(told_value(encoder, entry, value) for value in entry.settled or ())


def told_value(encoder: Encoder, entry: SharedColumns, value: Value) -> str:
    """One value with its units: `105 °C`; several factors joined by commas."""
    point = torch.zeros(1, len(encoder.space.factors), dtype=torch.double)
    point[0, list(entry.dims)] = torch.tensor(value, dtype=torch.double)
    return told_settings(encoder, entry, encoder.settings(point)[0])


def told_settings(encoder: Encoder, entry: SharedColumns, settings: Settings) -> str:
    """What is shared of some settings, with units."""
    told = []
    for name in entry.told.factors:
        cell, unit = settings[name], getattr(encoder.space[name], "unit", "")
        told.append(f"{name} {cell:g} {unit}".rstrip() if isinstance(cell, float | int) else f"{name} {cell}")
    return ", ".join(told)


def _dealt(design: Tensor, entry: SharedColumns) -> Tensor:
    """Designs dealt out to the values in turn; few of them stand at every value."""
    values = torch.tensor(entry.settled or (), dtype=design.dtype)
    if len(design) < 512 * len(values):
        design = design.repeat_interleave(len(values), dim=0)
    moved = design.clone()
    moved[:, list(entry.dims)] = values[torch.arange(len(design)) % len(values)]
    return moved
