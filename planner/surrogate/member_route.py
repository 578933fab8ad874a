"""The seam with BoTorch for any other world model: an ensemble of hypotheses of the world, each judging a whole batch."""

from __future__ import annotations

import torch
from botorch.models.ensemble import EnsembleModel
from botorch.posteriors.ensemble import EnsemblePosterior
from botorch.sampling.index_sampler import IndexSampler
from torch import Tensor

from world_model.fit import WorldModel
from world_model.readouts import read_out

from ..acquisitions.task import Task
from .surrogate import Surrogate

MEMBERS = 128
_CHUNK = 64  # times the members and the designs measured so far: hundreds of megabytes at 500 of these


class MemberModel(EnsembleModel):
    """The readouts of a task under each of `s` hypotheses of the world, `b x s x q x m`.

    The designs that will be asked for are drawn together, for a draw of some models is one function only over the designs of one
    call; others are drawn when they come, together with those of the same call. Noise is no part of it, as it is of no state.

    Args:
        designs: `n x d`, drawn at once.
    """

    def __init__(self, world: WorldModel, task: Task, *, designs: Tensor, members: int = MEMBERS, seed: int) -> None:
        super().__init__()
        self._num_outputs = len(task.readouts)
        self.world, self.wanted, self.members, self.seed = world, task.readouts, members, seed
        distinct = torch.unique(designs, dim=0)
        self._place = {row.tobytes(): i for i, row in enumerate(distinct.numpy())}
        self._told = self._readouts(distinct)

    def forward(self, X: Tensor) -> Tensor:
        """`b x q x d` → `b x s x q x m`."""
        flat = X.detach().reshape(-1, X.shape[-1])
        places = [self._place.get(row.tobytes()) for row in flat.numpy()]
        if any(place is None for place in places):
            distinct, where = torch.unique(flat, dim=0, return_inverse=True)
            told = self._readouts(distinct)
        else:
            told, where = self._told, torch.tensor(places)
        return told[:, where].reshape(self.members, *X.shape[:-1], self._num_outputs).movedim(0, -3)

    def _readouts(self, design: Tensor) -> Tensor:
        """`s x n x m`, each in its own unit."""
        world = self.world
        values = world.posterior_at(design).draws(self.members, self.seed)
        return torch.stack([read_out(one, values, times_h=world.times_h, variables=world.variables) for one in self.wanted], dim=-1)


class EveryMember(IndexSampler):
    """Each member once, the same for every candidate: nobody is judged by luckier hypotheses than another."""

    def _construct_base_samples(self, posterior: EnsemblePosterior) -> None:
        shape = self.sample_shape + posterior.batch_shape
        if self.base_samples is None or self.base_samples.shape != shape:
            each = torch.arange(self.sample_shape.numel()).reshape(-1, *(1 for _ in posterior.batch_shape)).expand(shape)
            self.register_buffer("base_samples", each.contiguous())


def member_surrogate(world: WorldModel, task: Task, *, designs: Tensor, seed: int) -> Surrogate:
    """An `EnsembleModel` of draws: no gradients and no fantasies, candidates are compared."""
    return Surrogate(
        world=world, task=task, model=MemberModel(world, task, designs=designs, seed=seed),
        read=lambda samples, design: samples, sampler=lambda seed: EveryMember(torch.Size([MEMBERS]), seed=seed), gaussian=False,
        gradients=False, chunk=_CHUNK,
    )  # fmt: skip
