"""Where knowledge matters: points all over what may be asked, the rows of a table or the feasible part of a space."""

from __future__ import annotations

import torch
from torch import Tensor

from world_model.encoding import Encoder
from world_model.fit import WorldModel
from world_model.terms.functionals import Functional

from ..pool import draw_feasible


def all_over(encoder: Encoder, n: int, *, seed: int) -> Tensor:
    """At most `n` designs `n x d`: rows of the table drawn at random, or Sobol points of the space that meet its constraints."""
    table = encoder.space.candidates
    if table is None:
        return draw_feasible(encoder, n, seed=seed)
    size = len(next(iter(table.columns.values())))
    rows = torch.randperm(size, generator=torch.Generator().manual_seed(seed))[:n].numpy()
    return encoder.design({name: column[rows] for name, column in table.columns.items()})


def reading_noise(world: WorldModel, goal: Functional, design: Tensor, *, seed: int) -> Tensor:
    """`n`: the variance that one reading adds to a readout; never quite 0, for nothing is read exactly."""
    posterior = world.posterior_at(design)
    state, reading = (posterior.readout(goal, of=of, seed=seed).sd.square() for of in ("state", "reading"))
    return (reading - state).clamp_min(1e-4 * reading.mean().clamp_min(1e-24))
