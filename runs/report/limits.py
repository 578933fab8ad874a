"""Known limits of a model: the range that it learned from, what was never varied, and the plates and hours that it has seen."""

from __future__ import annotations

from collections import Counter

import numpy as np

from world_model.fit import WorldModel
from world_model.terms.certificate import Certificate
from world_model.terms.factors import Categorical
from world_model.terms.readings import FLAGS, Dataset

from ..state.charter import Charter
from .numbers import percent, short
from .tables import Table

MOST_NAMES = 12


def range_table(world: WorldModel, data: Dataset) -> Table:
    """One row a factor: what is allowed, what was seen, and how much of the allowed range that is."""
    rows = []
    for factor in world.space.factors:
        column = data.settings[factor.name]
        if isinstance(factor, Categorical):
            seen = Counter(map(str, column.tolist()))
            never = [level for level in factor.levels if level not in seen]
            rows.append((factor.name, f"{len(factor.levels)} levels", f"{len(seen)} levels", percent(len(seen) / len(factor.levels)), _names(never)))
            continue
        low, high = factor.bounds
        least, most = float(np.min(column)), float(np.max(column))
        share = (most - least) / (high - low) if high > low else 1.0
        unit = f" {factor.unit}" if factor.unit else ""
        beyond = [f"below {short(least)}"] * (least > low + 0.01 * (high - low)) + [f"above {short(most)}"] * (most < high - 0.01 * (high - low))
        rows.append((factor.name, f"{short(low)} to {short(high)}{unit}", f"{short(least)} to {short(most)}{unit}", percent(share), ", ".join(beyond) or "nothing"))
    return Table(header=("factor", "allowed", "seen", "of the range", "never tried"), rows=tuple(rows), numeric=frozenset({3}), wide=frozenset({4}))


def limit_sentences(charter: Charter, world: WorldModel, data: Dataset, certificate: Certificate) -> list[str]:
    """What the model can't be asked."""
    told = []
    constant = [name for name, column in data.settings.items() if len(set(column.tolist())) < 2]
    fixed = [f"{name} = {value}" for name, value in charter.context.items()]
    if constant:
        told.append(f"Never varied, so nothing is known of its effect: {_names(constant)}.")
    if fixed:
        told.append(f"Kept fixed throughout: {_names(fixed)}. Under other conditions nothing is claimed.")
    blocks = Counter(data.blocks)
    told.append(f"Batches seen (plates or rounds): {len(blocks)} ({_names([f'{block}: {count}' for block, count in blocks.items()])}). Another batch may differ more than these did.")
    for name, hour in certificate.trusted_to_h.items():
        read = data.times_h[np.isfinite(data.values[:, :, data.variables.index(name)]).any(axis=0)]
        if hour is None:
            told.append(f"{name} is trusted at no hour: held-out errors exceed half of its sd, or fewer than 80 % of readings lie within their 90 % intervals.")
        elif len(read) and hour < read[-1]:
            told.append(f"{name} is trusted until {hour:g} h; beyond it held-out errors or intervals are too poor.")
        else:
            told.append(f"{name} is trusted until its last reading at {hour:g} h, and not beyond.")
    flagged = [f"{int((data.flags == i).sum())} {flag}" for i, flag in enumerate(FLAGS) if flag != "ok" and (data.flags == i).any()]
    if flagged:
        told.append(f"Readings that carry a flag: {', '.join(flagged)}.")
    told.append("Coupling of scales (M) is not evaluated.")
    return told


def out_of_range_sentence(world: WorldModel, pool_refused: float | None, n: int) -> str:
    """How the model says that it is asked too much."""
    limit = world.range.limit
    told = f"A plan whose out-of-range score exceeds {limit:.3g} is refused; training rows score about 1."
    return f"{told} Of {n} plans drawn from the whole space, {percent(pool_refused)} lie out of range." if pool_refused is not None else told


def _names(names: list[str]) -> str:
    shown = ", ".join(names[:MOST_NAMES])
    return (f"{shown} and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else shown) or "none"
